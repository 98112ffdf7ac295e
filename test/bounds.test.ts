import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { type Service, startService } from './service.ts'

const PAGE = 50
const id = (prefix: string, number: number): string => `${prefix}${String(number).padStart(22 - prefix.length, '0')}`
const ARTIST = id('artist', 1)
const span = <T>(from: number, to: number, make: (place: number) => T): T[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => make(from + i))
const trackAt = (place: number): object => ({
  id: id('t', place),
  name: `track ${place}`,
  track_number: place + 1,
  disc_number: 1,
})

interface Upstream {
  /** What `GET /albums/{id}` answers. */
  album?: (id: string) => object
  /** One page of `GET /albums/{id}/tracks`. */
  tracks?: (offset: number, limit: number) => object
  /** One page of a listing. `self` is the address of the API. */
  listing?: (offset: number, limit: number, self: string) => object
}

/** A service whose Spotify answers what the test says; counts the calls. */
async function startWith (
  t: Test,
  { album, tracks, listing }: Upstream,
  env: Record<string, string> = {}
): Promise<{ service: Service, calls: () => number }> {
  let calls = 0
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', `http://${request.headers.host}`)
    const offset = Number(url.searchParams.get('offset'))
    const limit = Number(url.searchParams.get('limit'))
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    if (url.pathname === '/token') return answer(200, { access_token: 'token', token_type: 'Bearer', expires_in: 3600 })
    calls++
    if (url.pathname.endsWith('/tracks')) return answer(200, tracks?.(offset, limit) ?? { items: [], next: null })
    if (/^\/v1\/artists\/|^\/v1\/search/.test(url.pathname)) {
      const page = listing?.(offset, limit, url.origin) ?? { items: [], next: null }
      return answer(200, url.pathname.startsWith('/v1/search') ? { albums: page } : page)
    }
    const one = /^\/v1\/albums\/(\w+)$/.exec(url.pathname)?.[1]
    return one === undefined
      ? answer(403, { error: { status: 403, message: 'Forbidden' } })
      : answer(200, album?.(one) ?? small(one))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { server.closeAllConnections(); server.close() })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const service = await startService(t, {
    env: { SPOTIFY_API_URL: `${origin}/v1`, SPOTIFY_TOKEN_URL: `${origin}/token`, ALBUM_CACHE_HOURS: '0', ...env },
  })
  return { service, calls: () => calls }
}

const small = (albumId: string): object => ({
  id: albumId,
  name: albumId,
  total_tracks: 1,
  tracks: { items: [trackAt(0)], total: 1, next: null },
})
const albumIds = (count: number): string[] => span(1, count + 1, (number) => id('a', number))

/** An album of `tracks`, of which the first page is embedded, as Spotify would send it but for what it claims. */
function shownAs (tracks: object[], claimed: unknown, hasNext = tracks.length > PAGE) {
  return (albumId: string): object => ({
    id: albumId,
    name: 'x',
    total_tracks: claimed,
    tracks: { items: tracks.slice(0, PAGE), total: claimed, next: hasNext ? 'https://api.spotify.com/next' : null },
  })
}
const pagesOf =
  (tracks: object[]) =>
    (offset: number, limit: number): object => ({
      items: tracks.slice(offset, offset + limit),
      next: offset + limit < tracks.length ? 'https://api.spotify.com/next' : null,
      total: tracks.length,
    })

for (const claimed of [1200, 100_000, 1_000_000_000, Number.MAX_SAFE_INTEGER]) {
  t.test(`an album of 12 tracks that claims ${claimed} costs three calls, and says what is missing`, async (t) => {
    const tracks = span(0, 12, trackAt)
    const { service, calls } = await startWith(t, { album: shownAs(tracks, claimed), tracks: pagesOf(tracks) })
    const run = await service.ingest({ source: 'albums', albumIds: albumIds(1) })
    t.match(run, {
      status: 'partial',
      progress: { tracks: 12 },
      gaps: [
        {
          code: 'tracks_missing',
          expectedTracks: claimed,
          tracks: 12,
          detail: new RegExp(`says that the album has ${claimed}`),
        },
      ],
    })
    t.equal(calls(), 3)
  })
}

t.test('an album of 1,203 tracks is whole, at any size of page', async (t) => {
  const tracks = span(0, 1203, trackAt)
  for (const size of [PAGE, 20]) {
    const { service } = await startWith(t, {
      album: shownAs(tracks, 1203),
      tracks: (offset, limit) => pagesOf(tracks)(offset, Math.min(limit, size)),
    })
    t.match(await service.ingest({ source: 'albums', albumIds: albumIds(1) }), {
      status: 'succeeded',
      complete: true,
      progress: { tracks: 1203 },
    })
  }
})

