import { Redis } from 'ioredis'
import { type Log } from '../log.ts'
import { openQuickConnection } from './quick-connection.ts'

/** The connections of one process to its Redis. All reconnect for ever, and none takes the process down with it. */
export interface RedisConnections {
  /** Fails at once, or soon, where Redis does not answer: for what somebody waits for. */
  quick: Redis
  /** One more connection, whose commands wait for Redis as long as it takes: for workers and subscribers. */
  patient: () => Redis
  /** Called each time that Redis can be reached again. */
  onReady: (listener: () => void) => void
  health: () => Promise<'ok' | 'unreachable'>
  close: () => void
}

const RECONNECT_AFTER_AT_MOST_MS = 1000
/** ioredis: connect anew, as to the new primary after a failover, and send the command that failed once more. */
const SEND_AGAIN = 2
/** Longer than any blocking read: a connection that is silent for so long is dead, though nobody said so. */
const SILENT_MS = 15_000

/** Connect to Redis; resolves also where it is away. That it is gone, or back, is told once in the log. */
export async function openRedis (url: string, log: Log): Promise<RedisConnections> {
  const open = new Set<Redis>()
  let isReachable: boolean | null = null

  /** BullMQ duplicates what it is given: the copies have to be closed as well. An error that nobody listens to would end the process. */
  function track (redis: Redis): Redis {
    open.add(redis)
    redis.on('error', (error: unknown) => log.debug({ reason: reasonOf(error) }, 'the connection to Redis failed'))
    const duplicate = redis.duplicate.bind(redis)
    redis.duplicate = (options) => track(duplicate(options))
    return redis
  }

  function lost (reason: string): void {
    if (isReachable === false || open.size === 0) return
    isReachable = false
    log.warn({ reason }, 'Redis cannot be reached: runs are accepted and shown, but none goes on until it is back (check REDIS_URL if it never was)')
  }

  function found (): void {
    if (isReachable === false) log.info('Redis can be reached again')
    isReachable = true
  }

  const quick = await openQuickConnection(url, log)
  open.add(quick)
  if (quick.status === 'ready') found()
  quick.on('ready', found)
  quick.on('error', (error) => lost(reasonOf(error)))
  quick.on('close', () => { if (isReachable === true) lost('the connection was closed') })

  return {
    quick,
    patient: () => track(new Redis(url, {
      maxRetriesPerRequest: null,
      socketTimeout: SILENT_MS,
      retryStrategy: (times) => Math.min(50 * 2 ** times, RECONNECT_AFTER_AT_MOST_MS),
      reconnectOnError: (error) => error.message.startsWith('READONLY') ? SEND_AGAIN : false,
    })),
    onReady: (listener) => quick.on('ready', listener),
    async health () {
      if (quick.status !== 'ready') return 'unreachable'
      return await quick.ping().then(() => 'ok' as const, () => 'unreachable' as const)
    },
    close () {
      const all = [...open]
      open.clear()
      for (const redis of all) redis.disconnect()
    },
  }
}

/** Of an error from Redis only its words: the error itself carries the command that failed, and that of AUTH has the password in it. */
export function reasonOf (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.message !== '') return error.message
  return 'code' in error ? String(error.code) : error.name
}
