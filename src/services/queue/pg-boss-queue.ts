import { setTimeout as delay } from 'node:timers/promises'
import { PgBoss } from 'pg-boss'
import { hasCode } from '../../errors.ts'
import { follow } from '../abortable.ts'
import type { Clock } from '../clock.ts'
import { isAway, reasonOf } from '../database/failure.ts'
import type { Log } from '../log.ts'
import { type RunQueue, type Work, deliveryWaitMs } from './run-queue.ts'

interface PgBossQueueOptions {
  databaseUrl: string
  /** The schema that holds pg-boss's tables. */
  schema: string
  /** Runs that this process works on at a time. */
  concurrency: number
  clock: Clock
  log: Log
}

const NAME = 'runs'
/** The least that pg-boss takes. */
const HEARTBEAT_SECONDS = 10
const REFRESH_SECONDS = 3
/** A job that is taken from a dead worker is not notified: it is found by these. */
const POLL_SECONDS = 1
const SUPERVISE_SECONDS = 2
/** The record of the run bounds how often it is begun; pg-boss is not to give one up. */
const NEVER_GIVES_UP = 1_000_000
const LONGEST_JOB_SECONDS = 23 * 3600
const MAX_CONNECTIONS = 4
/** A server that says nothing for so long is taken for gone. */
const QUERY_MS = 10_000
/** A server that does not answer holds up the end of the process for no longer than this, twice. */
const CLOSE_MS = 1500

/**
 * The queue of several processes: pg-boss on the PostgreSQL that they share, a job per run. It only delivers: whether a
 * run is executed, and by which process, its row says.
 */
export function createPgBossQueue ({ databaseUrl, schema, concurrency, clock, log }: PgBossQueueOptions): RunQueue {
  const connection = {
    connectionString: databaseUrl,
    application_name: 'album-release-ingest queue',
    connectionTimeoutMillis: 3000,
    query_timeout: QUERY_MS,
    keepAlive: true,
  }
  const boss = new PgBoss({
    ...connection,
    schema,
    max: MAX_CONNECTIONS,
    schedule: false,
    createSchema: false,
    useListenNotify: true,
    superviseIntervalSeconds: SUPERVISE_SECONDS,
    monitorIntervalSeconds: SUPERVISE_SECONDS,
    notifyHeartbeatIntervalMs: 5000,
  })
  const working = new Set<Promise<void>>()
  const closing = new AbortController()
  let work: Work | null = null
  let settled: (id: string) => void = () => {}
  let isStarted = false
  let starting: Promise<void> = Promise.resolve()

  boss.on('error', (error) => log.debug({ reason: reasonOf(error) }, 'pg-boss failed'))

  async function enqueue (id: string, notBeforeMs = 0): Promise<void> {
    if (!isStarted) return
    const waitMs = deliveryWaitMs(notBeforeMs, clock.now())
    try {
      await boss.send(
        NAME, { id }, { singletonKey: id, ...waitMs === 0 ? {} : { startAfter: new Date(clock.now() + waitMs) } }
      )
    } catch (error) {
      log.debug({ runId: id, reason: reasonOf(error) }, 'run could not be queued; the next sweep retries')
    }
  }

  async function deliver (id: string, lost: AbortSignal, work: Work): Promise<void> {
    if (closing.signal.aborted) return await handOver(id)
    const { controller, release } = follow(lost, closing.signal)
    try {
      const delivery = await work(id, controller.signal)
      if (delivery.kind === 'postponed') await enqueue(id, delivery.untilMs)
      else settled(id)
    } catch (error) {
      if (closing.signal.aborted) await handOver(id)
      else if (lost.aborted ||
        hasCode(error, 'shutting_down')) log.info({ runId: id }, 'another process executes the run')
      else if (isAway(error)) log.info({ runId: id }, 'run interrupted; resuming when the database answers')
      else log.error({ err: error, runId: id }, 'run could not be executed; the next sweep retries')
    } finally {
      release()
    }
  }

  async function handOver (id: string): Promise<void> {
    await soon(enqueue(id))
    log.info({ runId: id }, 'run handed over')
  }

  async function startWorking (work: Work): Promise<void> {
    await boss.work<{ id: string }>(NAME, {
      localConcurrency: concurrency,
      pollingIntervalSeconds: POLL_SECONDS,
      notifyPollingIntervalSeconds: POLL_SECONDS,
      heartbeatRefreshSeconds: REFRESH_SECONDS,
    }, async ([job]) => {
      if (job === undefined) return
      const done = deliver(job.data.id, job.signal, work)
      working.add(done)
      await done.finally(() => working.delete(done))
    })
  }

  async function begin (): Promise<void> {
    await boss.start()
    await boss.createQueue(NAME, {
      policy: 'short',
      notify: true,
      heartbeatSeconds: HEARTBEAT_SECONDS,
      expireInSeconds: LONGEST_JOB_SECONDS,
      retryLimit: NEVER_GIVES_UP,
      retryDelay: 0,
      retentionSeconds: LONGEST_JOB_SECONDS * 30,
      deleteAfterSeconds: 60,
    })
    isStarted = true
    if (work !== null && !closing.signal.aborted) await startWorking(work)
  }

  return {
    enqueue,

    work (handler, onSettled) {
      work = handler
      settled = onSettled
    },

    async start () {
      if (isStarted || closing.signal.aborted) return
      starting = begin()
      await starting
    },

    async remove (id) {
      if (!isStarted) return
      try {
        for (const job of await boss.findJobs(NAME, { key: id, queued: true })) await boss.deleteJob(NAME, job.id)
      } catch (error) {
        log.debug({ runId: id, reason: reasonOf(error) }, 'run could not be removed from the queue')
      }
    },

    ahead: () => null,

    async close (reason) {
      closing.abort(reason)
      await soon(starting.catch(() => {}))
      await Promise.all(working)
      await soon(boss.stop({ graceful: true, timeout: CLOSE_MS }).catch((error: unknown) => {
        log.debug({ reason: reasonOf(error) }, 'pg-boss did not stop cleanly')
      }))
    },
  }
}

/** Resolves with the promise, or when a server that does not answer has had its time. */
async function soon (promise: Promise<void>): Promise<void> {
  const answered = new AbortController()
  await Promise.race([promise, delay(CLOSE_MS, undefined, { signal: answered.signal }).catch(() => {})]).finally(
    () => answered.abort()
  )
}
