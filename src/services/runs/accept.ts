import { createHash } from 'node:crypto'
import { ServiceError } from '../../errors.ts'
import { type IngestBody, type Run, type RunRequest, type Trigger } from '../../schemas/run.ts'
import { type Clock } from '../clock.ts'
import { type Log } from '../log.ts'
import { type Claimed, type KeyStore } from '../store/key-store.ts'
import { type RunRecord, type RunStore } from '../store/run-store.ts'
import { storageFailed } from '../store/storage-failure.ts'
import { completeRequest } from './request.ts'
import { type Roster, keyOf } from './roster.ts'
import { hasEnded, newRecord } from './transitions.ts'

export interface AcceptOptions {
  store: RunStore
  keys: KeyStore
  roster: Pick<Roster, 'get' | 'note' | 'active'>
  clock: Clock
  log: Log
  newId: () => string
  maxAlbums: number
  /** The market of requests that name none; null: none. */
  market: string | null
  /** Runs that may be waiting or under way at once. */
  maxActive: number
  /** Have the run worked on; nothing happens where that is so already. */
  deliver: (run: Run) => void | Promise<void>
}

/** An `Idempotency-Key`, which belongs to the client that sent it. */
export interface IdempotencyKey {
  value: string
  /** The hash of the API key that came with it; null where the service has none, and all clients share their keys. */
  owner: string | null
}

export interface Acceptance {
  /**
   * Turn a request into a run, once for all processes: an equal request that has not ended gives that run, and so does the
   * same idempotency key, whatever the state of its run. The run is durable when it resolves.
   */
  start: (body: IngestBody, key: IdempotencyKey | null, trigger?: Trigger) => Promise<Run>
  /** Equal requests are to be given this run, unless they have another one: it goes on after its end. */
  attachTo: (run: Run) => Promise<void>
  /** The run will be deleted: neither its key nor its request is to bring it back. */
  forget: (record: RunRecord) => Promise<void>
  /**
   * Take a place among the runs that have not ended, for a run that the roster will know when the returned function is called.
   * Throws `queue_full`.
   */
  enter: (id: string) => () => void
}

/** How long an Idempotency-Key gives its run. */
export const KEY_LIFETIME_MS = 24 * 3_600_000
const QUEUE_FULL_RETRY_SECONDS = 30
/** A run that is claimed and not there is being made; after so long, whoever claimed it is gone. */
const MAKING_MS = 60_000

