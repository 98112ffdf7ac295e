import { setTimeout as delay } from 'node:timers/promises'
import { ServiceError, hasCode } from '../../errors.ts'
import type { IngestBody } from '../../schemas/ingest-body.ts'
import type { Run, Trigger } from '../../schemas/run.ts'
import type { Clock } from '../clock.ts'
import type { Database } from '../database/database.ts'
import { isAway } from '../database/failure.ts'
import type { Log } from '../log.ts'
import type { QualityReport } from '../../schemas/quality.ts'
import type { Timeline } from '../../schemas/timeline.ts'
import type { Quality } from '../quality/quality.ts'
import type { RunQueue } from '../queue/run-queue.ts'
import type { ReleaseRecorder } from '../releases/recorder.ts'
import type { DocumentStore } from '../store/documents/document-store.ts'
import { sweepLedgers } from '../store/ledger-store.ts'
import { hasEnded, isResumable } from '../run-record.ts'
import type { StoredRun } from '../store/run-reader.ts'
import type { RunStore } from '../store/run-store.ts'
import type { TimelineStore } from '../store/timeline-store.ts'
import { NO_STEPS } from '../timeline/steps.ts'
import { type RunListener, createActiveRuns } from './active-runs.ts'
import { type IdempotencyKey, createAdmission } from './admission.ts'
import { createCancel } from './cancel.ts'
import { createQualityReports } from './quality-report.ts'
import { type Lookups, createLookups } from './lookups.ts'
import { createRemoval } from './removal.ts'
import { createSweep } from './sweep.ts'
import { resume } from './transitions.ts'
import { type WorkerOptions, createWorker } from './worker.ts'
import { createView } from './view.ts'

/** Everything that can be done with runs. */
export interface RunManager extends Lookups {
  /**
   * Accept a run; durable when it resolves. An equal request that has not ended gives that run; with an
   * idempotency key, the run of that key.
   * Throws `invalid_request`, `queue_full`, `storage_failed`, `idempotency_key_reused`, `shutting_down`.
   */
  start: (body: IngestBody, idempotencyKey?: IdempotencyKey | null, trigger?: Trigger) => Promise<Run>
  /** End a run that has not ended, with what it has. Throws `run_not_found`, `run_finished`, `storage_failed`. */
  cancel: (id: string) => Promise<Run>
  /**
   * Let a run that ended partial, failed or canceled go on for what is missing. Throws `run_not_found`,
   * `run_not_resumable`, `queue_full`.
   */
  resume: (id: string) => Promise<Run>
  /** Delete a run that has ended, and its files. Throws `run_not_found`, `run_not_finished`. */
  remove: (id: string) => Promise<void>
  /** The quality report of the run's document. Throws `run_not_finished`, `document_not_found`, `storage_failed`. */
  quality: (run: Run) => Promise<QualityReport>
  /** What happened in the run, step by step; throws `run_not_found`, `run_expired`. */
  timeline: (id: string) => Promise<Timeline>
  /** Called with the run after each change until the returned function is called. */
  watch: (id: string, listener: RunListener) => () => void
  /** Begins to work; `goesOn`: resumes the runs that no process executes, now and regularly. It never throws. */
  recover: (goesOn: boolean) => Promise<void>
  /** Throws `starting` until `recover` is done, and where no run could be stored. */
  probe: () => Promise<void>
  close: () => Promise<void>
}

export interface RunManagerOptions {
  database: Database
  store: RunStore
  documents: DocumentStore
  quality: Quality
  timelines: TimelineStore
  releases: ReleaseRecorder
  queue: RunQueue
  /** Whether this process works on runs; else it accepts them and answers for them. */
  executes: boolean
  clock: Clock
  newId: () => string
  maxAlbums: number
  /** The market of requests that name none; null: none. */
  market: string | null
  /** Runs that ended longer ago are deleted; 0: never. */
  retentionDays: number
  /** Above that the oldest ended runs are deleted; 0: no limit. */
  maxStoredRuns: number
  maxQueued: number
  concurrency: number
  log: Log
  resumesPaused: WorkerOptions['resumesPaused']
  ingest: WorkerOptions['ingest']
}

/** How often a run is read that is watched here and executed by another process. */
const POLL_MS = { sqlite: 250, postgresql: 1000 }
const RECOVER_RETRY_MS = 1000
/** Orchestrators kill after 10 s or more: a database that hangs is not waited for longer. */
const CLOSE_MS = 4000

