import { gunzipSync } from 'node:zlib'
import { request } from 'undici'
import t, { type Test } from 'tap'
import type { Album, Page, SimplifiedAlbum, Track } from '../../../src/sandbox/catalogue/objects.ts'
import type { Fault } from '../../../src/sandbox/settings/settings.ts'
import {
  type Albums,
  BASIC,
  type Batch,
  type Client,
  FORM,
  handClock,
  idsOf,
  startClient,
  type TrackPage,
} from '../client.ts'

const SEARCH = '/search?q=tag:new&type=album&limit=10'
const MISSING = /"error":\{"status":404/
/** Places in the catalogue of an album of 51 tracks, one of 55, and one over 100. */
const [OF_51, OF_55, OF_101] = [5, 8, 13]

async function faulty (t: Test, ...faults: Fault[]): Promise<{ client: Client, id: (place: number) => string }> {
  const client = await startClient(t, { tier: 'extended', faults })
  return { client, id: (place) => client.app.sandbox.catalogue.ids[place] ?? '' }
}

async function token (
  client: Client
): Promise<{ status: number, text: string, headers: Record<string, string | string[] | undefined> }> {
  return await client.send('POST', '/api/token', 'grant_type=client_credentials', { ...FORM, authorization: BASIC })
}

/** Answers of the token endpoint in place of a token: status and text. */
const INSTEAD_OF_TOKEN: Array<[Omit<Fault, 'endpoint'>, number, RegExp]> = [
  [{ kind: 'bad-request-html' }, 400, /^<html>.*Bad Request/],
  [{ kind: 'bad-request-empty' }, 400, /^$/],
  [{ kind: 'token-server-error' }, 400, /^\{"error":"server_error"\}$/],
  [{ kind: 'unauthorized-html' }, 401, /^<html>.*Unauthorized/],
  [{ kind: 'forbidden' }, 403, /"Forbidden"/],
  [{ kind: 'not-found' }, 404, MISSING],
  [{ kind: 'redirect' }, 302, /^$/],
  [{ kind: 'control-characters' }, 502, /\\u001b/],
  ...(['server-error-json', 'server-error-html', 'server-error-empty'] as const).map(
    (kind): [Fault, number, RegExp] => [{ kind, status: 503, retryAfter: '6' }, 503, /^/]
  ),
]
for (const [fault, status, body] of INSTEAD_OF_TOKEN) {
  t.test(`fault ${fault.kind} on the token endpoint answers ${status} once`, async (t) => {
    const { client } = await faulty(t, { ...fault, endpoint: 'token', times: 1 })
    const struck = await token(client)
    t.equal(struck.status, status)
    t.match(struck.text, body)
    t.equal(struck.headers['retry-after'], fault.retryAfter)
    t.equal((await token(client)).status, 200)
  })
}

t.test('fault token-expires-huge: a token that claims 1e13 seconds', async (t) => {
  const { client } = await faulty(t, { kind: 'token-expires-huge', endpoint: 'token' })
  t.match(JSON.parse((await token(client)).text), { access_token: /^BQ/, expires_in: 1e13 })
})

t.test('fault premium-json: 403 as JSON, with the message that paying accounts get', async (t) => {
  const { client } = await faulty(t, { kind: 'premium-json' })
  const { status, body } = await client.get(SEARCH)
  t.strictSame([status, body], [403, { error: { status: 403, message: 'Premium required' } }])
})

t.test('fault redirect: 302 to another origin, or to where it was told', async (t) => {
  const { client } = await faulty(t, { kind: 'redirect', times: 1 }, { kind: 'redirect', url: 'http://127.0.0.1:1/x' })
  t.match(await client.get(SEARCH), { status: 302, headers: { location: /^https:\/\/api\.spotify\.invalid\// } })
  t.match(await client.get(SEARCH), { status: 302, headers: { location: 'http://127.0.0.1:1/x' } })
})

t.test('fault control-characters: the message has escapes, line feeds and a forged log line', async (t) => {
  const { client } = await faulty(t, { kind: 'control-characters', status: 500 })
  const { status, body } = await client.get<{ error: { message: string } }>(SEARCH)
  t.equal(status, 500)
  for (const part of ['\u001b[31m', '\u0000', '\u009b', '\u2028', '\r\n{"level":60']) {
    t.ok(body.error.message.includes(part), encodeURIComponent(part))
  }
})

t.test('fault huge-total: the claim is in listings, in the album and in pages of tracks', async (t) => {
  const { client, id } = await faulty(t, { kind: 'huge-total' })
  const page = (await client.get<Albums>(SEARCH)).body.albums
  t.strictSame([page.total, ...page.items.map((item) => item.total_tracks)], Array(11).fill(1e9))
  const album = (await client.get<Album>(`/albums/${id(OF_51)}`)).body
  t.strictSame([album.total_tracks, album.tracks.total, album.tracks.items.length], [1e9, 1e9, 50])
  t.equal((await client.get<TrackPage>(`/albums/${id(OF_51)}/tracks`)).body.total, 1e9)
  client.app.sandbox.change({ faults: [{ kind: 'huge-total', total: 1200 }] })
  const { albums } = (await client.get<Batch>(`/albums?ids=${id(0)},${id(1)}`)).body
  t.strictSame(albums.map((one) => [one?.total_tracks, one?.tracks.total]), [[1200, 1200], [1200, 1200]])
})

const ENDLESS: Array<[string, (id: (place: number) => string) => string, (body: unknown) => Page<{ id: string }>]> = [
  ['new releases', () => '/browse/new-releases?limit=50&offset=50', (body) => (body as Albums).albums],
  ['an artist', () => '', (body) => body as Page<SimplifiedAlbum>],
  ['tracks', (id) => `/albums/${id(OF_51)}/tracks?limit=50`, (body) => body as Page<Track>],
  ['an album', (id) => `/albums/${id(0)}`, (body) => (body as { tracks?: Page<Track> }).tracks ?? body as Page<Track>],
]
for (const [title, pathOf, pageOf] of ENDLESS) {
  t.test(`fault endless-next: ${title}: each page is full, its ids are new, and it names a next one`, async (t) => {
    const { client, id } = await faulty(t, { kind: 'endless-next' })
    const artist = client.app.sandbox.catalogue.summary(id(0))?.artists[0]?.id
    const seen = new Set<string>()
    let path = pathOf(id) || `/artists/${artist}/albums`
    for (let read = 0; read < 8; read++) {
      const page = pageOf((await client.get(path)).body)
      t.equal(page.items.length, page.limit)
      for (const item of page.items) {
        t.notOk(seen.has(item.id), `${item.id} is new`)
        seen.add(item.id)
      }
      path = page.next ?? ''
    }
    t.match((await client.get(`/albums/${[...seen].at(-1)}`)).text, MISSING, 'what was invented cannot be fetched')
  })
}

t.test('fault gzip-bomb: legal JSON of the size that was told, in a thousandth of its ' +
  'bytes, whatever the caller takes', async (t) => {
  const { client, id } = await faulty(t, { kind: 'gzip-bomb', times: 1 }, { kind: 'gzip-bomb', bytes: 3_000_000 })
  for (const bytes of [30_000_000, 3_000_000]) {
    const answer = await request(`${client.origin}/v1/albums/${id(0)}`, {
      headers: { authorization: `Bearer ${client.token}` },
    })
    const packed = Buffer.from(await answer.body.arrayBuffer())
    const unpacked = gunzipSync(packed)
    t.equal(answer.headers['content-encoding'], 'gzip')
    t.ok(packed.length < bytes / 200 + 5000, `${packed.length} bytes`)
    t.ok(Math.abs(unpacked.length - bytes) < 1_000_000, `unpacks to ${unpacked.length}`)
    if (bytes === 3_000_000) t.match(JSON.parse(unpacked.toString()), { id: id(0), padding: [0, 0] })
  }
})

t.test('fault gzip-label: gzip under another spelling', async (t) => {
  const { client, id } = await faulty(t, { kind: 'gzip-label' })
  const answer = await request(`${client.origin}/v1/albums/${id(0)}`, {
    headers: { authorization: `Bearer ${client.token}` },
  })
  t.equal(answer.headers['content-encoding'], 'GZIP')
  t.match(JSON.parse(gunzipSync(Buffer.from(await answer.body.arrayBuffer())).toString()), { id: id(0) })
})

t.test('fault deep-nesting: one of a batch, as deep as was told', async (t) => {
  const { client, id } = await faulty(t, { kind: 'deep-nesting', times: 1 }, { kind: 'deep-nesting', depth: 3 })
  const path = `/albums?ids=${id(0)},${id(1)},${id(2)}`
  t.match((await client.get(path)).text, new RegExp('"nested":' + '\\[{20000}\\]{20000}'))
  t.strictSame(
    (await client.get<Batch>(path)).body.albums.map((album) => (album as { nested?: unknown }).nested),
    [undefined, [[[]]], undefined]
  )
})

t.test('fault other-album: the first album of the catalogue in the place of all, ' +
  'or of the one that was named', async (t) => {
  const { client, id } = await faulty(t, { kind: 'other-album', endpoint: 'album' })
  t.equal((await client.get<Album>(`/albums/${id(3)}`)).body.id, id(0))
  client.app.sandbox.change({ faults: [{ kind: 'other-album', albumId: id(2) }] })
  const { albums } = (await client.get<Batch>(`/albums?ids=${id(1)},${id(2)},${id(3)}`)).body
  t.strictSame(albums.map((album) => album?.id), [id(1), id(0), id(3)])
  client.app.sandbox.change({ faults: [] })
  t.strictSame(albums[1], (await client.get(`/albums/${id(0)}`)).body, 'whole')
})

/** Flaws of single fields: of a listed album, and of a track. */
const FLAWS: Array<[Fault['kind'], object, object]> = [
  ['null-name', { name: null }, { name: null }],
  ['null-number', { total_tracks: null }, { track_number: null }],
  ['artists-null', { artists: [null] }, { artists: [null] }],
  ['artists-text', { artists: 'unknown' }, { artists: 'unknown' }],
]
for (const [kind, ofAlbum, ofTrack] of FLAWS) {
  t.test(`fault ${kind}: one listed album, and one track of an album, of each in a batch and ` +
    'of a page; the rest is true', async (t) => {
    const { client, id } = await faulty(t, { kind })
    const paths = [
      SEARCH,
      `/albums/${id(OF_51)}`,
      `/albums/${id(OF_51)}/tracks`,
      `/albums?ids=${id(OF_51)},${id(OF_55)}`,
    ]
    const read = async () =>
      await Promise.all(paths.map(async (path) => (await client.get<Albums & Batch & Album & TrackPage>(path)).body))
    const [listing, album, page, batch] = await read()
    client.app.sandbox.change({ faults: [] })
    const [trueListing, trueAlbum, truePage] = await read()
    t.strictSame(changes(trueListing?.albums.items, listing?.albums.items), [ofAlbum])
    t.strictSame(changes(trueAlbum?.tracks.items, album?.tracks.items), [ofTrack])
    t.strictSame(changes(truePage?.items, page?.items), [ofTrack])
    t.strictSame(
      batch?.albums.map(
        (one) => (one as unknown as Album).tracks.items.filter((item) => isWithin(ofTrack, item)).length
      ),
      [1, 1]
    )
  })
}

/** The fields in which items differ from the true ones. */
function changes (truth: object[] = [], found: object[] = []): object[] {
  return found.flatMap((item, index) => {
    const before = truth[index] as Record<string, unknown>
    const changed = Object.entries(item).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])
    )
    return changed.length > 0 ? [Object.fromEntries(changed)] : []
  })
}

function isWithin (part: object, item: object): boolean {
  return Object.entries(part).every(
    ([name, value]) => JSON.stringify((item as Record<string, unknown>)[name]) === JSON.stringify(value)
  )
}

t.test('fault big-number: an integer that no double holds, digit by digit', async (t) => {
  const { client, id } = await faulty(t, { kind: 'big-number' })
  t.match(
    (await client.get(`/albums/${id(0)}`)).text,
    /"duration_ms":12345678901234567890,.*"popularity":12345678901234567890\}$/
  )
  t.match((await client.get(SEARCH)).text, /"popularity":12345678901234567890\}/)
})