t.test('an album whose pages always name a next one ends: complete after an empty page, else partial', async (t) => {
  const endless = (offset: number, limit: number): object => ({
    items: span(offset, offset + limit, trackAt),
    next: 'https://api.spotify.com/next',
  })
  const first = await startWith(t, { album: shownAs(span(0, PAGE, trackAt), 50, true), tracks: endless })
  t.match(await first.service.ingest({ source: 'albums', albumIds: albumIds(1) }), {
    status: 'partial',
    gaps: [{ code: 'tracks_missing', detail: /further pages/ }],
  })
  t.ok(first.calls() <= 60, `${first.calls()} calls`)
  const second = await startWith(t, {
    album: shownAs(span(0, PAGE, trackAt), 50, true),
    tracks: () => ({ items: [], next: 'https://api.spotify.com/next' }),
  })
  t.match(await second.service.ingest({ source: 'albums', albumIds: albumIds(1) }), { status: 'succeeded' })
  t.ok(second.calls() <= 3, `${second.calls()} calls`)
})

const anyPage = fc.record({
  items: fc.oneof(
    fc.nat(60).map((count) => span(0, count, trackAt)),
    fc.nat(60).map((count) => span(0, count, (place) => trackAt(place + 1000))),
    fc.array(fc.constantFrom(null, 5, {}, { id: null, name: 'x' }), { maxLength: 50 })
  ),
  next: fc.constantFrom(null, 5, '', 'https://api.spotify.com/next'),
  total: fc.oneof(fc.integer(), fc.double(), fc.constantFrom(null, '12', 1e300)),
})

t.test('whatever the pages of an album say, a run ends within a bound of calls, and names what it lacks', async (t) => {
  let album: object = {}
  let pages: object[] = []
  let asked = 0
  const { service, calls } = await startWith(t, {
    album: () => album,
    tracks: () => pages[asked++ % pages.length] ?? {},
  })
  await fc.assert(
    fc.asyncProperty(
      anyPage,
      fc.array(anyPage, { minLength: 1, maxLength: 5 }),
      fc.oneof(fc.nat(), fc.double()),
      async (embedded, answered, claimed) => {
        album = { id: id('a', 1), total_tracks: claimed, tracks: embedded }
        pages = answered
        const before = calls()
        const run = await service.ingest({ source: 'albums', albumIds: albumIds(1) })
        if (calls() - before > 900) throw new Error(`${calls() - before} calls`)
        if (run.complete !== (run.gaps.length === 0)) throw new Error('it does not name what it lacks')
        if (run.error?.code === 'internal_error') throw new Error('internal error')
      }
    ),
    { numRuns: 12 }
  )
})

t.test('an artist whose listing always names a next page: 100 pages, then the gap listing_incomplete', async (t) => {
  const { service, calls } = await startWith(t, {
    listing: (offset, limit, self) => ({
      items: span(offset, offset + limit, (place) => ({ id: id('n', place), name: 'x', release_date: '2026' })),
      next: `${self}/v1/artists/${ARTIST}/albums?offset=${offset + limit}&limit=${limit}`,
      total: 1e9,
    }),
  })
  for (const pagination of ['next', 'offset']) {
    const before = calls()
    const run = await service.ingest({ source: 'artists', artistIds: [ARTIST], limit: 5, pagination })
    t.match(run, {
      status: 'partial',
      listing: { exhausted: false, cappedAt: null },
      gaps: [{ code: 'listing_incomplete', detail: /after 100 pages/ }],
      progress: { albumsFetched: 5 },
    })
    t.ok(calls() - before <= 100 + 4 + 5 + 1, `${calls() - before} calls`)
  }
})

t.test('a page of a listing with 200,000 nulls is a bounded number of gaps', async (t) => {
  const { service } = await startWith(t, {
    listing: () => ({ items: [...span(0, 200_000, () => null), { id: id('a', 1) }], next: null, total: 1 }),
  })
  const run = await service.ingest({ source: 'artists', artistIds: [ARTIST], limit: 5 })
  t.ok(run.gaps.length > 0 && run.gaps.length <= 1000, `${run.gaps.length} gaps`)
})

t.test('every album call answers album B: B once, and a gap for each of the others', async (t) => {
  const ids = albumIds(5)
  const { service } = await startWith(t, { album: () => small(ids[1] ?? '') })
  const run = await service.ingest({ source: 'albums', albumIds: ids })
  t.match(run, { status: 'partial', complete: false, progress: { albumsFetched: 1 } })
  t.same(run.gaps.map(({ code }) => code), ids.slice(1).map(() => 'upstream_invalid'))
  t.same((await service.document(run.id)).albums.map((album) => album.id), [ids[1]])
})

