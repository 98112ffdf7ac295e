import { sql } from 'kysely'
import t from 'tap'
import { cacheKey } from '../src/services/ingest/cached-album.ts'
import type { SandboxSettings } from '../src/sandbox/settings/settings.ts'
import type { SandboxStats } from '../src/sandbox/calls/stats.ts'
import { createFakeClock } from './fake-clock.ts'
import { isHonest } from './honesty.ts'
import { type AlbumJson, type Service, type ServiceOptions, startService } from './service.ts'
import { matchesTruth } from './truth.ts'

const HOUR_MS = 3_600_000
const NOTHING = {}

for (const { tier, listing } of [
  { tier: 'development', listing: { search: { 200: 10 } } },
  { tier: 'extended', listing: { newReleases: { 200: 2 } } },
] as const) {
  t.test(`${tier} tier: a second run on the same listing calls for the listing alone, and gives ` +
    'the same albums to the byte', async (t) => {
    const service = await startService(t, { sandbox: { tier } })
    const first = await service.ingest()
    t.equal(first.cost.cached, 0)
    service.sandbox.sandbox.resetStats()
    const second = await service.ingest({ pagination: 'offset' })
    t.match(second, { status: 'succeeded', complete: true, gaps: [], progress: first.progress, cost: { cached: 100 } })
    t.strictSame(callsOf(service), listing)
    t.equal(second.cost.calls, service.sandbox.sandbox.stats().calls)
    t.equal(await albumsText(service, second.id), await albumsText(service, first.id))
    matchesTruth(t, await service.document(second.id), service.sandbox, service.sandboxUrl)
  })

  t.test(`${tier} tier: a new process uses what the one before fetched`, async (t) => {
    const first = await startService(t, { sandbox: { tier } })
    const { cost } = await first.ingest()
    const second = await restart(t, first)
    const run = await second.ingest()
    t.match(run, { status: 'succeeded', cost: { cached: 100 } })
    const calls = callsOf(second)
    t.same(
      [calls['album'], calls['albums'], calls['albumTracks']],
      [undefined, undefined, undefined],
      `${run.cost.calls} calls`
    )
    t.ok(run.cost.calls < cost.calls)
    matchesTruth(t, await second.document(run.id), second.sandbox, second.sandboxUrl)
  })
}

t.test('source albums, all of them cached: not one call, and no token but that of the start', async (t) => {
  const first = await startService(t)
  const albumIds = first.sandbox.sandbox.catalogue.ids.slice(0, 30)
  await first.ingest({ source: 'albums', albumIds })
  const second = await restart(t, first)
  t.match(await second.ingest({ source: 'albums', albumIds: albumIds.slice(5, 25) }), {
    status: 'succeeded',
    progress: { albumsFetched: 20 },
    cost: { calls: 0, cached: 20, byEndpoint: {} },
  })
  t.ok(second.sandbox.sandbox.stats().token <= 1)
})

t.test('what is cached is no obstacle during a pause: such a run ends, another ' +
  'one waits with what is cached', async (t) => {
  const service = await startService(t)
  const ids = service.sandbox.sandbox.catalogue.ids
  await service.ingest({ source: 'albums', albumIds: ids.slice(0, 10) })
  service.sandbox.sandbox.change({ quota: { calls: 0, retryAfterS: 48925 } })
  t.match(await service.ingest({ source: 'albums', albumIds: ids.slice(0, 11) }), {
    status: 'paused',
    progress: { albumsFetched: 10 },
    cost: { cached: 10 },
  })
  service.sandbox.sandbox.resetStats()
  t.match(await service.ingest({ source: 'albums', albumIds: ids.slice(0, 9) }), {
    status: 'succeeded',
    cost: { calls: 0, cached: 9 },
  })
})

