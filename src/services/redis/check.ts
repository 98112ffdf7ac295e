import { ServiceError } from '../../errors.ts'
import { type Log } from '../log.ts'
import { type RedisConnections, reasonOf } from './connections.ts'

const OLDEST = [6, 2] as const

/**
 * What makes a Redis unfit: an old one is refused, one that may throw keys away is warned of. One that is away is
 * asked when it is there, and then an old one is told in the log.
 */
export async function checkRedis (redis: RedisConnections, log: Log): Promise<void> {
  redis.onReady(() => { ask(redis, log).catch((error: unknown) => log.error(reasonOf(error))) })
  if (redis.quick.status === 'ready') await ask(redis, log)
}

async function ask ({ quick }: RedisConnections, log: Log): Promise<void> {
  const info = await quick.info().catch((error: unknown) => {
    log.warn({ reason: reasonOf(error) }, 'Redis does not say which version it is: it must be 6.2 or newer, with maxmemory-policy noeviction')
    return ''
  })
  const problem = versionProblem(info)
  if (problem !== null) throw new ServiceError('redis_unfit', problem)
  const policy = /^maxmemory_policy:(.*)$/m.exec(info)?.[1]?.trim()
  if (policy !== undefined && policy !== 'noeviction') {
    log.warn({ policy }, "Redis may throw away what it holds: set its maxmemory-policy to noeviction; until then runs may wait for the next minute's sweep")
  }
}

/** Of what INFO says; null: it is new enough, or does not tell. */
export function versionProblem (info: string): string | null {
  const version = /^redis_version:(\d+)\.(\d+)/m.exec(info)
  const [major, minor] = [Number(version?.[1]), Number(version?.[2])]
  if (version === null || major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return null
  return `REDIS_URL names a Redis ${major}.${minor}: use ${OLDEST.join('.')} or newer`
}
