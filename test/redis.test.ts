import { connect } from 'node:net'
import t from 'tap'
import { startRedis } from './redis.ts'

t.test('the Redis of a test: empty, private, gone when it is killed, and empty again on the same port', async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  await redis.command('SET', 'a', '1')
  t.equal(await redis.command('GET', 'a'), '1')
  await redis.flush()
  t.equal(await redis.command('GET', 'a'), null)
  await redis.command('SET', 'a', '1')
  await redis.kill()
  await t.rejects(redis.command('PING'))
  await redis.restart()
  t.equal(await redis.command('GET', 'a'), null)
})

t.test('one with an append-only file comes back with what it held, though it was killed', async (t) => {
  const redis = await startRedis(t, { appendOnly: true })
  if (redis === null) return
  await redis.command('SET', 'a', '1')
  await redis.command('SET', 'lock', '1', 'PX', 100_000)
  await redis.restart()
  t.equal(await redis.command('GET', 'a'), '1')
  const leftMs = Number(await redis.command('PTTL', 'lock'))
  t.ok(leftMs > 0 && leftMs < 100_000, 'and its locks run out when they would have')
})

t.test('it does not outlive its test', async (t) => {
  let port = 0
  await t.test('a test with a Redis', async (t) => { port = (await startRedis(t))?.port ?? 0 })
  if (port === 0) return
  const refused = await new Promise((resolve) => connect(port, '127.0.0.1').once('error', resolve))
  t.match(refused, { code: 'ECONNREFUSED' })
})
