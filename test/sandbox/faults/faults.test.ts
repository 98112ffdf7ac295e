import { get as httpGet } from 'node:http'
import t, { type Test } from 'tap'
import type { Album } from '../../../src/sandbox/catalogue/objects.ts'
import { type Target, createFaults } from '../../../src/sandbox/faults/faults.ts'
import type { FaultKind } from '../../../src/sandbox/settings/fault-kinds.ts'
import type { Fault } from '../../../src/sandbox/settings/settings.ts'
import { type Albums, BASIC, type Batch, type Client, FORM, idsOf, startClient, type TrackPage } from '../client.ts'

const SEARCH = '/search?q=tag:new&type=album&limit=10'
const LONG = 13

/** A client at a sandbox with this one fault, and the album over 100 tracks. */
async function faulty (t: Test, fault: Fault): Promise<{ client: Client, long: string }> {
  const client = await startClient(t, { tier: 'extended', faults: [fault] })
  return { client, long: client.app.sandbox.catalogue.ids[LONG] ?? '' }
}

/** Answers in place of the true one: status, content type, Retry-After, body. */
const INSTEAD: Array<[Fault, number, string, string | undefined, string | object]> = [
  [
    { kind: 'unauthorized' },
    401,
    'application/json',
    undefined,
    { error: { status: 401, message: 'Missing/invalid/expired access token' } },
  ],
  [
    { kind: 'premium' },
    403,
    'text/plain',
    undefined,
    'Active premium subscription required for the owner of the app. When the subscription status changes, it can ' +
      'take a few hours before requests are allowed again.',
  ],
  [{ kind: 'forbidden' }, 403, 'application/json', undefined, { error: { status: 403, message: 'Forbidden' } }],
  [
    { kind: 'rate-limit' },
    429,
    'application/json',
    '1',
    { error: { status: 429, message: 'API rate limit exceeded' } },
  ],
  [
    { kind: 'rate-limit', retryAfter: 'soon' },
    429,
    'application/json',
    'soon',
    { error: { status: 429, message: 'API rate limit exceeded' } },
  ],
  [
    { kind: 'rate-limit-no-retry-after' },
    429,
    'application/json',
    undefined,
    { error: { status: 429, message: 'API rate limit exceeded' } },
  ],
  [{ kind: 'rate-limit-text' }, 429, 'text/plain', '1', 'Too many requests'],
  [
    { kind: 'quota' },
    429,
    'application/json',
    '48925',
    { error: { status: 429, message: 'Too many requests', reason: 'QUOTA_EXCEEDED' } },
  ],
  [
    { kind: 'server-error-json' },
    502,
    'application/json',
    undefined,
    { error: { status: 502, message: 'Bad gateway.' } },
  ],
  [
    { kind: 'server-error-json', status: 503, retryAfter: '3' },
    503,
    'application/json',
    '3',
    { error: { status: 503, message: 'Service unavailable.' } },
  ],
  [
    { kind: 'server-error-html', status: 504 },
    504,
    'text/html',
    undefined,
    '<html><head><title>504 Gateway timeout.</title></head><body><h1>Error: Gateway timeout.</h1></body></html>',
  ],
  [{ kind: 'server-error-empty' }, 502, 'text/plain', undefined, ''],
  [{ kind: 'invalid-limit' }, 400, 'application/json', undefined, { error: { status: 400, message: 'Invalid limit' } }],
  [
    { kind: 'not-found' },
    404,
    'application/json',
    undefined,
    { error: { status: 404, message: 'Resource not found' } },
  ],
  [{ kind: 'bad-json' }, 200, 'application/json', undefined, '<html><body>OK</body></html>'],
]
for (const [fault, status, type, retryAfter, body] of INSTEAD) {
  t.test(`fault ${JSON.stringify(fault)} answers ${status}`, async (t) => {
    const { client } = await faulty(t, fault)
    const reply = await client.get(SEARCH)
    t.strictSame([reply.status, reply.headers['retry-after']], [status, retryAfter])
    t.match(reply.headers['content-type'], new RegExp(`^${type}`))
    t.strictSame(typeof body === 'string' ? reply.text : reply.body, body)
  })
}

