import { once } from 'node:events'
import { Redis } from 'ioredis'
import { type Log } from '../log.ts'

const CONNECTS_WITHIN_MS = 2000
/** A Redis that says nothing for so long is taken for gone, and connected to anew. */
const ANSWERS_WITHIN_MS = 2000
const LONGEST_PAUSE_MS = 500

/**
 * A connection for those who would rather know at once that Redis is away than wait for it: a command is sent
 * once or refused, and never sent again, since it may have been obeyed. It connects again by itself, for ever.
 * Resolves when it is connected, or could not be for 2 s.
 */
export async function openQuickConnection (url: string, log: Log): Promise<Redis> {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: ANSWERS_WITHIN_MS,
    socketTimeout: ANSWERS_WITHIN_MS,
    retryStrategy: (times) => Math.min(LONGEST_PAUSE_MS, 50 * 2 ** (times - 1)),
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  })
  redis.on('error', ({ message }: Error) => log.debug({ reason: message }, 'the connection to Redis failed'))
  await once(redis, 'ready', { signal: AbortSignal.timeout(CONNECTS_WITHIN_MS) }).catch(() => {})
  return redis
}