export function createAcceptance (options: AcceptOptions): Acceptance {
  const { store, keys: { keys, requests }, roster, clock, log } = options
  /** Runs on their way to the disk, by request or by key: an equal one waits for the same run. */
  const accepting = new Map<string, Promise<Run>>()
  /** Runs that have a place and may not be in the roster yet. */
  const entering = new Set<string>()

  async function once (name: string, work: () => Promise<Run>): Promise<Run> {
    const accepted = accepting.get(name) ?? work().finally(() => accepting.delete(name))
    accepting.set(name, accepted)
    return await accepted
  }

  async function find (id: string): Promise<Run | null> {
    const run = (await store.read(id))?.run
    if (run === undefined) return null
    return hasEnded(run) ? run : roster.get(id) ?? run
  }

  /** A claim comes before its run: whoever meets it first makes the run, and of two one is faster. */
  async function findOrCreate (record: RunRecord): Promise<{ run: Run, isNew: boolean }> {
    const { id } = record.run
    const existing = await find(id)
    if (existing !== null) return { run: existing, isNew: false }
    const entered = enter(id)
    try {
      if (await store.create(record)) {
        roster.note(record.run)
        return { run: record.run, isNew: true }
      }
    } finally {
      entered()
    }
    return { run: await find(id) ?? record.run, isNew: false }
  }

  function enter (id: string): () => void {
    checkRoom(id)
    entering.add(id)
    return () => entering.delete(id)
  }

  function checkRoom (id: string): void {
    const others = new Set([...roster.active().map(({ id }) => id), ...entering])
    others.delete(id)
    const active = others.size
    if (active < options.maxActive) return
    throw new ServiceError('queue_full', `${active} runs are waiting or under way, and MAX_QUEUED_RUNS allows no more: try again later`, { retryAfterSeconds: QUEUE_FULL_RETRY_SECONDS })
  }

  /** The claim of a request holds while its run has not ended. One whose run cannot be read holds nobody up: a second run is the most that it costs. */
  async function isHeld ({ id, claimedAtMs }: Claimed): Promise<boolean> {
    try {
      const run = await find(id)
      return run === null ? Math.abs(clock.now() - claimedAtMs) < MAKING_MS : !hasEnded(run)
    } catch (error) {
      log.warn({ err: error, runId: id }, 'the run of an equal request cannot be read: there will be a new one')
      return false
    }
  }

  async function withoutKey (request: RunRequest, trigger: Trigger | undefined): Promise<Run> {
    const text = keyOf(request)
    const mine = { id: options.newId(), request: text, claimedAtMs: clock.now() }
    const { id, claimedAtMs } = await requests.claim(text, mine, isHeld, () => checkRoom(mine.id))
    const { run } = await findOrCreate(newRecord(id, request, claimedAtMs, trigger))
    await options.deliver(run)
    return run
  }

  /**
   * The key is claimed on disk, with the id that its run will have, before the run is stored: a crash between the
   * two leaves a claim whose run the next request with the key makes.
   */
  async function withKey (request: RunRequest, keyHash: string, trigger: Trigger | undefined): Promise<Run> {
    const mine = { id: options.newId(), request: keyOf(request), claimedAtMs: clock.now() }
    const claim = await keys.claim(keyHash, mine, ({ claimedAtMs }) => claimedAtMs >= clock.now() - KEY_LIFETIME_MS, () => checkRoom(mine.id))
    if (claim.request !== mine.request) {
      throw new ServiceError('idempotency_key_reused', 'this Idempotency-Key belongs to another request of the last 24 hours: send the same body as then, or a new key')
    }
    const { run, isNew } = await findOrCreate({ ...newRecord(claim.id, request, claim.claimedAtMs, trigger), keyHash })
    if (isNew) {
      await attachTo(run)
      await options.deliver(run)
    }
    return run
  }

  /** The run is stored already: if this fails, an equal request becomes a run of its own, and that is all. */
  async function attachTo ({ id, request }: Run): Promise<void> {
    const text = keyOf(request)
    await requests.claim(text, { id, request: text, claimedAtMs: clock.now() }, isHeld).catch((error: unknown) => {
      log.warn({ err: error, runId: id }, 'equal requests will not be given this run')
    })
  }

  return {
    attachTo,
    enter,

    async start (body, key, trigger) {
      const request = completeRequest(body, options.maxAlbums, options.market)
      const keyHash = key === null ? null : hashOf(key)
      const name = keyHash === null ? `request ${keyOf(request)}` : `key ${keyHash} ${keyOf(request)}`
      return await once(name, async () => await stored(keyHash === null ? withoutKey(request, trigger) : withKey(request, keyHash, trigger)))
    },

    async forget ({ run: { id, request }, keyHash }) {
      await requests.release(keyOf(request), id)
      if (keyHash !== undefined) await keys.release(keyHash, id)
    },
  }
}

/** The name of a key's claim. No header can hold the zero that parts owner and key, so no two pairs have one name. */
function hashOf ({ owner, value }: IdempotencyKey): string {
  return createHash('sha256').update(owner === null ? value : `${owner}\0${value}`).digest('hex')
}

async function stored<T> (writing: Promise<T>): Promise<T> {
  try {
    return await writing
  } catch (error) {
    if (error instanceof ServiceError) throw error
    throw storageFailed('the run could not be stored', error)
  }
}