t.test('batches stay full: only albums that are not cached are in them', async (t) => {
  const service = await startService(t, { sandbox: { tier: 'extended' } })
  const { newReleases } = service.sandbox.sandbox.catalogue
  await service.ingest({ source: 'albums', albumIds: newReleases.filter((_id, place) => place % 5 < 3) })
  service.sandbox.sandbox.resetStats()
  t.match(await service.ingest(), { status: 'succeeded', cost: { cached: 60 } })
  t.strictSame(callsOf(service)['albums'], { 200: 2 }, '40 albums in two calls')
  matchesTruth(t, await service.document((await service.app.runs.latest()).id), service.sandbox, service.sandboxUrl)
})

t.test('refresh: true fetches all anew, and what it fetched is used again', async (t) => {
  const clock = createFakeClock({ skipping: true })
  const service = await startService(t, { dependencies: { clock } })
  await service.ingest({ limit: 10 })
  clock.jump(20 * HOUR_MS)
  t.match(await service.ingest({ limit: 10, refresh: true }), {
    status: 'succeeded',
    cost: { cached: 0, byEndpoint: { album: 10 } },
  })
  clock.jump(20 * HOUR_MS)
  t.match(
    await service.ingest({ limit: 10 }),
    { status: 'succeeded', cost: { cached: 10 } },
    'the age counts from the second time'
  )
})

t.test('an album is used for ALBUM_CACHE_HOURS, counted from when Spotify sent it; not ' +
  'by a clock that jumped back', async (t) => {
  const clock = createFakeClock({ skipping: true })
  const service = await startService(t, { dependencies: { clock }, env: { ALBUM_CACHE_HOURS: '2' } })
  const cached = async (): Promise<number> => (await service.ingest({ limit: 10 })).cost.cached
  t.equal(await cached(), 0)
  clock.jump(2 * HOUR_MS - 1000)
  t.equal(await cached(), 10)
  clock.jump(1000)
  t.equal(await cached(), 0, 'using it has not made it younger')
  clock.jump(-HOUR_MS)
  t.equal(await cached(), 0, 'from the future')
})

t.test('ALBUM_CACHE_HOURS=0: nothing is kept, nothing is used, and what was kept is deleted', async (t) => {
  const first = await startService(t)
  await first.ingest({ limit: 5 })
  t.equal((await entries(first)).length, 5)
  const second = await restart(t, first, { env: { ALBUM_CACHE_HOURS: '0' } })
  t.match(await second.ingest({ limit: 5 }), { status: 'succeeded', cost: { cached: 0, byEndpoint: { album: 5 } } })
  while ((await entries(second)).length > 0) await new Promise(setImmediate)
  t.same(await entries(second), [])
})

t.test('an album for one market is none for another', async (t) => {
  const service = await startService(t)
  const albumIds = service.sandbox.sandbox.catalogue.ids.slice(0, 6)
  const cached = async (market?: string): Promise<number> =>
    (await service.ingest({ source: 'albums', albumIds, ...(market === undefined ? {} : { market }) })).cost.cached
  t.same([await cached(), await cached('DE'), await cached('US'), await cached('DE'), await cached()], [0, 0, 0, 6, 6])
})

t.test('an album of another tier, another app or another API is fetched anew', async (t) => {
  const service = await startService(t)
  await service.ingest({ limit: 5 })
  service.sandbox.sandbox.change({ tier: 'extended' })
  const upgraded = await restart(t, service)
  await upgraded.get('/diagnose?refresh=true') // sets right what is remembered of the tier
  const run = await upgraded.ingest({ limit: 5 })
  t.match(run, { status: 'succeeded', source: { used: 'new-releases' }, cost: { cached: 0 } })
  matchesTruth(t, await upgraded.document(run.id), service.sandbox, service.sandboxUrl)

  service.sandbox.sandbox.change({ clientId: 'another-app' })
  const another = await restart(t, upgraded, { env: { SPOTIFY_CLIENT_ID: 'another-app' } })
  t.match(await another.ingest({ limit: 5 }), { status: 'succeeded', cost: { cached: 0 } })
  await another.app.close()
  const sameDatabase = {
    DATABASE_URL: service.app.config.DATABASE_URL,
    DATABASE_SCHEMA: service.app.config.DATABASE_SCHEMA,
  }
  const elsewhere = await startService(t, {
    dataDir: service.dataDir,
    sandbox: { tier: 'extended' },
    env: sameDatabase,
  })
  t.match(await elsewhere.ingest({ limit: 5 }), { status: 'succeeded', cost: { cached: 0 } })
})

