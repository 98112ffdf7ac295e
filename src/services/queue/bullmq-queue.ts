import { setTimeout as delay } from 'node:timers/promises'
import { DelayedError, type Job, Queue, WaitingError, Worker } from 'bullmq'
import { ServiceError } from '../../errors.ts'
import { type Clock } from '../clock.ts'
import { type Log } from '../log.ts'
import { type RedisConnections, reasonOf } from '../redis/connections.ts'
import { type Delivery, type RunQueue, type Work, plausibleWaitMs } from './run-queue.ts'

interface BullmqQueueOptions {
  redis: RedisConnections
  /** Runs that this process works on at a time. */
  concurrency: number
  clock: Clock
  log: Log
}

const NAME = 'ingest'
/** Who does not renew its lock for so long has lost the run. */
const LOCK_MS = 10_000
const RENEW_EVERY_MS = 3000
/** BullMQ leaves about one look in ten out: its mark that somebody has looked runs out at the moment of the next one. */
const LOOK_FOR_STALLED_EVERY_MS = 3000
/** The record of the run bounds how often it is begun; BullMQ is not to give one up. */
const NEVER = 1_000_000_000
const HAND_BACK_WITHIN_MS = 1000
const CLOSE_WITHIN_MS = 1500

/** One delivery under way: `stop` ends the work, `over` resolves when it has ended. */
interface Working {
  stop: (reason: Error) => void
  over: Promise<unknown>
}

/**
 * The queue of several processes: BullMQ's, with the run's id as the job's, so that a run is in it once. The lock
 * of a run is renewed here and not by BullMQ, which would forget one of two deliveries of the same run, and says
 * nothing while Redis is away.
 */
export function createBullmqQueue ({ redis, concurrency, clock, log }: BullmqQueueOptions): RunQueue {
  const queue = new Queue(NAME, {
    connection: redis.quick,
    skipVersionCheck: true,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    streams: { events: { maxLen: 100 } },
  })
  const working = new Map<string, Working>()
  const closing = new AbortController()
  let forgotten: () => void = () => {}
  let worker: Worker | null = null

  queue.on('error', (error) => log.debug({ reason: reasonOf(error) }, 'the queue'))

  /** BullMQ waits for Redis where it never was there; nobody who asks is to wait. */
  async function ask<T> (question: () => Promise<T>): Promise<T> {
    if (redis.quick.status !== 'ready') throw new Error('Redis cannot be reached')
    return await question()
  }

  async function enqueue (id: string, notBeforeMs = 0): Promise<void> {
    if (closing.signal.aborted) return
    try {
      await ask(async () => await queue.add(NAME, {}, { jobId: id, delay: plausibleWaitMs(notBeforeMs, clock.now()) }))
    } catch (error) {
      log.debug({ runId: id, reason: reasonOf(error) }, 'the run could not be put into the queue: the next sweep tries again')
    }
  }

  /** A run whose lock was lost may come back while its first delivery still ends: the second one waits for that. */
  async function deliver (job: Job, work: Work, settled: (id: string) => void): Promise<void> {
    const id = job.id ?? ''
    const before = working.get(id)
    before?.stop(lockLost())
    await before?.over
    if (closing.signal.aborted) return await handBack(job)
    const stopping = new AbortController()
    const delivery = holding(job, work, stopping)
    const mine: Working = { stop: (reason) => stopping.abort(reason), over: delivery.catch(() => {}) }
    working.set(id, mine)
    try {
      const outcome = await delivery
      if (outcome.kind === 'done') return
      await job.moveToDelayed(outcome.untilMs, job.token)
    } catch (error) {
      if (closing.signal.aborted) return await handBack(job)
      if (!stopping.signal.aborted && !isLockMissing(error)) throw error
      settled(id)
      forgotten()
      throw new WaitingError()
    } finally {
      if (working.get(id) === mine) working.delete(id)
    }
    throw new DelayedError()
  }

  /** Work on the run for as long as its lock is ours. */
  async function holding (job: Job, work: Work, stopping: AbortController): Promise<Delivery> {
    const renewing = setInterval(() => {
      job.extendLock(job.token ?? '', LOCK_MS).then((isOurs) => {
        if (isOurs === 1 || stopping.signal.aborted) return
        log.warn({ runId: job.id }, 'lock lost: whoever has it goes on with the run')
        stopping.abort(lockLost())
      }, (error: unknown) => log.debug({ runId: job.id, reason: reasonOf(error) }, 'the lock could not be renewed'))
    }, RENEW_EVERY_MS)
    try {
      return await work(job.id ?? '', stopping.signal)
    } finally {
      clearInterval(renewing)
    }
  }

  /** Others take it at once, before what waits. */
  async function handBack (job: Job): Promise<never> {
    const patience = new AbortController()
    const late = delay(HAND_BACK_WITHIN_MS, undefined, { signal: patience.signal }).then(() => { throw new Error('Redis does not answer') })
    try {
      await Promise.race([job.moveToWait(job.token), late])
      log.info({ runId: job.id }, 'run handed over')
    } catch (error) {
      log.warn({ runId: job.id, reason: reasonOf(error) }, 'the run could not be handed over: others take it when its lock has run out')
    } finally {
      patience.abort()
      late.catch(() => {})
    }
    throw new WaitingError()
  }

  return {
    enqueue,

    work (work, settled) {
      worker = new Worker(NAME, async (job) => await deliver(job, work, settled), {
        connection: redis.patient(),
        concurrency,
        lockDuration: LOCK_MS,
        stalledInterval: LOOK_FOR_STALLED_EVERY_MS,
        maxStalledCount: NEVER,
        skipLockRenewal: true,
        skipVersionCheck: true,
        runRetryDelay: 1000,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      })
      worker.on('completed', ({ id = '' }) => settled(id))
      worker.on('failed', (job, error) => log.error({ err: error, runId: job?.id }, 'the run could not be worked on: the next sweep tries again'))
      worker.on('stalled', (id) => log.warn({ runId: id }, 'whoever worked on the run is gone: it is delivered again'))
      worker.on('error', (error) => log.debug({ reason: reasonOf(error) }, 'the worker'))
    },

    async remove (id) {
      try {
        return await ask(async () => await redis.quick.exists(queue.toKey(id)) === 1 && await queue.remove(id) === 1)
      } catch (error) {
        log.debug({ runId: id, reason: reasonOf(error) }, 'the queue could not be asked for the run')
        return false
      }
    },

    ahead: () => null,

    onForgotten (listener) {
      forgotten = listener
      redis.onReady(listener)
    },

    async close (reason) {
      closing.abort(reason)
      const isThere = redis.quick.status === 'ready'
      const closed = worker?.close(!isThere).catch((error: unknown) => log.debug({ reason: reasonOf(error) }, 'the worker did not close as it should'))
      for (const { stop } of working.values()) stop(reason)
      await Promise.all([...working.values()].map(async ({ over }) => await over))
      await Promise.race([closed, delay(CLOSE_WITHIN_MS, undefined, { ref: false })])
      await queue.close()
    },
  }
}

function lockLost (): ServiceError {
  return new ServiceError('shutting_down', 'this process has lost the run: another one goes on with it', { affectsEveryCall: true })
}

/** What BullMQ says of a job whose lock is another's, or which is gone. */
function isLockMissing (error: unknown): boolean {
  return error instanceof Error && /^(?:Missing (?:lock|key)|Lock mismatch) for job |^Job \S+ is not in the /.test(error.message)
}
