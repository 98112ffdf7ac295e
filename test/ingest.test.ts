import t from 'tap'
import { request } from 'undici'
import type { SandboxStats } from '../src/sandbox/calls/stats.ts'
import { ended, startService } from './service.ts'
import { matchesTruth } from './truth.ts'

const PAGE = 50

for (const tier of ['extended', 'development'] as const) {
  for (const pagination of ['next', 'offset'] as const) {
    t.test(`${tier} tier, ${pagination} pagination: 100 new albums with every track, in the order of the ` +
      'listing, for the least calls', async (t) => {
      const service = await startService(t, { sandbox: { tier } })
      const run = await service.ingest({ pagination })
      t.match(run, {
        status: 'succeeded',
        complete: true,
        gaps: [],
        error: null,
        progress: { albumsListed: 100, albumsFetched: 100 },
      })
      const document = await service.document(run.id)
      const { catalogue } = service.sandbox.sandbox
      const listing = tier === 'extended' ? catalogue.newReleases : catalogue.searchOrder
      t.strictSame(
        document.albums.map(({ id }) => id),
        listing.slice(0, 100),
        'the first 100 of the listing, in its order'
      )
      matchesTruth(t, document, service.sandbox, service.sandboxUrl)
      const totals = listing.slice(0, 100).map((id) => catalogue.trackTotal(id))
      t.equal(run.progress.tracks, totals.reduce((sum, tracks) => sum + tracks, 0), 'the progress counts every track')
      t.ok(Math.max(...totals) > 2 * PAGE, 'an album over 100 tracks is among them')

      const furtherPages = totals.reduce((sum, tracks) => sum + Math.max(0, Math.ceil(tracks / PAGE) - 1), 0)
      const stats = service.sandbox.sandbox.stats()
      t.equal(stats.token, 1, 'one token')
      t.strictSame(
        callsOf(stats),
        tier === 'extended'
          ? { newReleases: { 200: 2 }, albums: { 200: 5 }, albumTracks: { 200: furtherPages } }
          : {
              newReleases: { 403: 1 },
              search: { 200: 10, 400: 2 },
              albums: { 403: 1 },
              album: { 200: 100 },
              albumTracks: { 200: furtherPages },
            }
      )
      t.equal(run.cost.calls, stats.calls, 'the cost is what the sandbox counted')
    })
  }
}

t.test('what the tier allows is asked once in the life of the process', async (t) => {
  const service = await startService(t, { sandbox: { tier: 'development' } })
  await service.ingest()
  service.sandbox.sandbox.resetStats()
  const run = await service.ingest({ pagination: 'offset' })
  t.match(run, { status: 'succeeded', source: { used: 'search', reason: /new-releases answered 403/ } })
  const { newReleases, search, albums } = callsOf(service.sandbox.sandbox.stats())
  t.strictSame(
    { newReleases, search, albums },
    { newReleases: undefined, search: { 200: 10 }, albums: undefined },
    'no refused call'
  )
})

t.test('runs that start together are refused once, not each', async (t) => {
  const service = await startService(t, {
    sandbox: { tier: 'development', latencyMs: 10 },
    env: { RUN_CONCURRENCY: '5', ALBUM_CACHE_HOURS: '0' },
  })
  const runs = await Promise.all([5, 6, 7, 8, 9].map(async (limit) => await service.app.runs.start({ limit })))
  for (const { id } of runs) t.equal((await ended(service.app, id)).status, 'succeeded')
  const { newReleases, search, albums } = callsOf(service.sandbox.sandbox.stats())
  t.same([newReleases, search?.[400], albums], [{ 403: 1 }, undefined, { 403: 1 }])
})

t.test('listing and fetching overlap: albums are fetched before the listing has ended', async (t) => {
  const service = await startService(t, { sandbox: { tier: 'development', latencyMs: 20 } })
  const { id } = await service.app.runs.start({})
  let fetchedWhileListing = 0
  service.app.runs.watch(id, ({ progress }) => {
    if (progress.albumsListed < 100) fetchedWhileListing = progress.albumsFetched
  })
  t.equal((await ended(service.app, id)).status, 'succeeded')
  t.ok(fetchedWhileListing > 0, `${fetchedWhileListing} albums were there before the last page was listed`)
  const { peakInFlight } = service.sandbox.sandbox.stats()
  t.ok(peakInFlight > 5 && peakInFlight <= 10, `${peakInFlight} calls were in flight, at most SPOTIFY_MAX_CONCURRENCY`)
})

t.test('fewer albums than wanted are complete when Spotify has no more', async (t) => {
  for (const tier of ['extended', 'development'] as const) {
    const service = await startService(t, { sandbox: { tier, albums: 37 } })
    const run = await service.ingest()
    t.match(run, { status: 'succeeded', complete: true, progress: { albumsListed: 37, albumsFetched: 37 } }, tier)
    matchesTruth(t, await service.document(run.id), service.sandbox, service.sandboxUrl)
  }
})

t.test('a limit is kept to the album', async (t) => {
  for (const limit of [1, 2, 7, 19, 21, 51]) {
    const service = await startService(t, { sandbox: { tier: 'extended' } })
    const run = await service.ingest({ limit })
    t.match(run, { status: 'succeeded', progress: { albumsListed: limit, albumsFetched: limit } })
    t.equal((await service.document(run.id)).albums.length, limit)
  }
})

t.test('an empty listing is a failed run, not an empty success', async (t) => {
  const service = await startService(t, { sandbox: { tier: 'development', albums: 0 } })
  const run = await service.ingest()
  t.match(run, { status: 'failed', complete: false, error: { code: 'listing_empty' }, file: null })
  t.match(await service.document(run.id), { status: 'failed', albums: [] }, 'GET answers the run with no albums')
})