t.test('an album that has grown since is fetched anew', async (t) => {
  const service = await startService(t)
  const { limit } = (await service.ingest({ limit: 10 })).request
  const { catalogue } = service.sandbox.sandbox
  await rewriteOne(service, (head, body) => {
    const album = JSON.parse(body) as AlbumJson
    album.tracks.items.pop()
    return [
      {
        ...head,
        slots: Number(head['slots']) - 1,
        valid: Number(head['valid']) - 1,
        expected: Number(head['expected']) - 1,
      },
      JSON.stringify(album),
    ]
  })
  const run = await service.ingest({ limit, pagination: 'offset' })
  t.match(run, { status: 'succeeded', cost: { cached: 9, byEndpoint: { album: 1 } } })
  t.equal(
    run.progress.tracks,
    catalogue.searchOrder.slice(0, 10).reduce((sum, id) => sum + catalogue.trackTotal(id), 0)
  )
  matchesTruth(t, await service.document(run.id), service.sandbox, service.sandboxUrl)
  t.equal((await service.ingest({ limit })).cost.cached, 10, 'and then that one is used')
})

t.test('an album with a gap is never cached, and its rest is when there is one', async (t) => {
  const [id = ''] = (await startService(t)).sandbox.sandbox.catalogue.searchOrder
  for (const { faults, code } of [
    { faults: [{ kind: 'null-track', albumId: id }], code: 'tracks_missing' },
    { faults: [{ kind: 'wrong-total', endpoint: 'album', albumId: id }], code: 'tracks_missing' },
    { faults: [{ kind: 'not-found', endpoint: 'album', albumId: id }], code: 'album_unavailable' },
    { faults: [{ kind: 'broken-item', endpoint: 'album', albumId: id }], code: 'upstream_invalid' },
  ] satisfies Array<{ faults: SandboxSettings['faults'], code: string }>) {
    const service = await startService(t, { sandbox: { faults } })
    const first = await service.ingest({ limit: 10 })
    t.match(first, { status: 'partial', gaps: [{ albumId: id, code }] })
    t.equal((await entries(service)).length, 9)
    service.sandbox.sandbox.change({ faults: [] })
    const second = await service.ingest({ limit: 10, pagination: 'offset' })
    t.match(second, { status: 'succeeded', gaps: [], cost: { cached: 9, byEndpoint: { album: 1 } } })
    isHonest(t, second, await service.document(second.id), service.sandbox, service.sandboxUrl, 'no lie')
  }
})

t.test('a run that goes on takes from the cache what another run has fetched since', async (t) => {
  const service = await startService(t, {
    sandbox: { faults: [{ kind: 'server-error-json', endpoint: 'album', skip: 20 }] },
  })
  const partial = await service.ingest({ limit: 60 })
  t.equal(partial.status, 'partial')
  service.sandbox.sandbox.change({ faults: [] })
  await service.ingest({ limit: 60, pagination: 'offset' })
  service.sandbox.sandbox.resetStats()
  await service.app.runs.resume(partial.id)
  const resumed = await service.app.runs.waitForEnd(partial.id, 10_000, new AbortController().signal)
  t.match(resumed, { status: 'succeeded', complete: true, cost: { cached: 60 - partial.progress.albumsFetched } })
  t.strictSame(callsOf(service), NOTHING)
  matchesTruth(t, await service.document(partial.id), service.sandbox, service.sandboxUrl)
})

