import type { TimelineSteps } from '../../schemas/timeline.ts'
import { follow } from '../abortable.ts'
import type { Clock } from '../clock.ts'
import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import type { Quality } from '../quality/quality.ts'
import type { Delivery } from '../queue/run-queue.ts'
import type { DocumentStore } from '../store/documents/document-store.ts'
import { openLedgerStore, removeLedger } from '../store/ledger-store.ts'
import type { StoredRun } from '../store/run-reader.ts'
import type { RunStore } from '../store/run-store.ts'
import type { TimelineStore } from '../store/timeline-store.ts'
import type { ActiveRuns } from './active-runs.ts'
import { canceled } from './cancel.ts'
import { type ExecuteOptions, execute } from './execution.ts'
import type { RunTimeline } from './run-timeline.ts'
import { waitingOf } from './standstill.ts'
import { hasEnded } from '../run-record.ts'

export interface WorkerOptions extends Pick<ExecuteOptions, 'resumesPaused' | 'ingest' | 'recordReleases'> {
  database: Database
  store: RunStore
  documents: DocumentStore
  quality: Quality
  timelines: TimelineStore
  active: Pick<ActiveRuns, 'add' | 'note'>
  /** Puts a run into the queue again. */
  deliver: (stored: StoredRun) => Promise<void>
  clock: Clock
  log: Log
}

/** Executes runs in this process. */
export interface Worker {
  /** Executes the run once, until `signal`, a client or another process ends that. */
  execute: (id: string, signal: AbortSignal) => Promise<Delivery>
  /** Ends the execution of the run as canceled; false: it is not executed here. */
  abort: (id: string) => boolean
  isExecuting: (id: string) => boolean
  /** The timeline of a run that is executed here, as it is now. */
  timeline: (id: string) => TimelineSteps | undefined
  /** Executes a run that the queue has delivered. */
  work: (id: string, signal: AbortSignal) => Promise<Delivery>
  /** A delivery is over: a run that was resumed in the meantime is delivered again. */
  settled: (id: string) => void
}

export function createWorker (options: WorkerOptions): Worker {
  const { database, store, active, deliver, clock, log } = options
  const controllers = new Map<string, AbortController>()
  const timelines = new Map<string, Pick<RunTimeline, 'steps'>>()

  async function executeHere (id: string, signal: AbortSignal): Promise<Delivery> {
    const { controller, release: stopFollowing } = follow(signal)
    let release = (): void => {}
    let isOver = false
    controllers.set(id, controller)
    try {
      const delivery = await execute(id, controller.signal, {
        ...options,
        openLedgerStore: async (runId, execution) => await openLedgerStore(database, runId, execution),
        removeLedger: async (runId) => await removeLedger(database, runId),
        abort: (reason) => controller.abort(reason),
        onBegin: (checkCancel, timeline) => {
          release = active.add(id, checkCancel)
          timelines.set(id, timeline)
        },
        onChange (run) {
          active.note({ ...run, waiting: waitingOf(run, { ahead: null, others: 0, nowMs: clock.now() }) })
        },
      })
      isOver = true
      return delivery
    } finally {
      controllers.delete(id)
      timelines.delete(id)
      release()
      stopFollowing()
      if (!isOver) {
        await leave(id).catch((error: unknown) => {
          log.debug({ err: error, runId: id }, 'owner of the run not cleared; it expires by itself')
        })
      }
    }
  }

  /** Leaves the run to other processes; where one has ended it, deletes what was stored late here. */
  async function leave (id: string): Promise<void> {
    await store.release(id)
    if ((await store.read(id))?.record.run.complete === true) await removeLedger(database, id)
  }

  return {
    execute: executeHere,
    isExecuting: (id) => controllers.has(id),
    timeline: (id) => timelines.get(id)?.steps(),

    abort (id) {
      const controller = controllers.get(id)
      controller?.abort(canceled())
      return controller !== undefined
    },

    async work (id, signal) {
      if (controllers.has(id) || await store.read(id) === null) return { kind: 'done' }
      return await executeHere(id, signal)
    },

    settled (id) {
      store.read(id).then(async (stored) => {
        if (stored !== null && !stored.isOwned && !hasEnded(stored.record.run)) await deliver(stored)
      }).catch((error: unknown) => log.error({ err: error, runId: id }, 'run cannot be read; the next sweep retries'))
    },
  }
}
