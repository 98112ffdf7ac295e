import { setTimeout as delay } from 'node:timers/promises'
import { ServiceError, hasCode } from '../../errors.ts'
import { type IngestBody } from '../../schemas/ingest-body.ts'
import { type Run, type RunStatus, type Trigger } from '../../schemas/run.ts'
import { follow } from '../abortable.ts'
import { type Clock } from '../clock.ts'
import { type Database } from '../database/database.ts'
import { isAway, isFull } from '../database/failure.ts'
import { type Log } from '../log.ts'
import { type QualityReport } from '../../schemas/quality.ts'
import { type Quality } from '../quality/quality.ts'
import { type RunQueue } from '../queue/run-queue.ts'
import { type ReleaseRecorder } from '../releases/recorder.ts'
import { type DocumentStore } from '../store/documents/document-store.ts'
import { removeLedger, sweepLedgers } from '../store/ledger-store.ts'
import { createdAtMs, isRunId } from '../store/run-id.ts'
import { hasEnded, isResumable, type RunRecord } from '../run-record.ts'
import { type RunStore, type StoredRun } from '../store/run-store.ts'
import { type ActiveRuns, type RunListener, createActiveRuns } from './active-runs.ts'
import { type IdempotencyKey, createAdmission } from './admission.ts'
import { createCancel } from './cancel.ts'
import { createQualityReports } from './quality-report.ts'
import { retentionStartMs } from './retention.ts'
import { waitingOf } from './standstill.ts'
import { createSweep } from './sweep.ts'
import { discard, resume } from './transitions.ts'
import { type WorkerOptions, createWorker } from './worker.ts'

