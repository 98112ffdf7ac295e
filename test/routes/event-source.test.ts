import t from 'tap'
import { EventSource, request } from 'undici'
import type { Run } from '../../src/schemas/run.ts'
import { ended, startService } from '../service.ts'

t.test('an EventSource that has got the end of a run stops connecting again', async (t) => {
  const service = await startService(t, { sandbox: { latencyMs: 5 } })
  let connections = 0
  service.app.server.on('request', ({ url }: { url: string }) => { if (url.endsWith('/events')) connections++ })
  const { id } = await (await service.post({ limit: 20 })).body.json() as Run
  const source = new EventSource(`${service.url}/runs/${id}/events`)
  t.teardown(() => source.close())
  const events: string[] = []
  for (const name of ['status', 'progress', 'end']) source.addEventListener(name, () => { events.push(name) })
  await new Promise<void>((resolve) => {
    source.onerror = () => { if (source.readyState === EventSource.CLOSED) resolve() }
  })
  t.equal(events.filter((name) => name === 'end').length, 1)
  t.equal(events.at(-1), 'end')
  t.equal(connections, 2)
})

t.test('204 is only for the end that the client has got', async (t) => {
  const service = await startService(t, {
    sandbox: { faults: [{ kind: 'server-error-json', endpoint: 'album' }] },
    env: { SPOTIFY_MAX_ATTEMPTS: '1' },
  })
  const run = await service.ingest({ limit: 3 })
  const url = `${service.url}/runs/${run.id}/events`
  const first = await request(url)
  const text = await first.body.text()
  const ids = [...text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id ?? '')
  t.equal(ids.length, 2, 'status and end')
  const again = async (id: string): Promise<number> => {
    const { statusCode, body } = await request(url, { headers: { 'last-event-id': id } })
    await body.dump()
    return statusCode
  }
  t.equal(await again(ids[0] ?? ''), 200, 'the end has not come yet')
  t.equal(await again('end-of-another'), 200)
  t.equal(await again(ids[1] ?? ''), 204)
  service.sandbox.sandbox.change({ faults: [] })
  t.equal((await request(`${service.url}/runs/${run.id}/resume`, { method: 'POST' })).statusCode, 202)
  t.equal((await ended(service.app, run.id)).status, 'succeeded')
  t.equal(await again(ids[1] ?? ''), 200, 'after it was resumed, there is another end')
})
