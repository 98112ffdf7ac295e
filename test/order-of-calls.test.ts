import t, { type Test } from 'tap'
import { Agent, type Dispatcher } from 'undici'
import { createGate } from './services/gate.ts'
import { startService } from './service.ts'

const DEADLOCK_MS = 30_000

/** A dispatcher that tells what is sent, and lets the test hold answers back. */
function createObserver (t: Test, onSent: (path: string) => Promise<void> | undefined) {
  const agent = new Agent({ connections: 10 })
  t.teardown(async () => await agent.destroy())
  async function request (options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
    const held = onSent(options.path.replace('/v1', ''))
    const answer = await agent.request(options)
    await held
    return answer
  }
  return { request } as unknown as Dispatcher // the only method that is called
}

for (const pagination of ['next', 'offset'] as const) {
  t.test(`development tier, ${pagination}: no page of the listing waits for an ` +
    'album of the page before it', { timeout: DEADLOCK_MS }, async (t) => {
    let pages = Array.from({ length: 10 }, () => createGate())
    let order: string[] = []
    const dispatcher = createObserver(t, (path) => {
      const url = new URL(path, 'http://spotify')
      if (url.pathname === '/search' && url.searchParams.get('limit') === '10') {
        pages[Number(url.searchParams.get('offset')) / 10]?.resolve()
      }
      const place = order.indexOf(url.pathname.replace('/albums/', ''))
      return place === -1 ? undefined : pages[Math.floor(place / 10) + 1]?.promise
    })
    const service = await startService(t, {
      sandbox: { tier: 'development' },
      dependencies: { dispatcher },
      env: { SPOTIFY_TIMEOUT_MS: String(DEADLOCK_MS) },
    })
    order = service.sandbox.sandbox.catalogue.searchOrder.slice(0, 100)
    for (const time of ['first', 'second']) {
      t.match(
        await service.ingest({ source: 'search', pagination, refresh: true }),
        { status: 'succeeded', progress: { albumsFetched: 100 } },
        `${time} run`
      )
      pages = pages.map(() => createGate())
    }
  })
}

t.test('extended tier: the other batches do not wait for the ' +
  'further tracks of the first one', { timeout: DEADLOCK_MS }, async (t) => {
  const batches = createGate()
  const sent: string[] = []
  const dispatcher = createObserver(t, (path) => {
    if (path.startsWith('/albums?') && sent.push(path) === 5) batches.resolve()
    return path.includes('/tracks?') ? batches.promise : undefined
  })
  const service = await startService(t, {
    sandbox: { tier: 'extended' },
    dependencies: { dispatcher },
    env: { SPOTIFY_TIMEOUT_MS: String(DEADLOCK_MS) },
  })
  t.match(await service.ingest(), { status: 'succeeded', progress: { albumsFetched: 100 } })
  const { catalogue } = service.sandbox.sandbox
  const first = new URL(sent[0] ?? '', 'http://spotify').searchParams.get('ids')?.split(',') ?? []
  t.ok(first.some((id) => catalogue.trackTotal(id) > 50), 'there are such tracks in the first batch')
})
