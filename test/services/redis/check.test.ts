import t from 'tap'
import { checkRedis, versionProblem } from '../../../src/services/redis/check.ts'
import { type RedisConnections, openRedis } from '../../../src/services/redis/connections.ts'
import { settle } from '../../fake-clock.ts'
import { startRedis } from '../../redis.ts'
import { createRecordingLog } from '../recording-log.ts'

const VERSIONS: Array<[info: string, isFit: boolean]> = [
  ['redis_version:5.0.14', false], ['redis_version:6.0.20', false], ['redis_version:6.2.0', true], ['redis_version:6.2.14', true],
  ['redis_version:7.0.15', true], ['redis_version:7.2.4\r\nvalkey_version:8.0.1', true], ['redis_version:10.0.1', true], ['', true], ['# Server', true],
]
for (const [info, isFit] of VERSIONS) {
  t.test(`${JSON.stringify(info)} is ${isFit ? 'new enough, or does not tell' : 'too old, and that is said in a line that names the variable'}`, async (t) => {
    const problem = versionProblem(`# Server\r\n${info}\r\nredis_mode:standalone`)
    if (isFit) t.equal(problem, null)
    else t.match(problem, /^REDIS_URL names a Redis [56]\.0: use 6\.2 or newer$/)
  })
}

t.test('a Redis that may throw keys away is warned of; one that may not is not', async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  const log = createRecordingLog()
  const connections = await openRedis(redis.url, log)
  t.teardown(() => connections.close())
  await checkRedis(connections, log)
  t.same(log.lines.filter((line) => line.startsWith('warn')), [])
  await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
  await checkRedis(connections, log)
  const advice = /set its maxmemory-policy to noeviction/
  t.match(log.lines.filter((line) => line.startsWith('warn')), [advice])
})

/** Of a Redis that cannot be had: what it says, and when. */
function oldRedis (status: string) {
  const listeners: Array<() => void> = []
  const redis = { quick: { status, info: async () => 'redis_version:5.0.14' }, onReady: (listener: () => void) => listeners.push(listener) }
  // a connection has a hundred methods more, none of which the check calls
  return { redis: redis as unknown as RedisConnections, ready: () => { for (const listener of listeners) listener() } }
}

t.test('a Redis that is too old is refused at the start; one that was away then is told in the log when it is there', async (t) => {
  await t.rejects(checkRedis(oldRedis('ready').redis, createRecordingLog()), { code: 'redis_unfit', message: /^REDIS_URL names a Redis 5\.0/ })
  const log = createRecordingLog()
  const { redis, ready } = oldRedis('connecting')
  await checkRedis(redis, log)
  t.same(log.lines, [])
  ready()
  await settle()
  t.match(log.lines, ['error REDIS_URL names a Redis 5.0: use 6.2 or newer'])
})
