import { ServiceError } from '../../errors.ts'
import { type IngestBody, type Run, type RunStatus, type Trigger } from '../../schemas/run.ts'
import { follow } from '../abortable.ts'
import { type Clock } from '../clock.ts'
import { type Log } from '../log.ts'
import { type Delivery, type RunQueue } from '../queue/run-queue.ts'
import { hasErrno } from '../store/errno.ts'
import { type KeyStore } from '../store/key-store.ts'
import { createdAtMs, isRunId } from '../store/run-id.ts'
import { type RunRecord, type RunStore } from '../store/run-store.ts'
import { type IdempotencyKey, createAcceptance } from './accept.ts'
import { canceled, createCancel } from './cancel.ts'
import { type ExecuteOptions, execute } from './execute.ts'
import { retentionStartMs } from './retention.ts'
import { type Roster, type RunListener } from './roster.ts'
import { waitingOf } from './standstill.ts'
import { createSweep } from './sweep.ts'
import { discard, hasEnded, isResumable, resume } from './transitions.ts'

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
  list: (filter: { status: RunStatus | null, limit: number, before: string | null }) => Promise<{ runs: Run[], next: string | null }>
  /** The newest run that has a document; throws `run_not_found`. */
  latest: () => Promise<Run>
  /** End a run that has not ended, with what it has. Throws `run_not_found`, `run_finished`, `storage_failed`. */
  cancel: (id: string) => Promise<Run>
  /** Let a run that ended partial, failed or canceled go on for what is missing. Throws `run_not_found`, `run_not_resumable`, `queue_full`. */
  resume: (id: string) => Promise<Run>
  /** Delete a run that has ended, and its files. Throws `run_not_found`, `run_not_finished`. */
  remove: (id: string) => Promise<void>
  /** The run's document on disk, or null where it has none. Throws `run_not_found`, `run_expired`, `storage_failed`. */
  documentPath: (run: Run) => Promise<string | null>
  /** Called with the run after each change until the returned function is called. */
  watch: (id: string, listener: RunListener) => () => void
  /** Know the runs that an earlier process left: starting an equal one goes on with it. */
  load: () => Promise<void>
  /** Go on with those runs, and with whatever the queue lost, now and every minute. */
  recover: () => Promise<void>
  /** Throws where no run could be stored. */
  probe: () => Promise<void>
  close: () => Promise<void>
}

export interface RunManagerOptions {
  store: RunStore
  keys: KeyStore
  queue: RunQueue
  roster: Roster
  /** Whether this process works on runs; else it accepts them and answers for them. */
  executes: boolean
  clock: Clock
  newId: () => string
  maxAlbums: number
  /** The market of requests that name none; null: none. */
  market: string | null
  /** Runs that ended longer ago are deleted; 0: never. */
  retentionDays: number
  maxQueued: number
  concurrency: number
  log: Log
  resumesPaused: ExecuteOptions['resumesPaused']
  ingest: ExecuteOptions['ingest']
}