export function createRunManager (options: RunManagerOptions): RunManager {
  const { database, store, documents, releases, queue, clock, log } = options
  const closing = new AbortController()
  let isReady = false
  const shown = createView({ queue, store, clock })
  const active = createActiveRuns({
    read: async (id) => {
      const stored = await store.read(id)
      return stored === null ? null : await shown(stored.run)
    },
    notify: database.notify,
    onNotice: database.onNotice,
    pollMs: POLL_MS[database.kind],
    clock,
  })
  const lookups = createLookups({ ...options, active, shown, closing: closing.signal })
  const { get } = lookups
  const removal = createRemoval(options)
  const admission = createAdmission({ ...options, maxPending: options.concurrency + options.maxQueued })
  const worker = createWorker({ ...options, active, deliver, recordReleases: releases.record })
  const stop = createCancel({
    get,
    store,
    queue,
    active,
    abortHere: worker.abort,
    notify: database.notify,
    end: worker.execute,
    closing: closing.signal,
  })
  const sweep = createSweep({
    ...options,
    sweepLedgers: async () => await sweepLedgers(database, removal.isLedgerNeeded),
    recordReleases: releases.catchUp,
    deliver,
    remove: removal.removeEnded,
  })

  database.onReturn(() => sweep.soon())
  if (options.executes) queue.work(worker.work, worker.settled)

  /** A run that is waiting or being worked on is not delivered twice. */
  async function deliver ({ record: { run } }: StoredRun): Promise<void> {
    if (!worker.isExecuting(run.id)) await enqueue(run)
  }

  async function enqueue ({ id, resumeAt }: Run): Promise<void> {
    await queue.enqueue(id, resumeAt === null ? 0 : Date.parse(resumeAt))
  }

  /** Puts a run that nobody executes yet into the queue, and shows it. */
  async function announce (run: Run): Promise<Run> {
    await enqueue(run)
    active.note(run)
    return await shown(run)
  }

  return {
    ...lookups,
    watch: active.watch,
    quality: createQualityReports({ quality: options.quality, store, documentPath: lookups.documentPath, log }),

    async timeline (id) {
      const { startedAt } = await lookups.get(id)
      const steps = worker.timeline(id) ?? await options.timelines.read(id) ?? NO_STEPS
      return { runId: id, startedAt, stepMs: steps.stepMs, points: steps.points }
    },

    async probe () {
      await documents.probe()
      await database.probe()
      if (!isReady) {
        throw new ServiceError('starting', 'the service is starting: ask again in a moment', { retryAfterSeconds: 1 })
      }
    },

    async start (body, idempotencyKey = null, trigger) {
      if (closing.signal.aborted) {
        throw new ServiceError(
          'shutting_down', 'the service is shutting down: send the request again in a moment', { retryAfterSeconds: 5 }
        )
      }
      const { id, run } = await admission.admit(body, idempotencyKey, trigger)
      if (run !== null) return await announce(run)
      const existing = await get(id)
      if (!hasEnded(existing) && active.get(id) === undefined) await enqueue(existing)
      return existing
    },

    async cancel (id) {
      if (hasEnded(await get(id))) {
        throw new ServiceError('run_finished', 'the run has ended: there is nothing to cancel')
      }
      await stop(id)
      return await get(id)
    },

    async resume (id) {
      if (isResumable(await get(id))) await admission.checkRoom()
      await removal.recordReleases(id)
      const { run, isDeleted } = await store.update(id, resume)
      if (isDeleted === true) throw new ServiceError('run_not_found', 'the run is being deleted: start a new one')
      if (run.status !== 'queued') {
        throw new ServiceError(
          'run_not_resumable', `the run is ${run.status}: only a partial, failed or canceled run can be resumed`
        )
      }
      return await announce(run)
    },

    async remove (id) {
      try {
        await get(id)
        await removal.removeEnded(id)
      } catch (error) {
        if (!hasCode(error, 'storage_failed') || active.get(id) !== undefined || !await store.removeDamaged(id)) {
          throw error
        }
        await removal.forget(id)
      }
    },

    async recover (goesOn) {
      for (;;) {
        try {
          await queue.start()
          if (goesOn) await sweep.start()
          isReady = true
          return
        } catch (error) {
          if (closing.signal.aborted) return
          if (!isAway(error)) log.warn({ err: error }, 'runs cannot be resumed yet; retrying')
          await clock.sleep(RECOVER_RETRY_MS, closing.signal).catch(() => {})
        }
      }
    },

    async close () {
      const reason = new ServiceError('shutting_down', 'the service is shutting down', { affectsEveryCall: true })
      sweep.stop()
      closing.abort(reason)
      await Promise.race([
        Promise.all([queue.close(reason), releases.close()]), delay(CLOSE_MS, undefined, { ref: false }),
      ])
      active.close()
    },
  }
}
