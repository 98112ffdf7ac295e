import { ServiceError } from '../../errors.ts'
import type { Run, RunStatus } from '../../schemas/run.ts'
import { follow } from '../abortable.ts'
import type { Clock } from '../clock.ts'
import { hasEnded } from '../run-record.ts'
import type { DocumentStore } from '../store/documents/document-store.ts'
import { createdAtMs, isRunId } from '../store/run-id.ts'
import type { RunStore } from '../store/run-store.ts'
import type { ActiveRuns } from './active-runs.ts'
import { retentionStartMs } from './retention.ts'

/** What can be asked about runs. */
export interface Lookups {
  /** The run as it is now; throws `run_not_found`, `run_expired`. */
  get: (id: string) => Promise<Run>
  /** The run as soon as it has ended, or as it is when the time is over or the signal is aborted. */
  waitForEnd: (id: string, ms: number, signal: AbortSignal) => Promise<Run>
  /** A page of the runs, newest first; `next` is the id to go on `before`, null at the end. */
  list: (
    filter: { statuses: RunStatus[] | null, limit: number, before: string | null }
  ) => Promise<{ runs: Run[], next: string | null }>
  /** The newest run that has a document; throws `run_not_found`. */
  latest: () => Promise<Run>
  /** The newest run before that one which has an equal request and a document, or null. */
  comparable: (run: Run) => Promise<Run | null>
  /** The run's document on disk, or null where it has none. Throws `run_not_found`, `run_expired`, `storage_failed`. */
  documentPath: (run: Run) => Promise<string | null>
}

interface LookupsOptions {
  store: RunStore
  documents: DocumentStore
  active: ActiveRuns
  shown: (run: Run) => Promise<Run>
  clock: Clock
  retentionDays: number
  /** Aborted when the service closes. */
  closing: AbortSignal
}

export function createLookups (
  { store, documents, active, shown, clock, retentionDays, closing }: LookupsOptions
): Lookups {
  async function get (id: string): Promise<Run> {
    const run = active.get(id) ?? (await store.read(id))?.run
    if (run !== undefined) return await shown(run)
    if (isExpired(id)) {
      throw new ServiceError(
        'run_expired', `runs are kept for ${retentionDays} days, and this one is older: start a new one`
      )
    }
    throw new ServiceError('run_not_found', 'there is no run with this id: GET /runs lists the runs')
  }

  function isExpired (id: string): boolean {
    return isRunId(id) && createdAtMs(id) < retentionStartMs(clock.now(), retentionDays)
  }

  async function waitForEnd (id: string, ms: number, signal: AbortSignal): Promise<Run> {
    const run = await get(id)
    if (ms <= 0 || hasEnded(run)) return run
    const { controller, release } = follow(signal, closing)
    await active.waitForEnd(id, ms, controller.signal).finally(release)
    return await get(id)
  }

  async function documentPath (run: Run): Promise<string | null> {
    if (run.file === null) return null
    const stored = await store.read(run.id)
    if (stored !== null && stored.run.file?.sha256 === run.file.sha256) {
      try {
        return await documents.path(run.id, stored.record.executions, run.file)
      } catch (error) {
        // else it was deleted or resumed since
        if ((await store.read(run.id))?.run.file?.sha256 === run.file.sha256) throw error
      }
    }
    await get(run.id)
    throw new ServiceError('storage_failed', 'the run was resumed just now: ask again', { retryAfterSeconds: 1 })
  }

  return {
    get,
    waitForEnd,
    documentPath,

    async list ({ statuses, limit, before }) {
      const { runs, next } = await store.list({ statuses, limit, before })
      return { runs: await Promise.all(runs.map(async ({ run }) => await shown(active.get(run.id) ?? run))), next }
    },

    async latest () {
      const stored = await store.latest()
      if (stored === null) throw new ServiceError('run_not_found', 'no run has a document yet: POST /ingest starts one')
      return stored.run
    },

    async comparable (run) {
      return (await store.comparable(run))?.run ?? null
    },
  }
}