t.test('fault same-place: tracks 5 and 55 have one place and two ids', async (t) => {
  const { client, id } = await faulty(t, { kind: 'same-place' })
  const path = `/albums/${id(OF_101)}/tracks?limit=50`
  const tracks = [
    ...(await client.get<TrackPage>(path)).body.items,
    ...(await client.get<TrackPage>(`${path}&offset=50`)).body.items,
  ]
  const placeOf = (track?: Track) => [track?.disc_number, track?.track_number, track?.name]
  t.strictSame(placeOf(tracks[54]), placeOf(tracks[4]))
  t.equal(new Set(tracks.map((track) => track.id)).size, 100)
  t.equal(new Set(tracks.map((track) => placeOf(track).join())).size, 99)
})

t.test('fault restarting-numbers: numbers and titles begin again in the middle, over page borders', async (t) => {
  const { client, id } = await faulty(t, { kind: 'restarting-numbers' })
  const { tracks } = (await client.get<Album>(`/albums/${id(OF_55)}`)).body
  const rest = (await client.get<TrackPage>(`/albums/${id(OF_55)}/tracks?offset=50`)).body.items
  const all = [...tracks.items, ...rest]
  t.strictSame(
    all.map((track) => track.track_number),
    [...Array(28).keys(), ...Array(27).keys()].map((index) => index + 1)
  )
  t.strictSame(all.slice(28).map((track) => track.name), all.slice(0, 27).map((track) => track.name))
  t.equal(new Set(all.map((track) => track.id)).size, 55)
})

