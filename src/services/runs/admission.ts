import { createHash } from 'node:crypto'
import { ServiceError } from '../../errors.ts'
import type { IngestBody } from '../../schemas/ingest-body.ts'
import type { Run, Trigger } from '../../schemas/run.ts'
import type { Clock } from '../clock.ts'
import { keyOf } from '../run-record.ts'
import type { RunStore } from '../store/run-store.ts'
import { storageFailed } from '../store/storage-failure.ts'
import { completeRequest } from './request.ts'
import { newRecord } from './transitions.ts'

export interface AdmissionOptions {
  store: Pick<RunStore, 'admit' | 'countPending'>
  clock: Clock
  newId: () => string
  maxAlbums: number
  /** The market of requests that name none; null: none. */
  market: string | null
  /** Runs that may be waiting or under way. */
  maxPending: number
}

/** An `Idempotency-Key`, which belongs to the client that sent it. */
export interface IdempotencyKey {
  value: string
  /** The hash of the API key that came with it; null where the service has none, and all clients share their keys. */
  owner: string | null
}

/** How long an Idempotency-Key gives its run. */
export const KEY_LIFETIME_MS = 24 * 3_600_000
const QUEUE_FULL_RETRY_SECONDS = 30

/** Turns requests into runs, once for all processes. */
export interface RunAdmission {
  /**
   * Gives the run of a request: that of its idempotency key, whatever its state, or without a key that of an equal
   * request which has not ended, or a new one (null: the run is not new, and has that id). It is durable when this
   * resolves.
   * Throws `invalid_request`, `queue_full`, `idempotency_key_reused`, `storage_failed`.
   */
  admit: (body: IngestBody, key: IdempotencyKey | null, trigger?: Trigger) => Promise<{ id: string, run: Run | null }>
  /** Throws `queue_full` where one more run may not be pending. */
  checkRoom: () => Promise<void>
}

export function createAdmission (
  { store, clock, newId, maxAlbums, market, maxPending }: AdmissionOptions
): RunAdmission {
  return {
    async admit (body, key, trigger) {
      const request = completeRequest(body, maxAlbums, market)
      const nowMs = clock.now()
      const record = newRecord(newId(), request, nowMs, trigger)
      const claim = key === null ? null : { name: nameOf(key), validFromMs: nowMs - KEY_LIFETIME_MS }
      const admitted = await store.admit({ record, key: claim, maxPending }).catch((error: unknown) => {
        throw error instanceof ServiceError ? error : storageFailed('the run could not be stored', error)
      })
      switch (admitted.kind) {
        case 'new': return { id: record.run.id, run: record.run }
        case 'full': throw queueFull(admitted.pending)
        case 'existing':
          if (admitted.requestKey === keyOf(request)) return { id: admitted.id, run: null }
          throw new ServiceError('idempotency_key_reused', 'this Idempotency-Key belongs to another request of the ' +
            'last 24 hours: send the same body as then, or a new key')
      }
    },

    async checkRoom () {
      const pending = await store.countPending()
      if (pending >= maxPending) throw queueFull(pending)
    },
  }
}

function queueFull (pending: number): ServiceError {
  return new ServiceError(
    'queue_full',
    `${pending} runs are waiting or under way, and MAX_QUEUED_RUNS allows no more: try again later`,
    { retryAfterSeconds: QUEUE_FULL_RETRY_SECONDS }
  )
}

/** The name of a key's claim. No header can hold the zero that parts owner and key, so no two pairs have one name. */
function nameOf ({ owner, value }: IdempotencyKey): string {
  return createHash('sha256').update(owner === null ? value : `${owner}\0${value}`).digest('hex')
}