t.test('one album of a batch that makes it unreadable costs that album only', async (t) => {
  const { sandbox, ...service } = await startService(t, { sandbox: { tier: 'extended' } })
  const [poisoned = ''] = sandbox.sandbox.catalogue.newReleases
  sandbox.sandbox.change({
    faults: [
      { kind: 'deep-nesting', albumId: poisoned, endpoint: 'albums' },
      { kind: 'deep-nesting', albumId: poisoned, endpoint: 'album' },
    ],
  })
  const run = await service.ingest({ limit: 40 })
  t.match(run, {
    status: 'partial',
    progress: { albumsFetched: 39 },
    gaps: [{ albumId: poisoned, code: 'upstream_invalid' }],
  })
  t.equal(run.gaps.length, 1)
  t.ok(run.cost.calls <= 4 + 2 * 5 + 20 + 2 * 5 + 10, `${run.cost.calls} calls`)
})

t.test('batches of which none can be read: a bounded number of calls', async (t) => {
  const service = await startService(t, {
    sandbox: {
      tier: 'extended',
      faults: [
        { kind: 'bad-json', endpoint: 'albums' },
        { kind: 'bad-json', endpoint: 'album' },
      ],
    },
  })
  const run = await service.ingest({ limit: 100 })
  t.match(run, { status: 'failed', error: { code: 'nothing_fetched' } })
  t.ok(run.cost.calls <= 2 + 2 * (5 + 20 * 5), `${run.cost.calls} calls`)
})

const RENUMBERED: Array<[string, (place: number) => object]> = [
  [
    'places 5 and 55 equal but for the id',
    (place) => (place === 55 ? { ...trackAt(5), id: id('t', 55) } : trackAt(place)),
  ],
  ['numbers and titles that begin again at 31', (place) => ({ ...trackAt(place % 30), id: id('t', place) })],
  ['local files of different names', (place) => ({ ...trackAt(place), id: null })],
  [
    'tracks whose name or number is null',
    (place) => ({ ...trackAt(place), ...(place % 2 === 0 ? { name: null } : { track_number: null }) }),
  ],
]
for (const [title, make] of RENUMBERED) {
  t.test(`an album of 60, ${title}: complete, each track as it was sent`, async (t) => {
    const tracks = span(0, 60, make)
    const { service } = await startWith(t, { album: shownAs(tracks, 60), tracks: pagesOf(tracks) })
    const run = await service.ingest({ source: 'albums', albumIds: albumIds(1) })
    t.match(run, { status: 'succeeded', complete: true, progress: { tracks: 60 } })
    t.same((await service.document(run.id)).albums[0]?.tracks.items, tracks)
  })
}

t.test('listing says whether Spotify showed all it has, and where its search is cut', async (t) => {
  const capped = await startService(t, {
    sandbox: { tier: 'development', albums: 1520 },
    env: { MAX_ALBUMS_PER_RUN: '1500' },
  })
  const run = await capped.ingest({ source: 'search', limit: 1500 })
  t.match(run, {
    status: 'partial',
    complete: false,
    listing: { exhausted: false, cappedAt: 1000 },
    gaps: [{ code: 'listing_capped', albumId: null }],
    progress: { albumsListed: 1000, albumsFetched: 1000 },
  })
  t.match(await capped.document(run.id), { listing: { exhausted: false, cappedAt: 1000 } })
  t.match(
    await capped.ingest({ source: 'search', limit: 20 }),
    { status: 'succeeded', listing: { exhausted: false, cappedAt: null }, gaps: [] },
    'there is more than was wanted'
  )
  const few = await startService(t, { sandbox: { tier: 'development', albums: 37 } })
  t.match(await few.ingest(), { status: 'succeeded', listing: { exhausted: true, cappedAt: null } })
  t.match(await few.ingest({ limit: 37 }), { status: 'succeeded', progress: { albumsListed: 37 } })
})

t.test('a next of another origin: the listing goes on by counting, whole, and ' +
  'the token goes nowhere else', async (t) => {
  let foreign = 0
  const elsewhere = createServer((_request, response) => { foreign++; response.end() })
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { elsewhere.close() })
  const { port } = elsewhere.address() as AddressInfo
  for (const nextOf of [
    (offset: number) => `http://127.0.0.1:${port}/v1/search?offset=${offset}&limit=10`,
    (_offset: number, self: string) => `${self}/v1/search?offset=0&limit=10`,
    (offset: number, self: string) => `${self}/v1/search?offset=${offset + 500}&limit=10`,
  ]) {
    const { service } = await startWith(t, {
      listing: (offset, limit, self) => ({
        items: span(offset, Math.min(137, offset + limit), (place) => ({ id: id('n', place) })),
        next: offset + limit < 137 ? nextOf(offset + limit, self) : null,
        total: 137,
      }),
    })
    t.match(await service.ingest({ source: 'search', limit: 200 }), {
      status: 'succeeded',
      gaps: [],
      listing: { exhausted: true },
      progress: { albumsFetched: 137 },
    })
  }
  t.equal(foreign, 0)
})