t.test('source albums: exactly those, in their order, once each; an unknown one is a gap', async (t) => {
  for (const tier of ['extended', 'development'] as const) {
    const service = await startService(t, { sandbox: { tier } })
    const [a = '', b = '', c = ''] = service.sandbox.sandbox.catalogue.ids.slice(40)
    const unknown = '0000000000000000000000'
    const albumIds = [c, `spotify:album:${a}`, `https://open.spotify.com/album/${b}?si=1`, unknown, a]
    const run = await service.ingest({ source: 'albums', albumIds })
    t.match(run, {
      status: 'partial',
      complete: false,
      request: { limit: 4 },
      gaps: [{ albumId: unknown, code: 'album_unavailable', detail: /404/ }],
    })
    t.equal(run.gaps.length, 1)
    t.strictSame((await service.document(run.id)).albums.map(({ id }) => id), [c, a, b])
  }
})

t.test('source artists: the newest albums of all of them together', async (t) => {
  const service = await startService(t, { sandbox: { tier: 'development' } })
  const { catalogue } = service.sandbox.sandbox
  const artistIds = [...catalogue.artists()].slice(0, 4).map(({ id }) => id)
  const all = new Map(artistIds.flatMap((id) => (catalogue.artistAlbums(id) ?? [])
    .filter(({ group }) => group === 'album' || group === 'single')
    .map((album) => [album.id, String(catalogue.summary(album.id)?.release_date ?? '')] as const)))
  t.ok(all.size > 3)
  const run = await service.ingest({ source: 'artists', artistIds, limit: 3 })
  t.match(run, { status: 'succeeded', source: { used: 'artists' }, progress: { albumsListed: 3, albumsFetched: 3 } })
  const dates = (await service.document(run.id)).albums.map(({ id }) => all.get(id))
  t.strictSame(dates, [...all.values()].sort().reverse().slice(0, 3))
})

t.test('source artists: an album that a newer one displaces when the run goes on is counted no more', async (t) => {
  const service = await startService(t, { sandbox: { tier: 'development' } })
  const { sandbox } = service.sandbox
  const newest = (id: string): string =>
    (sandbox.catalogue.artistAlbums(id) ?? [])
      .map((album) => String(sandbox.catalogue.summary(album.id)?.release_date ?? ''))
      .sort()
      .at(-1) ?? ''
  const [oldest = '', ...others] = [...sandbox.catalogue.artists()]
    .slice(0, 8)
    .map(({ id }) => id)
    .sort((a, b) => (newest(a) < newest(b) ? -1 : 1))
  const latest = others.at(-1) ?? ''
  sandbox.change({ faults: [{ kind: 'not-found', endpoint: 'artistAlbums', times: 2 }] })
  const partial = await service.ingest({ source: 'artists', artistIds: [latest, oldest], limit: 1 })
  t.match(partial, { status: 'partial', progress: { albumsListed: 1, albumsFetched: 1 } })
  const [before] = (await service.document(partial.id)).albums
  await service.app.runs.resume(partial.id)
  const whole = await ended(service.app, partial.id)
  const { albums } = await service.document(partial.id)
  t.not(albums[0]?.id, before?.id, 'it was displaced')
  t.match(whole, {
    status: 'succeeded',
    complete: true,
    progress: { albumsListed: 1, albumsFetched: 1, tracks: albums[0]?.tracks?.items?.length },
  })
})

t.test('source artists: those that Spotify does not have, however many in a row, ' +
  'cost no others their albums', async (t) => {
  const service = await startService(t, { sandbox: { tier: 'development' } })
  const known = [...service.sandbox.sandbox.catalogue.artists()].slice(0, 2).map(({ id }) => id)
  const unknown = Array.from({ length: 6 }, (_, place) => `000000000000000000000${place}`)
  const run = await service.ingest({ source: 'artists', artistIds: [...unknown, ...known], limit: 3 })
  t.match(run, { status: 'partial', progress: { albumsListed: 3, albumsFetched: 3 } })
  t.equal(run.gaps.filter(({ detail }) => detail.includes('404')).length, unknown.length)
  t.equal(run.gaps.length, unknown.length)
})

t.test('a listing that lost an item is healed by a resumption, for the least calls', async (t) => {
  const service = await startService(t, {
    sandbox: { tier: 'extended', faults: [{ kind: 'null-item', endpoint: 'newReleases', skip: 1, times: 1 }] },
  })
  const { id, status } = await service.ingest()
  t.equal(status, 'partial')
  service.sandbox.sandbox.resetStats()
  await request(`${service.url}/runs/${id}/resume`, { method: 'POST' })
  t.match(await ended(service.app, id), {
    status: 'succeeded',
    complete: true,
    gaps: [],
    progress: { albumsListed: 100, albumsFetched: 100 },
  })
  t.strictSame(service.sandbox.sandbox.stats().byEndpoint.newReleases.byStatus, { 200: 2 })
  matchesTruth(t, await service.document(id), service.sandbox, service.sandboxUrl)
})

t.test('source search with a query of one\'s own', async (t) => {
  const service = await startService(t, { sandbox: { tier: 'extended' } })
  const run = await service.ingest({ source: 'search', query: 'tag:new', limit: 60 })
  t.match(run, {
    status: 'succeeded',
    source: { used: 'search', query: 'tag:new', reason: null },
    progress: { albumsFetched: 60 },
  })
})

function callsOf ({ byEndpoint }: SandboxStats): Record<string, Record<string, number> | undefined> {
  return Object.fromEntries(
    Object.entries(byEndpoint)
      .filter(([name, { total }]) => name !== 'token' && total > 0)
      .map(([name, { byStatus }]) => [name, byStatus])
  )
}
