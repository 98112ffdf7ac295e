import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { DocumentStore } from '../store/documents/document-store.ts'
import type { StoredRun } from '../store/run-reader.ts'
import type { RunStore } from '../store/run-store.ts'
import { KEY_LIFETIME_MS } from './admission.ts'
import { createJumpGuard } from './jump-guard.ts'
import { retentionStartMs } from './retention.ts'

interface SweepOptions {
  store: Pick<RunStore, 'pending' | 'expired' | 'removeClaimsBefore' | 'documentNames'>
  documents: Pick<DocumentStore, 'sweep'>
  clock: Clock
  log: Log
  retentionDays: number
  /** Stored runs; above that the oldest ended ones go. 0: no limit. */
  maxStoredRuns: number
  /** Deletes ledgers that no run needs any more. */
  sweepLedgers: () => Promise<void>
  /**
   * Records the releases of documents where a crash came before it; it never throws, and the sweep does not wait for
   * it.
   */
  recordReleases: () => Promise<void>
  deliver: (stored: StoredRun) => Promise<void>
  remove: (id: string) => Promise<void>
}

/** Brings the queue in line with the database, and deletes what is too old. */
export interface Sweep {
  /** Sweeps now, and regularly from now on. */
  start: () => Promise<void>
  /** Sweeps as soon as the one under way is over, if sweeps have been started. */
  soon: () => void
  stop: () => void
}

/** A run whose process has died is found after so long, where the queue does not find it. */
const SWEEP_EVERY_MS = 10_000
const DELETE_EVERY_MS = 60_000
const FILES_EVERY_MS = 3_600_000

export function createSweep (options: SweepOptions): Sweep {
  const { store, documents, clock, log, retentionDays, maxStoredRuns } = options
  const mayDelete = createJumpGuard(clock)
  let timer: NodeJS.Timeout | null = null
  let sweeping: Promise<void> = Promise.resolve()
  let isWanted = false
  let deletedAtMs = -Infinity
  let filesAtMs = clock.monotonic()

  async function sweep (): Promise<void> {
    for (const stored of await store.pending()) if (!stored.isOwned) await options.deliver(stored)
    void options.recordReleases()
    const nowMs = clock.monotonic()
    if (nowMs - deletedAtMs < DELETE_EVERY_MS || !mayDelete()) return
    deletedAtMs = nowMs
    await store.removeClaimsBefore(clock.now() - KEY_LIFETIME_MS)
    await removeExpired()
    if (nowMs - filesAtMs < FILES_EVERY_MS) return
    filesAtMs = nowMs
    await documents.sweep(store.documentNames, clock.now())
    await options.sweepLedgers()
  }

  async function removeExpired (): Promise<void> {
    for (;;) {
      const expired = await store.expired(retentionStartMs(clock.now(), retentionDays), maxStoredRuns)
      const removed: string[] = []
      for (const { run: { id } } of expired) {
        await options.remove(id).then(
          () => removed.push(id),
          (error: unknown) => log.warn({ err: error, runId: id }, 'expired run cannot be deleted')
        )
      }
      if (removed.length === 0) return
      log.info({ removed }, 'runs deleted by RETENTION_DAYS or MAX_STORED_RUNS')
    }
  }

  /** One at a time. */
  async function inTurn (): Promise<void> {
    const mine = sweeping.then(sweep)
    sweeping = mine.catch(() => {})
    await mine
  }

  /** Requests a sweep; one is enough for all requests before its turn. */
  function soon (): void {
    if (timer === null || isWanted) return
    isWanted = true
    sweeping = sweeping.then(() => { isWanted = false })
    inTurn().catch((error: unknown) => log.error({ err: error }, 'sweep failed'))
  }

  return {
    soon,
    async start () {
      if (timer !== null) clearInterval(timer)
      timer = setInterval(soon, SWEEP_EVERY_MS).unref()
      await inTurn()
    },
    stop () {
      if (timer !== null) clearInterval(timer)
      timer = null
    },
  }
}