/** Everything that can be done with runs. */
export interface RunManager {
  /**
   * Accept a run; durable when it resolves. An equal request that has not ended gives that run; with an
   * idempotency key, the run of that key.
   * Throws `invalid_request`, `queue_full`, `storage_failed`, `idempotency_key_reused`, `shutting_down`.
   */
  start: (body: IngestBody, idempotencyKey?: IdempotencyKey | null, trigger?: Trigger) => Promise<Run>
  /** The run as it is now; throws `run_not_found`, `run_expired`. */
  get: (id: string) => Promise<Run>
  /** The run as soon as it has ended, or as it is when the time is over or the signal is aborted. */
  waitForEnd: (id: string, ms: number, signal: AbortSignal) => Promise<Run>
  /** A page of the runs, newest first; `next` is the id to go on `before`, null at the end. */
  list: (filter: { statuses: RunStatus[] | null, limit: number, before: string | null }) => Promise<{ runs: Run[], next: string | null }>
  /** The newest run that has a document; throws `run_not_found`. */
  latest: () => Promise<Run>
  /** The newest run before that one which has an equal request and a document, or null. */
  comparable: (run: Run) => Promise<Run | null>
  /** End a run that has not ended, with what it has. Throws `run_not_found`, `run_finished`, `storage_failed`. */
  cancel: (id: string) => Promise<Run>
  /** Let a run that ended partial, failed or canceled go on for what is missing. Throws `run_not_found`, `run_not_resumable`, `queue_full`. */
  resume: (id: string) => Promise<Run>
  /** Delete a run that has ended, and its files. Throws `run_not_found`, `run_not_finished`. */
  remove: (id: string) => Promise<void>
  /** The run's document on disk, or null where it has none. Throws `run_not_found`, `run_expired`, `storage_failed`. */
  documentPath: (run: Run) => Promise<string | null>
  /** The quality report of the run's document. Throws `run_not_finished`, `document_not_found`, `storage_failed`. */
  quality: (run: Run) => Promise<QualityReport>
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
  const { database, store, documents, releases, queue, clock, log, retentionDays } = options
  const closing = new AbortController()
  let isReady = false
  const active: ActiveRuns = createActiveRuns({
    read: async (id) => {
      const stored = await store.read(id)
      return stored === null ? null : await shown(stored.run)
    },
    notify: database.notify,
    onNotice: database.onNotice,
    pollMs: POLL_MS[database.kind],
    clock,
  })
  const admission = createAdmission({ store, clock, newId: options.newId, maxAlbums: options.maxAlbums, market: options.market, maxPending: options.concurrency + options.maxQueued })
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
    store,
    documents,
    clock,
    log,
    retentionDays,
    maxStoredRuns: options.maxStoredRuns,
    sweepLedgers: async () => await sweepLedgers(database, isLedgerNeeded),
    recordReleases: releases.catchUp,
    deliver,
    remove: removeEnded,
  })

  database.onReturn(() => sweep.soon())
  if (options.executes) queue.work(worker.work, worker.settled)

  /** A run that is waiting or being worked on is not delivered twice. */
  async function deliver ({ record: { run } }: Pick<StoredRun, 'record'>): Promise<void> {
    if (worker.isExecuting(run.id)) return
    await queue.enqueue(run.id, run.resumeAt === null ? 0 : Date.parse(run.resumeAt))
  }

  /** The run with what it waits for, which nothing stores. */
  async function shown (run: Run): Promise<Run> {
    if (hasEnded(run)) return run
    const ahead = queue.ahead(run.id)
    return { ...run, waiting: waitingOf(run, { ahead, others: ahead === null && run.status !== 'running' ? await store.countAhead(run.id) : 0, nowMs: clock.now() }) }
  }

  async function get (id: string): Promise<Run> {
    const run = active.get(id) ?? (await store.read(id))?.run
    if (run !== undefined) return await shown(run)
    if (isExpired(id)) throw new ServiceError('run_expired', `runs are kept for ${retentionDays} days, and this one is older: start a new one`)
    throw new ServiceError('run_not_found', 'there is no run of this id: GET /runs shows those that there are')
  }

  function isExpired (id: string): boolean {
    return isRunId(id) && createdAtMs(id) < retentionStartMs(clock.now(), retentionDays)
  }

  async function waitForEnd (id: string, ms: number, signal: AbortSignal): Promise<Run> {
    const run = await get(id)
    if (ms <= 0 || hasEnded(run)) return run
    const { controller, release } = follow(signal, closing.signal)
    await active.waitForEnd(id, ms, controller.signal).finally(release)
    return await get(id)
  }

  /** Marks the run as deleted, unless it was resumed; on a disk that is too full even for this, deletes the document first. */
  async function markDeleted (id: string): Promise<RunRecord> {
    try {
      return await store.update(id, discard)
    } catch (error) {
      const record = isFull(error) ? (await store.read(id))?.record : undefined
      if (record === undefined || !hasEnded(record.run)) throw error
      if (record.run.file !== null) await documents.remove(id, record.run.file.name)
      return await store.update(id, discard)
    }
  }

  /** A complete run needs no ledger; a damaged one may be restored. */
  async function isLedgerNeeded (id: string): Promise<boolean> {
    try {
      const stored = await store.read(id)
      return stored !== null && stored.record.run.complete !== true
    } catch (error) {
      if (hasCode(error, 'storage_failed')) return true
      throw error
    }
  }

  /** The last chance, before a document is replaced or deleted: one that cannot be read keeps nobody from that. */
  async function recordReleases (id: string): Promise<void> {
    await releases.record(id).catch((error: unknown) => {
      if (isAway(error) || hasCode(error, 'shutting_down')) throw error
      log.warn({ err: error, runId: id }, 'releases of a document that goes cannot be recorded')
    })
  }

  async function removeEnded (id: string): Promise<void> {
    await recordReleases(id)
    const { run } = await markDeleted(id)
    if (!hasEnded(run)) throw new ServiceError('run_not_finished', 'the run has not ended: cancel it first')
    await removeLedger(database, id)
    await releases.forget(id)
    await store.remove(id)
    if (run.file !== null) await documents.remove(id, run.file.name)
  }

  async function documentPath (run: Run): Promise<string | null> {
    if (run.file === null) return null
    const stored = await store.read(run.id)
    if (stored !== null && stored.run.file?.sha256 === run.file.sha256) {
      try {
        return await documents.path(run.id, stored.record.executions, run.file)
      } catch (error) {
        if ((await store.read(run.id))?.run.file?.sha256 === run.file.sha256) throw error // else it was deleted or resumed since
      }
    }
    await get(run.id)
    throw new ServiceError('storage_failed', 'the run was resumed just now: ask again', { retryAfterSeconds: 1 })
  }

  return {
    get,
    waitForEnd,
    watch: active.watch,
    documentPath,
    quality: createQualityReports({ quality: options.quality, store, documentPath, log }),

    async probe () {
      await documents.probe()
      await database.probe()
      if (!isReady) throw new ServiceError('starting', 'the service is starting: ask again in a moment', { retryAfterSeconds: 1 })
    },

    async start (body, idempotencyKey = null, trigger) {
      if (closing.signal.aborted) throw new ServiceError('shutting_down', 'the service is shutting down: send the request again in a moment', { retryAfterSeconds: 5 })
      const { id, run } = await admission.admit(body, idempotencyKey, trigger)
      if (run === null) {
        const existing = await get(id)
        if (!hasEnded(existing) && active.get(id) === undefined) await queue.enqueue(id, existing.resumeAt === null ? 0 : Date.parse(existing.resumeAt))
        return existing
      }
      await queue.enqueue(id)
      active.note(run)
      return await shown(run)
    },

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

    async cancel (id) {
      if (hasEnded(await get(id))) throw new ServiceError('run_finished', 'the run has ended: there is nothing to cancel')
      await stop(id)
      return await get(id)
    },

    async resume (id) {
      if (isResumable(await get(id))) await admission.checkRoom()
      await recordReleases(id)
      const { run, isDeleted } = await store.update(id, resume)
      if (isDeleted === true) throw new ServiceError('run_not_found', 'the run is being deleted: start a new one')
      if (run.status !== 'queued') throw new ServiceError('run_not_resumable', `the run is ${run.status}: only a partial, failed or canceled run can go on`)
      await queue.enqueue(id)
      active.note(run)
      return await shown(run)
    },

    async remove (id) {
      try {
        await get(id)
        await removeEnded(id)
      } catch (error) {
        if (!hasCode(error, 'storage_failed') || active.get(id) !== undefined || !await store.removeDamaged(id)) throw error
        await removeLedger(database, id)
        await releases.forget(id)
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
          if (!isAway(error)) log.warn({ err: error }, 'runs cannot be resumed yet; trying again')
          await clock.sleep(RECOVER_RETRY_MS, closing.signal).catch(() => {})
        }
      }
    },

    async close () {
      const reason = new ServiceError('shutting_down', 'the service is shutting down', { affectsEveryCall: true })
      sweep.stop()
      closing.abort(reason)
      await Promise.race([Promise.all([queue.close(reason), releases.close()]), delay(CLOSE_MS, undefined, { ref: false })])
      active.close()
    },
  }
}