t.test('a cache that can be neither read nor written costs no run, and one line', async (t) => {
  const service = await startService(t)
  const { queries } = service.app.engine.database
  await sql`alter table cached_albums rename to elsewhere`.execute(queries)
  t.match(await service.ingest({ limit: 10 }), { status: 'succeeded', cost: { cached: 0 } })
  t.equal(service.log().split('album cache unavailable').length - 1, 1)
  await sql`alter table elsewhere rename to cached_albums`.execute(queries)
  await service.ingest({ limit: 10, pagination: 'offset' })
  t.match(await service.ingest({ limit: 10 }), { cost: { cached: 10 } }, 'and works again when it can')
})

t.test('damaged entries are fetched anew', async (t) => {
  const service = await startService(t)
  await service.ingest({ limit: 10 })
  const [zeros = '', changed = '', exchanged = '', other = ''] = await entries(service)
  const { queries } = service.app.engine.database
  const bodyOf = async (key: string): Promise<string> =>
    (await queries.selectFrom('cached_albums').select('body').where('key', '=', key).executeTakeFirstOrThrow()).body
  const put = async (key: string, body: string): Promise<void> => {
    await queries.updateTable('cached_albums').set({ body }).where('key', '=', key).execute()
  }
  await put(zeros, '0')
  await put(changed, (await bodyOf(changed)).replace('"name":"', '"name":"x'))
  await put(exchanged, await bodyOf(other))
  const run = await service.ingest({ limit: 10, pagination: 'offset' })
  t.match(run, { status: 'succeeded', cost: { cached: 7, byEndpoint: { album: 3 } } })
  matchesTruth(t, await service.document(run.id), service.sandbox, service.sandboxUrl)
})

function callsOf ({ sandbox }: Service): Record<string, Record<string, number> | undefined> {
  const { byEndpoint }: SandboxStats = sandbox.sandbox.stats()
  return Object.fromEntries(
    Object.entries(byEndpoint)
      .filter(([name, { total }]) => name !== 'token' && total > 0)
      .map(([name, { byStatus }]) => [name, byStatus])
  )
}

/** The document's text from the albums on. */
async function albumsText (service: Service, id: string): Promise<string> {
  const text = await (await service.get(`/runs/${id}`)).body.text()
  return text.slice(text.indexOf(',"albums":['))
}

/** Another process on the same folder and sandbox, whose statistics begin anew. */
async function restart (
  t: Parameters<typeof startService>[0],
  { app, dataDir, sandbox, sandboxUrl }: Service,
  options: ServiceOptions = {}
): Promise<Service> {
  await app.close()
  sandbox.sandbox.resetStats()
  return await startService(t, { on: { sandbox, sandboxUrl }, dataDir, ...options })
}

async function entries ({ app }: Service): Promise<string[]> {
  const rows = await app.engine.database.queries.selectFrom('cached_albums').select('key').orderBy('key').execute()
  return rows.map(({ key }) => key)
}

/** Put another album, and what is known of it, in the place of a cached one that has several tracks. */
async function rewriteOne (
  service: Service,
  change: (head: Record<string, unknown>, body: string) => [object, string]
): Promise<void> {
  const store = service.app.albumCaching?.store
  if (store === undefined) throw new Error('the cache is off')
  const { catalogue } = service.sandbox.sandbox
  const id = catalogue.searchOrder.slice(0, 10).find((id) => catalogue.trackTotal(id) > 3) ?? ''
  const key = cacheKey(service.app.spotify.memory.scope, id, null)
  const entry = await store.read(key)
  if (entry === null) throw new Error('the album is not cached')
  const [head, body] = change(entry.meta.head, entry.body)
  await store.write(entry.storedAtMs, [{ key, meta: { ...entry.meta, head: head as typeof entry.meta.head }, body }])
}