t.test('fault reset: the connection breaks before any answer', async (t) => {
  const { client } = await faulty(t, { kind: 'reset' })
  await t.rejects(client.get(SEARCH), { code: /ECONNRESET|UND_ERR_SOCKET/ })
})

t.test('fault cut-body: 200, a promised length, half of the body, and the end of the connection', async (t) => {
  const { client } = await faulty(t, { kind: 'cut-body', times: 1 })
  const { status, promised, received, complete } = await readRaw(client, SEARCH)
  const whole = await client.get(SEARCH)
  t.strictSame([status, complete], [200, false])
  t.equal(promised, Buffer.byteLength(whole.text))
  t.equal(received, whole.text.slice(0, received.length))
  t.equal(Buffer.byteLength(received), Math.floor(promised / 2))
})

t.test('fault stall: no answer while others get theirs, until the server closes', async (t) => {
  const { client } = await faulty(t, { kind: 'stall', times: 1 })
  let settled = false
  const stalled = client.get(SEARCH).finally(() => { settled = true })
  const rejected = t.rejects(stalled)
  while (client.app.sandbox.stats().calls < 1) await new Promise(setImmediate)
  t.equal((await client.get(SEARCH)).status, 200)
  t.equal(settled, false)
  await client.app.close()
  await rejected
  t.equal(client.app.sandbox.stats().byEndpoint.search.byStatus['stall'], 1)
})

t.test('fault null-item: the middle item of a page, or the album that was named in a batch, is null', async (t) => {
  const { client } = await faulty(t, { kind: 'null-item' })
  const { ids, searchOrder } = client.app.sandbox.catalogue
  const expected = searchOrder.slice(0, 10)
  t.strictSame(idsOf((await client.get<Albums>(SEARCH)).body.albums), expected.with(5, undefined as never))
  client.app.sandbox.change({ faults: [{ kind: 'null-item', albumId: ids[2] ?? '' }] })
  const { albums } = (await client.get<Batch>(`/albums?ids=${ids.slice(0, 4).join(',')}`)).body
  t.strictSame(albums.map((album) => album?.id), [ids[0], ids[1], undefined, ids[3]])
})

t.test('fault broken-item: one item has no id and wrong types, the others are whole', async (t) => {
  const { client, long } = await faulty(t, { kind: 'broken-item' })
  const { items } = (await client.get<Albums>(SEARCH)).body.albums
  t.match(items[5], { id: undefined, name: 0, artists: 'unknown', total_tracks: 'many' })
  t.equal(items.filter(({ id, name }) => typeof id === 'string' && typeof name === 'string').length, 9)
  t.match((await client.get(`/albums/${long}`)).body, { id: undefined, tracks: null })
  t.match((await client.get<TrackPage>(`/albums/${long}/tracks`)).body.items[10], { id: undefined, disc_number: '1' })
})

t.test('fault odd-item: one item has every null that Spotify was seen to send, and is still a release', async (t) => {
  const { client } = await faulty(t, { kind: 'odd-item' })
  const item = (await client.get<Albums>(SEARCH)).body.albums.items[5]
  t.match(item, {
    id: client.app.sandbox.catalogue.searchOrder[5],
    name: '',
    album_type: null,
    images: null,
    release_date: null,
    artists: [{ name: null }],
  })
})

t.test('fault null-track: a null among the tracks of an album, of each in a batch, and of a page', async (t) => {
  const { client, long } = await faulty(t, { kind: 'null-track' })
  const nulls = (items: unknown[]) => items.filter((item) => item === null).length
  t.equal(nulls((await client.get<Album>(`/albums/${long}`)).body.tracks.items), 1)
  t.equal(nulls((await client.get<TrackPage>(`/albums/${long}/tracks`)).body.items), 1)
  const { albums } = (await client.get<Batch>(`/albums?ids=${long},${client.app.sandbox.catalogue.ids[0]}`)).body
  t.strictSame(albums.map((album) => nulls(album?.tracks.items ?? [])), [1, 1])
})

t.test('fault shifting: at each page border one album comes twice and one never', async (t) => {
  const { client } = await faulty(t, { kind: 'shifting' })
  const { searchOrder } = client.app.sandbox.catalogue
  const first = (await client.get<Albums>(SEARCH)).body.albums
  const second = (await client.get<Albums>(first.next)).body.albums
  t.strictSame(idsOf(first), searchOrder.slice(0, 10))
  t.strictSame(idsOf(second), [searchOrder[9], ...searchOrder.slice(11, 20)])
})

