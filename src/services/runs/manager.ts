import { ServiceError } from '../../errors.ts'
import { type IngestBody, type Run } from '../../schemas/run.ts'
import { type Clock } from '../clock.ts'
import { type Log } from '../log.ts'
import { type RunQueue } from '../queue/run-queue.ts'
import { type RunRecord, type RunStore, createdAtMs, isRunId } from '../store/run-store.ts'
import { type ExecuteOptions, execute } from './execute.ts'
import { createJumpGuard } from './jump-guard.ts'
import { completeRequest } from './request.ts'
import { hasEnded, newRecord, resume } from './transitions.ts'

/** Everything that can be done with runs. */
export interface RunManager {
  /**
   * Accept a run; durable when it resolves. An equal request that has not ended gives that run.
   * Throws `invalid_request`, `queue_full`, `storage_failed`, `shutting_down`.
   */
  start: (body: IngestBody) => Promise<Run>
  /** Let a run that ended partial, failed or canceled go on for what is missing. Throws `run_not_found`, `run_not_resumable`. */
  resume: (id: string) => Promise<Run>
  /** The run as it is now; throws `run_not_found`, `run_expired`. */
  get: (id: string) => Promise<Run>
  /** The run's document on disk, or null where it has none. */
  documentPath: (run: Run) => string | null
  /** Called with the run after each change until the returned function is called. */
  watch: (id: string, listener: (run: Run) => void) => () => void
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
  queue: RunQueue
  clock: Clock
  newId: () => string
  maxAlbums: number
  /** Runs that ended longer ago are deleted; 0: never. */
  retentionDays: number
  maxQueued: number
  concurrency: number
  log: Log
  ingest: ExecuteOptions['ingest']
}

const SWEEP_EVERY_MS = 60_000
const DAY_MS = 24 * 3_600_000
const QUEUE_FULL_RETRY_SECONDS = 30

export function createRunManager (options: RunManagerOptions): RunManager {
  const { store, queue, clock, log } = options
  /** The runs that have not ended, as this process knows them. */
  const active = new Map<string, Run>()
  /** Runs on their way to the disk, by request: an equal request waits for the same one. */
  const accepting = new Map<string, Promise<Run>>()
  const watchers = new Map<string, Set<(run: Run) => void>>()
  let sweeping: NodeJS.Timeout | null = null
  let closed = false

  function onChange (run: Run): void {
    if (hasEnded(run)) active.delete(run.id)
    else active.set(run.id, run)
    for (const listener of watchers.get(run.id) ?? []) listener(run)
  }

  const mayDelete = createJumpGuard(clock)

  queue.work(async (id, signal) => await execute(id, signal, { store, clock, log, ingest: options.ingest, onChange }))

  async function start (body: IngestBody): Promise<Run> {
    const request = completeRequest(body, options.maxAlbums)
    if (closed) throw new ServiceError('shutting_down', 'the service is shutting down: send the request again in a moment', { retryAfterSeconds: 5 })
    const key = JSON.stringify(request)
    const same = accepting.get(key) ?? [...active.values()].find((run) => JSON.stringify(run.request) === key)
    if (same !== undefined) {
      const run = await same
      deliver(run)
      return run
    }
    if (active.size + accepting.size >= options.concurrency + options.maxQueued) {
      throw new ServiceError('queue_full', `${active.size} runs are waiting or under way, and MAX_QUEUED_RUNS allows no more: try again later`, { retryAfterSeconds: QUEUE_FULL_RETRY_SECONDS })
    }
    const accepted = accept(newRecord(options.newId(), request, clock.now())).finally(() => accepting.delete(key))
    accepting.set(key, accepted)
    return await accepted
  }

  async function accept (record: RunRecord): Promise<Run> {
    try {
      await store.create(record)
    } catch (error) {
      throw new ServiceError('storage_failed', 'the run could not be stored: make room in DATA_DIR and let the service write there', { cause: error })
    }
    active.set(record.run.id, record.run)
    deliver(record.run)
    return record.run
  }

  /** The queue knows what it has: a run that is waiting or being worked on is not delivered twice. */
  function deliver (run: Run): void {
    queue.enqueue(run.id, run.resumeAt === null ? 0 : Date.parse(run.resumeAt))
  }

  async function get (id: string): Promise<Run> {
    const run = active.get(id) ?? (await store.read(id))?.run
    if (run !== undefined) return run
    if (isExpired(id)) throw new ServiceError('run_expired', `runs are kept for ${options.retentionDays} days, and this one is older: start a new one`)
    throw new ServiceError('run_not_found', 'there is no run of this id: GET /runs/{id} takes the id that POST /ingest answered with')
  }

  async function resumeRun (id: string): Promise<Run> {
    await get(id)
    const { run } = await store.update(id, (record) => resume(record))
    if (run.status !== 'queued') throw new ServiceError('run_not_resumable', `the run is ${run.status}: only a partial, failed or canceled run can go on`)
    onChange(run)
    deliver(run)
    return run
  }

  function isExpired (id: string): boolean {
    return isRunId(id) && options.retentionDays > 0 && createdAtMs(id) < clock.now() - options.retentionDays * DAY_MS
  }

  async function load (): Promise<Run[]> {
    const runs = (await store.pending()).map(({ run }) => run)
    for (const run of runs) if (!active.has(run.id)) active.set(run.id, run)
    return runs
  }

  async function sweep (): Promise<void> {
    for (const run of await load()) deliver(run)
    if (options.retentionDays === 0 || !mayDelete()) return
    const removed = await store.removeEndedBefore(clock.now() - options.retentionDays * DAY_MS)
    if (removed.length > 0) log.info({ removed }, 'runs older than RETENTION_DAYS deleted')
  }

  return {
    start,

    resume: resumeRun,
    get,

    documentPath: (run) => run.file === null ? null : store.documentPath(run.id, run.file),

    watch (id, listener) {
      const listeners = watchers.get(id) ?? new Set()
      watchers.set(id, listeners.add(listener))
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) watchers.delete(id)
      }
    },

    load: async () => { await load() },

    async recover () {
      await sweep()
      sweeping = setInterval(() => {
        sweep().catch((error: unknown) => log.error({ err: error }, 'the sweep for forgotten runs failed'))
      }, SWEEP_EVERY_MS).unref()
    },

    probe: async () => await store.probe(),

    async close () {
      closed = true
      if (sweeping !== null) clearInterval(sweeping)
      await queue.close(new ServiceError('shutting_down', 'the service is shutting down', { affectsEveryCall: true }))
    },
  }
}
