import t from 'tap'
import { createFakeClock } from '../fake-clock.ts'
import { skipOnReplicas, startService } from '../service.ts'

const untilLogged = async (log: () => string, text: RegExp): Promise<void> => {
  while (!text.test(log())) await new Promise((resolve) => setTimeout(resolve, 2))
}

t.test('as soon as it listens the service gets a token, which its first run uses', async (t) => {
  const service = await startService(t, { sandbox: { latencyMs: 20 } })
  t.match(await service.ingest({ limit: 3 }), { status: 'succeeded' })
  t.equal(service.sandbox.sandbox.stats().token, 1)
  t.notMatch(service.log(), /no token from Spotify|refuses the credentials/)
})

t.test('wrong credentials are in the log without any run, and the service goes on', async (t) => {
  const service = await startService(t, { env: { SPOTIFY_CLIENT_SECRET: 'wrong' } })
  await untilLogged(
    service.log,
    /"level":50,.*"code":"invalid_client","detail":"[^\n]*check SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET[^\n]*"msg":"Spotify refuses the credentials"/
  )
  t.equal((await service.get('/health/ready')).statusCode, 200)
  t.equal(service.sandbox.sandbox.stats().token, 1)
})

t.test('a token endpoint that fails is in the log too', async (t) => {
  const service = await startService(t, { sandbox: { faults: [{ kind: 'server-error-html', endpoint: 'token' }] } })
  await untilLogged(
    service.log,
    /"level":40,.*"code":"upstream_unavailable","detail":"the token endpoint answered 502[^\n]*"msg":"no token from Spotify yet"/
  )
  t.equal((await service.get('/health/ready')).statusCode, 200)
})

t.test('a token endpoint that does not answer delays neither the start nor the end', async (t) => {
  const startedMs = performance.now()
  const service = await startService(t, {
    sandbox: { faults: [{ kind: 'stall', endpoint: 'token' }] },
    env: { SPOTIFY_TIMEOUT_MS: '60000' },
  })
  while (service.sandbox.sandbox.stats().token === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  await service.app.close()
  t.ok(performance.now() - startedMs < 10_000)
  t.notMatch(service.log(), /no token from Spotify|refuses the credentials|could not be checked/)
})

t.test("during a pause of Spotify's nothing is " +
  'asked at the start', { skip: skipOnReplicas('the clock that stands is not that of PostgreSQL') }, async (t) => {
  const clock = createFakeClock()
  for (const endpoint of ['album', 'token'] as const) {
    const service = await startService(t, {
      sandbox: { faults: [{ kind: 'quota', endpoint, times: 1, retryAfter: '3600' }] },
      dependencies: { clock },
    })
    t.match(await service.ingest({ limit: 3 }), { status: 'paused' })
    await service.app.close()
    const { token } = service.sandbox.sandbox.stats()
    const restarted = await startService(t, { on: service, dataDir: service.dataDir, dependencies: { clock } })
    t.match(await restarted.ingest({ limit: 4 }), { status: 'paused' })
    await restarted.app.close()
    t.equal(service.sandbox.sandbox.stats().token, token)
    t.notMatch(restarted.log(), /no token from Spotify|refuses the credentials|could not be checked/)
  }
})
