import { createHash } from 'node:crypto'
import { ServiceError } from '../../errors.ts'
import { type IngestBody, type Run, type RunRequest } from '../../schemas/run.ts'
import { type Clock } from '../clock.ts'
import { type KeyStore } from '../store/key-store.ts'
import { type RunRecord, type RunStore } from '../store/run-store.ts'
import { completeRequest } from './request.ts'
import { type Roster, keyOf } from './roster.ts'
import { newRecord } from './transitions.ts'

export interface AcceptOptions {
  store: RunStore
  keys: KeyStore
  roster: Roster
  clock: Clock
  newId: () => string
  maxAlbums: number
  /** Runs that may be waiting or under way at once. */
  maxActive: number
  /** Have the run worked on; nothing happens where that is so already. */
  deliver: (run: Run) => void
}

/** How long an Idempotency-Key gives its run. */
export const KEY_LIFETIME_MS = 24 * 3_600_000
const QUEUE_FULL_RETRY_SECONDS = 30

/**
 * Turn a request into a run, once: an equal request that has not ended gives that run, and so does the same
 * idempotency key, whatever the state of its run and across restarts. The run is durable when it resolves.
 */
export function createAcceptance (options: AcceptOptions) {
  const { store, keys, roster, clock } = options
  /** Runs on their way to the disk, by request or by key: an equal one waits for the same run. */
  const accepting = new Map<string, Promise<Run>>()

  async function once (name: string, work: () => Promise<Run>): Promise<Run> {
    const accepted = accepting.get(name) ?? work().finally(() => accepting.delete(name))
    accepting.set(name, accepted)
    return await accepted
  }

  async function create (record: RunRecord): Promise<Run> {
    await stored(store.create(record))
    roster.note(record.run)
    options.deliver(record.run)
    return record.run
  }

  function checkRoom (): void {
    const active = roster.size()
    if (active < options.maxActive) return
    throw new ServiceError('queue_full', `${active} runs are waiting or under way, and MAX_QUEUED_RUNS allows no more: try again later`, { retryAfterSeconds: QUEUE_FULL_RETRY_SECONDS })
  }

  async function withoutKey (request: RunRequest): Promise<Run> {
    return await once(`request ${keyOf(request)}`, async () => {
      const same = roster.find(keyOf(request))
      if (same !== undefined) {
        options.deliver(same)
        return same
      }
      checkRoom()
      return await create(newRecord(options.newId(), request, clock.now()))
    })
  }

  /**
   * The key is claimed on disk, with the id that its run will have, before the run is stored: a crash between the
   * two leaves a claim whose run the next request with the key makes.
   */
  async function withKey (request: RunRequest, key: string): Promise<Run> {
    const keyHash = createHash('sha256').update(key).digest('hex')
    const isKnown = await stored(keys.readClaim(keyHash)) !== null
    if (!isKnown) checkRoom()
    const claim = await stored(keys.claimKey(keyHash, { id: options.newId(), request: keyOf(request), claimedAtMs: clock.now() }, clock.now() - KEY_LIFETIME_MS))
    if (claim.request !== keyOf(request)) {
      throw new ServiceError('idempotency_key_reused', 'this Idempotency-Key belongs to another request of the last 24 hours: send the same body as then, or a new key')
    }
    const existing = roster.get(claim.id) ?? (await stored(store.read(claim.id)))?.run
    if (existing !== undefined) return existing
    return await create({ ...newRecord(claim.id, request, claim.claimedAtMs), keyHash })
  }

  return async function start (body: IngestBody, key: string | null): Promise<Run> {
    const request = completeRequest(body, options.maxAlbums)
    if (key === null) return await withoutKey(request)
    return await once(`key ${key} ${keyOf(request)}`, async () => await withKey(request, key))
  }
}

async function stored<T> (writing: Promise<T>): Promise<T> {
  try {
    return await writing
  } catch (error) {
    if (error instanceof ServiceError) throw error
    throw new ServiceError('storage_failed', 'the run could not be stored: make room in DATA_DIR and let the service write there', { cause: error })
  }
}
