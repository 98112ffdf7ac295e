import t from 'tap'
import { startService } from '../service.ts'

t.test('a service that is closing refuses what still comes, with when to come back; the ' +
  'live probe is answered as ever', async (t) => {
  const service = await startService(t)
  const { runs } = service.app
  const close = runs.close
  let release = (): void => {}
  const held = new Promise<void>((resolve) => { release = resolve })
  runs.close = async () => {
    await held
    await close()
  }
  const closing = service.app.close()
  for (const path of ['/runs', '/health/ready', '/openapi.json']) {
    const answer = await service.get(path)
    t.equal(answer.statusCode, 503, path)
    t.match(answer.headers, { 'content-type': /^application\/problem\+json/, 'retry-after': '5', connection: 'close' })
    t.match(await answer.body.json(), { code: 'shutting_down', status: 503 })
  }
  t.equal((await service.post()).statusCode, 503)
  t.equal((await service.get('/health/live')).statusCode, 200)
  release()
  await closing
})