t.test('fault shifting: of the tracks of an album, too', async (t) => {
  const { client, long } = await faulty(t, { kind: 'shifting', endpoint: 'albumTracks' })
  const placesOf = (page: TrackPage) => page.items.map((item) => (item as { id: string }).id)
  const first = placesOf((await client.get<TrackPage>(`/albums/${long}/tracks?limit=50`)).body)
  const second = placesOf((await client.get<TrackPage>(`/albums/${long}/tracks?limit=50&offset=50`)).body)
  client.app.sandbox.change({ faults: [] })
  const truth = placesOf((await client.get<TrackPage>(`/albums/${long}/tracks?limit=50&offset=50`)).body)
  t.strictSame(second, [first[49], ...truth.slice(1)])
})

/** What is wrong with a page in the middle: of a listing, of tracks, and of the tracks inside an album. */
const PAGE_FAULTS: Array<[string, Fault, (page: TrackPage, truth: TrackPage, origin: string) => [unknown, unknown]]> = [
  ['the total is too high', { kind: 'wrong-total' }, (page, truth) => [page.total, truth.total + 7]],
  ['the total is too low', { kind: 'wrong-total', delta: -3 }, (page, truth) => [page.total, truth.total - 3]],
  ['next is null too early', { kind: 'next-null-early' }, (page) => [page.next, null]],
  ['next points at the same page', { kind: 'next-repeated' }, (page, truth) => [page.next, truth.href]],
  [
    'next points elsewhere',
    { kind: 'next-foreign' },
    (page, truth, origin) => [
      page.next,
      truth.next?.replace(origin, 'https://api.spotify.invalid').replace(/offset=\d+/, `offset=${page.offset}`),
    ],
  ],
  [
    'next points where it was told',
    { kind: 'next-foreign', url: 'http://127.0.0.1:1/x' },
    (page) => [page.next, 'http://127.0.0.1:1/x'],
  ],
  [
    'the page is empty though its total is not',
    { kind: 'empty-page' },
    (page, truth) => [
      [page.items, page.total],
      [[], truth.total],
    ],
  ],
]
for (const [title, fault, compare] of PAGE_FAULTS) {
  t.test(`fault ${fault.kind}: ${title}`, async (t) => {
    const { client, long } = await faulty(t, fault)
    const read = async () => [
      (await client.get<{ albums: TrackPage }>(SEARCH)).body.albums,
      (await client.get<TrackPage>(`/albums/${long}/tracks?offset=20`)).body,
      (await client.get<{ tracks: TrackPage }>(`/albums/${long}`)).body.tracks,
    ]
    const spoilt = await read()
    client.app.sandbox.change({ faults: [] })
    for (const [index, truth] of (await read()).entries()) {
      const page = spoilt[index]
      if (page === undefined) throw new Error('unreachable')
      const [found, wanted] = compare(page, truth, client.origin)
      t.strictSame(found, wanted)
    }
  })
}

t.test('fault next-past-cap: next goes on past the end', async (t) => {
  const { client } = await faulty(t, { kind: 'next-past-cap' })
  const last = (await client.get<Albums>('/browse/new-releases?limit=50&offset=50')).body.albums
  t.match(last.next ?? '', /offset=100&limit=50/)
  const past = (await client.get<Albums>(last.next)).body.albums
  t.strictSame(past.items, [])
  t.match(past.next ?? '', /offset=150&limit=50/)
})

t.test('faults of the token endpoint do not touch the API, and the default touches the API alone', async (t) => {
  const token = (client: Client) =>
    client.send('POST', '/api/token', 'grant_type=client_credentials', { ...FORM, authorization: BASIC })
  const down = await startClient(t, {
    faults: [
      { kind: 'server-error-html', endpoint: 'token', status: 503, times: 1 },
      { kind: 'cut-body', endpoint: 'token', skip: 1, times: 1 },
    ],
  })
  t.equal((await token(down)).status, 503)
  t.equal((await token(down)).status, 200)
  await t.rejects(token(down))
  const { client } = await faulty(t, { kind: 'forbidden' })
  t.equal((await token(client)).status, 200)
  t.equal((await client.get(SEARCH)).status, 403)
})

