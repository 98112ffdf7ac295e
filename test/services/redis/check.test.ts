import t from 'tap'
import { checkRedis, versionProblem } from '../../../src/services/redis/check.ts'
import { openRedis } from '../../../src/services/redis/connections.ts'
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

t.test('a Redis that was away at the start is asked when it is there', async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  await redis.kill()
  const log = createRecordingLog()
  const connections = await openRedis(redis.url, log)
  t.teardown(() => connections.close())
  await checkRedis(connections, log)
  const asked = new Promise<void>((resolve) => {
    const info = connections.quick.info.bind(connections.quick)
    connections.quick.info = async () => {
      resolve()
      return await info()
    }
  })
  await redis.restart()
  await asked
  t.equal(connections.quick.status, 'ready')
})