export function createRunManager (options: RunManagerOptions): RunManager {
  const { store, keys, queue, roster, clock, log, retentionDays } = options
  const closing = new AbortController()
  const acceptance = createAcceptance({
    store, keys, roster, clock, log, newId: options.newId, maxAlbums: options.maxAlbums, market: options.market, maxActive: options.concurrency + options.maxQueued, deliver,
  })
  const stop = createCancel({ get, queue, roster, end: executeHere, closing: closing.signal })
  const sweep = createSweep({ store, keys, roster, clock, log, retentionDays, deliver })

  queue.onForgotten(() => sweep.soon())
  if (options.executes) queue.work(work, settled)

  async function executeHere (id: string, signal: AbortSignal): Promise<Delivery> {
    return await execute(id, signal, { store, clock, log, ingest: options.ingest, resumesPaused: options.resumesPaused, onChange: roster.note })
  }

  async function work (id: string, closed: AbortSignal): Promise<Delivery> {
    if (await store.read(id) === null) {
      log.warn({ runId: id }, 'there is no such run in DATA_DIR: it was deleted, or this is not the folder that the other replicas share')
      return { kind: 'done' }
    }
    const { controller, release: stopFollowing } = follow(closed)
    const release = roster.hold(id, () => controller.abort(canceled()))
    try {
      return await executeHere(id, controller.signal)
    } finally {
      release()
      stopFollowing()
    }
  }

  /** A run that was let go on between its end and the queue's forgetting it, or that the queue has lost. */
  function settled (id: string): void {
    store.read(id).then(async (record) => {
      if (record !== null && !hasEnded(record.run)) await deliver(record.run)
    }).catch((error: unknown) => log.error({ err: error, runId: id }, 'whether the run goes on could not be read: the next sweep tries again'))
  }

  /** The queue knows what it has: a run that is waiting or being worked on is not delivered twice. */
  async function deliver (run: Run): Promise<void> {
    await queue.enqueue(run.id, run.resumeAt === null ? 0 : Date.parse(run.resumeAt))
  }

  /** The run with what it waits for, which nothing stores. */
  function shown (run: Run): Run {
    return { ...run, waiting: waitingOf(run, { ahead: queue.ahead(run.id), others: roster.active(), nowMs: clock.now() }) }
  }

  async function get (id: string): Promise<Run> {
    const run = roster.get(id) ?? (await store.look(id))?.run
    if (run !== undefined) return shown(run)
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
    await roster.waitForEnd(id, ms, controller.signal).finally(release)
    return await get(id)
  }

  /** Of a deletion and a resumption at once one wins. On a disk that is too full even for this, room is worth more. */
  async function markDeleted (id: string): Promise<RunRecord> {
    try {
      return await store.update(id, discard)
    } catch (error) {
      const record = hasErrno(error, 'ENOSPC', 'EDQUOT') ? await store.read(id) : null
      if (record === null) throw error
      return record
    }
  }

  async function documentPath ({ id, file }: Run): Promise<string | null> {
    if (file === null) return null
    const path = await store.documentPath(id, file)
    if (path !== null) return path
    await get(id)
    throw new ServiceError('storage_failed', 'the run was let go on at this moment: ask again', { retryAfterSeconds: 1 })
  }

  return {
    get,
    waitForEnd,
    watch: (id, listener) => roster.watch(id, (run) => listener(shown(run))),
    documentPath,
    load: async () => { for (const run of await sweep.load()) await acceptance.attachTo(run) },
    probe: async () => await store.probe(),

    async start (body, idempotencyKey = null, trigger) {
      if (closing.signal.aborted) throw new ServiceError('shutting_down', 'the service is shutting down: send the request again in a moment', { retryAfterSeconds: 5 })
      return shown(await acceptance.start(body, idempotencyKey, trigger))
    },

    async list ({ status, limit, before }) {
      const runs: Run[] = []
      for await (const { run } of store.newestFirst(before)) {
        const present = hasEnded(run) ? run : roster.get(run.id) ?? run
        if (status !== null && present.status !== status) continue
        if (runs.length === limit) return { runs, next: runs.at(-1)?.id ?? null }
        runs.push(shown(present))
      }
      return { runs, next: null }
    },

    async latest () {
      for await (const { run } of store.newestFirst(null)) {
        if (run.file !== null && (run.status === 'succeeded' || run.status === 'partial')) return run
      }
      throw new ServiceError('run_not_found', 'no run has a document yet: POST /ingest starts one')
    },

    async cancel (id) {
      if (hasEnded(await get(id))) throw new ServiceError('run_finished', 'the run has ended: there is nothing to cancel')
      await stop(id)
      return await get(id)
    },

    async resume (id) {
      await get(id)
      const stored = await store.read(id)
      const entered = stored !== null && isResumable(stored.run) ? acceptance.enter(id) : () => {}
      try {
        const { run, isDeleted } = await store.update(id, resume)
        if (isDeleted === true) throw new ServiceError('run_not_found', 'the run is being deleted: start a new one')
        if (run.status !== 'queued') throw new ServiceError('run_not_resumable', `the run is ${run.status}: only a partial, failed or canceled run can go on`)
        roster.note(run)
        await acceptance.attachTo(run)
        await deliver(run)
        return shown(run)
      } finally {
        entered()
      }
    },

    async remove (id) {
      await get(id)
      const record = await markDeleted(id)
      if (!hasEnded(record.run)) throw new ServiceError('run_not_finished', 'the run has not ended: cancel it first')
      await acceptance.forget(record)
      await store.remove(id)
    },

    recover: async () => await sweep.start(),

    async close () {
      const reason = new ServiceError('shutting_down', 'the service is shutting down', { affectsEveryCall: true })
      sweep.stop()
      closing.abort(reason)
      await queue.close(reason)
    },
  }
}