/** Which of ten calls in a row are struck. */
const WHEN: Array<[string, Partial<Fault>, string]> = [
  ['always', {}, '1111111111'],
  ['after some', { skip: 3 }, '0001111111'],
  ['a few times', { times: 2 }, '1100000000'],
  ['a few times after some', { skip: 3, times: 2 }, '0001100000'],
  ['never', { probability: 0 }, '0000000000'],
  ['on another endpoint', { endpoint: 'albums' }, '0000000000'],
  ['on this endpoint', { endpoint: 'album' }, '1111111111'],
  ['about this album', { albumId: 'a' }, '1111111111'],
  ['about another album', { albumId: 'b' }, '0000000000'],
]
for (const [title, options, expected] of WHEN) {
  t.test(`a fault strikes ${title}: ${JSON.stringify(options)}`, async (t) => {
    const faults = createFaults([{ kind: 'reset', ...options }], 1, () => 0)
    t.equal(Array.from({ length: 10 }, () => faults.strike(ofAlbum('a')) ? 1 : 0).join(''), expected)
  })
}

function ofAlbum (...albumIds: string[]): Target {
  return { endpoint: 'album', albumIds, hasData: true }
}

t.test('what spoils an answer lets those pass that have no data, and waits for the next', async (t) => {
  const refused: Target = { endpoint: 'search', albumIds: [], hasData: false }
  const strikes = (kind: FaultKind): Array<boolean> => {
    const faults = createFaults([{ kind, skip: 1, times: 1 }], 1, () => 0)
    return [refused, { ...refused, hasData: true }, refused, { ...refused, hasData: true }].map(
      (target) => faults.strike(target) !== null
    )
  }
  t.strictSame(strikes('empty-page'), [false, false, false, true])
  t.strictSame(strikes('cut-body'), [false, false, false, true])
  t.strictSame(strikes('reset'), [false, true, false, false], 'the others meet any call')
})

t.test('of several faults the first that strikes wins', async (t) => {
  const faults = createFaults([{ kind: 'reset', times: 1 }, { kind: 'stall', times: 1 }], 1, () => 0)
  t.strictSame([1, 2, 3].map(() => faults.strike(ofAlbum())?.kind), ['reset', 'stall', undefined])
})

t.test('a probability is kept to, and its draws are the same for the same seed', async (t) => {
  const draw = (seed: number) => {
    const faults = createFaults([{ kind: 'reset', probability: 0.3 }], seed, () => 0)
    return Array.from({ length: 1000 }, () => faults.strike(ofAlbum()) !== null)
  }
  t.strictSame(draw(1), draw(1))
  t.strictNotSame(draw(1), draw(2))
  const struck = draw(1).filter(Boolean).length
  t.ok(struck > 250 && struck < 350, `${struck} of 1000`)
})

t.test('the same seed answers the same bytes, faults included', async (t) => {
  const faults: Fault[] = [{ kind: 'null-item', probability: 0.5 }, { kind: 'server-error-json', probability: 0.2 }]
  const run = async () => {
    const client = await startClient(t, { tier: 'extended', seed: 9, faults })
    const texts: string[] = []
    for (let offset = 0; offset < 100; offset += 5) {
      texts.push((await client.get(`/browse/new-releases?limit=5&offset=${offset}`)).text.replaceAll(client.origin, ''))
    }
    return texts
  }
  t.strictSame(await run(), await run())
})

/** The bytes of an answer that may break off, which a client with manners would not hand out. */
function readRaw (
  client: Client,
  path: string
): Promise<{ status: number | undefined, promised: number, received: string, complete: boolean }> {
  return new Promise((resolve, reject) => {
    httpGet(
      `${client.origin}/v1${path}`,
      { agent: false, headers: { authorization: `Bearer ${client.token}` } },
      (response) => {
        let received = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          received += chunk
        })
        response.on('error', () => {})
        response.on('close', () =>
          resolve({
            status: response.statusCode,
            promised: Number(response.headers['content-length']),
            received,
            complete: response.complete,
          })
        )
      }
    ).on('error', reject)
  })
}