t.test('durationMs: a fault strikes for so long from its first strike, and not before', async (t) => {
  const clock = handClock()
  const client = await startClient(
    t,
    { tier: 'extended', faults: [{ kind: 'unauthorized', endpoint: 'search', skip: 1, durationMs: 3000 }] },
    { now: clock.now }
  )
  const statuses: number[] = []
  for (const ms of [0, 9000, 2999, 1, 0]) {
    clock.pass(ms)
    statuses.push((await client.get(SEARCH)).status)
  }
  t.strictSame(statuses, [200, 401, 401, 200, 200])
})

t.test('tokenCalls: a token serves so many calls, each token its own', async (t) => {
  const client = await startClient(t, { tokenCalls: 2 })
  const call = async (bearer: string) => (await client.get(SEARCH, { authorization: `Bearer ${bearer}` })).status
  t.strictSame([await call(client.token), await call(client.token), await call(client.token)], [200, 200, 401])
  t.equal(await call((JSON.parse((await token(client)).text) as { access_token: string }).access_token), 200)
})

t.test('a search of more than 1,000 shows 1,000 and no next page, and refuses the one after', async (t) => {
  const client = await startClient(t, { tier: 'extended', albums: 1520 })
  const seen = new Set<string | undefined>()
  let path: string | null = '/search?q=tag:new&type=album&limit=50'
  for (let reads = 0; path !== null && reads < 40; reads++) {
    const { albums }: Albums = (await client.get<Albums>(path)).body
    for (const id of idsOf(albums)) seen.add(id)
    path = albums.next
  }
  t.equal(seen.size, 1000)
  t.equal((await client.get('/search?q=tag:new&type=album&limit=50&offset=1000')).status, 400)
})
