import fc from 'fast-check'
import t from 'tap'
import type { ErrorCode } from '../../../src/error-codes.ts'
import { ServiceError } from '../../../src/errors.ts'
import type { Endpoint } from '../../../src/services/spotify/http/endpoint.ts'
import { createTestCapabilities } from './test-capabilities.ts'
import { testSlot } from './test-slot.ts'
import { createCostCounter } from '../../../src/services/spotify/cost.ts'
import { START } from '../../../src/services/spotify/paging.ts'
import { type ListingRequest, createSpotifyClient } from '../../../src/services/spotify/client.ts'

const context = { signal: new AbortController().signal, cost: createCostCounter(() => 0), slot: testSlot() }
const NEW_RELEASES: ListingRequest = { endpoint: 'newReleases', path: '/browse/new-releases', query: {} }
const SEARCH: ListingRequest = { endpoint: 'search', path: '/search', query: { q: 'tag:new', type: 'album' } }
const ARTIST: ListingRequest = {
  endpoint: 'artistAlbums',
  path: '/artists/a/albums',
  query: { include_groups: 'album,single' },
}

/** The service on answers from a function: JSON, or an error of that code. */
function create (answer: (url: URL, endpoint: Endpoint) => unknown, apiUrl = 'https://api.spotify.com/v1') {
  const asked: string[] = []
  const memory = createTestCapabilities()
  const spotify = createSpotifyClient({
    apiUrl: new URL(apiUrl),
    memory,
    ready: async () => {},
    semaphore: { acquire: async () => testSlot() },
    async call (endpoint, url) {
      asked.push(`${endpoint} ${url.pathname}${decodeURIComponent(url.search)}`)
      return answer(url, endpoint)
    },
  })
  return { spotify, memory, asked }
}

function refuse (code: ErrorCode, message = 'answered 4xx'): never {
  throw new ServiceError(code, message)
}

const page = (items: unknown[] = [], next: string | null = null) => ({ items, next, total: items.length })

/** Spotify at a tier: pages over the limit are refused. */
const upTo = (most: number) => (url: URL): unknown => {
  const limit = Number(url.searchParams.get('limit'))
  return limit > most ? refuse('invalid_limit') : { albums: page(Array.from({ length: limit }, (_, i) => i)) }
}

for (const [most, sizes] of [[50, [50]], [49, [50, 20]], [10, [50, 20, 10]], [5, [50, 20, 10, 5]]] as const) {
  t.test(`where ${most} a page are allowed, ${sizes.join(', ')} are tried, and that is remembered`, async (t) => {
    const { spotify, asked } = create(upTo(most))
    const first = await spotify.listingPage(SEARCH, START, 1000, context)
    t.equal(first.pageSize, sizes.at(-1))
    t.equal(first.page.items.length, first.pageSize)
    await spotify.listingPage(SEARCH, { ...START, offset: 100 }, 1000, context)
    t.same(asked.map((url) => Number(/limit=(\d+)/.exec(url)?.[1])), [...sizes, sizes.at(-1)])
  })
}

t.test('where no size is allowed, the refusal is thrown', async (t) => {
  const { spotify, asked } = create(upTo(4))
  await t.rejects(spotify.listingPage(SEARCH, START, 1000, context), { code: 'invalid_limit' })
  t.equal(asked.length, 4)
})

t.test('fewer tracks on a page than a range asks for: what the smaller page ' +
  'gives, and that is remembered', async (t) => {
  const { spotify, asked } = create((url) => {
    const limit = Number(url.searchParams.get('limit'))
    return limit > 20 ? refuse('invalid_limit') : page(Array.from({ length: limit }, (_, i) => i))
  })
  const sizes: number[] = []
  for (const range of [{ offset: 50, limit: 50 }, { offset: 100, limit: 50 }, { offset: 150, limit: 7 }]) {
    sizes.push((await spotify.albumTracks('a', range, null, context)).items.length)
  }
  t.same(sizes, [20, 20, 7])
  t.same(asked.map((url) => Number(/limit=(\d+)/.exec(url)?.[1])), [50, 20, 20, 7])
})

t.test('a batch of too many is refused as such as long as a smaller one may be allowed, and ' +
  'what is allowed is remembered', async (t) => {
  const { spotify, memory } = create((url) => {
    const ids = url.searchParams.get('ids')?.split(',') ?? []
    return ids.length > 5 ? refuse('invalid_limit') : { albums: ids.map((id) => ({ id })) }
  })
  const batch = async (size: number): Promise<unknown> =>
    await spotify.albums(
      Array.from({ length: size }, (_, i) => `id${i}`),
      null,
      context
    )
  const learnt: number[] = []
  for (const size of [20, 10]) {
    await t.rejects(batch(size), { message: 'fewer at once are allowed' })
    learnt.push(memory.about('albums').pageSize)
  }
  t.same(learnt, [10, 5])
  t.equal((await batch(5) as unknown[]).length, 5)
  const { spotify: strict } = create(() => refuse('invalid_limit'))
  await t.rejects(strict.albums(['a', 'b'], null, context), { code: 'invalid_limit' }, 'nothing smaller is left to try')
})

t.test('a next that was stored under another SPOTIFY_API_URL is not followed: the ' +
  'page is asked for by its place', async (t) => {
  const origins: string[] = []
  const { spotify, asked } = create((url) => {
    origins.push(url.origin)
    return { albums: page() }
  })
  await spotify.listingPage(
    SEARCH,
    { ...START, offset: 20, url: 'https://elsewhere.example/v1/search?offset=20&limit=50' },
    1000,
    context
  )
  t.same(origins, [spotify.origin])
  t.match(asked, [/offset=20/])
})

t.test('a page size that one endpoint refuses says nothing of another', async (t) => {
  const { spotify, asked } = create((url, endpoint) => endpoint === 'search' ? upTo(10)(url) : { albums: page() })
  await spotify.listingPage(SEARCH, START, 1000, context)
  await spotify.listingPage(NEW_RELEASES, START, 1000, context)
  t.equal(asked.at(-1), 'newReleases /v1/browse/new-releases?limit=50&offset=0')
})

for (const [wanted, size] of [
  [1, 5],
  [5, 5],
  [6, 10],
  [10, 10],
  [11, 20],
  [20, 20],
  [21, 50],
  [50, 50],
  [51, 50],
  [Infinity, 50],
] as const) {
  t.test(`for ${wanted} albums a page of ${size} is enough`, async (t) => {
    const { spotify } = create(upTo(50))
    t.equal((await spotify.listingPage(NEW_RELEASES, START, wanted, context)).pageSize, size)
  })
}

t.test('a search never asks beyond its window', async (t) => {
  const { spotify, asked } = create(upTo(50))
  await spotify.listingPage(SEARCH, { ...START, offset: 970 }, 1000, context)
  await spotify.listingPage(NEW_RELEASES, { ...START, offset: 970 }, 1000, context)
  t.same(asked, [
    'search /v1/search?q=tag:new&type=album&limit=30&offset=970',
    'newReleases /v1/browse/new-releases?limit=50&offset=970',
  ])
})

t.test('next is followed as it came, and its limit is the page size', async (t) => {
  const { spotify, asked } = create(upTo(50))
  const url = 'https://api.spotify.com/v1/search?query=tag%3Anew&type=album&locale=*&offset=20&limit=20'
  const { pageSize } = await spotify.listingPage(SEARCH, { ...START, offset: 20, url }, 3, context)
  t.equal(pageSize, 20)
  t.same(asked, ['search /v1/search?query=tag:new&type=album&locale=*&offset=20&limit=20'])
})

for (const [what, limit] of [
  ['no limit', ''],
  ['a limit that is none', '&limit=x'],
  ['a limit of nothing', '&limit=0'],
] as const) {
  t.test(`next with ${what} counts as the page size that is known`, async (t) => {
    const { spotify, memory } = create(() => ({ albums: page() }))
    await memory.stepDown('search', 20)
    t.equal(
      (
        await spotify.listingPage(
          SEARCH,
          { ...START, offset: 20, url: `https://api.spotify.com/v1/search?offset=20${limit}` },
          100,
          context
        )
      ).pageSize,
      10
    )
  })
}

t.test('where the size of next is refused, the place is asked by count at the next smaller size', async (t) => {
  const { spotify, asked } = create(upTo(10))
  const { pageSize } = await spotify.listingPage(
    SEARCH,
    { ...START, offset: 40, url: 'https://api.spotify.com/v1/search?offset=40&limit=20' },
    100,
    context
  )
  t.equal(pageSize, 10)
  t.same(asked, ['search /v1/search?offset=40&limit=20', 'search /v1/search?q=tag:new&type=album&limit=10&offset=40'])
})

t.test('next whose size is known to be refused is not asked', async (t) => {
  const { spotify, memory, asked } = create(upTo(10))
  await memory.stepDown('search', 20)
  await spotify.listingPage(
    SEARCH,
    { ...START, offset: 40, url: 'https://api.spotify.com/v1/search?offset=40&limit=20' },
    100,
    context
  )
  t.same(asked, ['search /v1/search?q=tag:new&type=album&limit=10&offset=40'])
})

t.test("an artist's albums come bare, other listings wrapped", async (t) => {
  const { spotify } = create((_url, endpoint) => endpoint === 'artistAlbums' ? page([1]) : { albums: page([2]) })
  t.same((await spotify.listingPage(ARTIST, START, 5, context)).page.items, [1])
  t.same((await spotify.listingPage(NEW_RELEASES, START, 5, context)).page.items, [2])
})

for (const body of [null, [], {}, 'x', { albums: null }, { albums: { items: {} } }, { error: { status: 200 } }]) {
  t.test(`a listing answered with ${JSON.stringify(body)} is upstream_invalid`, async (t) => {
    await t.rejects(create(() => body).spotify.listingPage(NEW_RELEASES, START, 5, context), {
      code: 'upstream_invalid',
    })
  })
}

const MEMORIES: Array<[string, ListingRequest, ErrorCode, ErrorCode, boolean]> = [
  ['a 403 on new-releases', NEW_RELEASES, 'endpoint_unavailable', 'endpoint_unavailable', true],
  ['a 404 on new-releases: some removed endpoints answer so', NEW_RELEASES, 'not_found', 'endpoint_unavailable', true],
  ['a 404 on search', SEARCH, 'not_found', 'endpoint_unavailable', true],
  ['a 404 on an artist: this artist is unknown', ARTIST, 'not_found', 'not_found', false],
  ['a 403 on an artist', ARTIST, 'endpoint_unavailable', 'endpoint_unavailable', true],
  ['lapsed Premium', NEW_RELEASES, 'premium_required', 'premium_required', false],
  ['a fault', NEW_RELEASES, 'upstream_unavailable', 'upstream_unavailable', false],
]
for (const [title, request, answered, thrown, isRemembered] of MEMORIES) {
  t.test(`${title} is ${thrown}, and ${isRemembered ? 'remembered' : 'says nothing of the endpoint'}`, async (t) => {
    const { spotify, memory } = create(() => refuse(answered, 'the evidence'))
    await t.rejects(spotify.listingPage(request, START, 5, context), { code: thrown, message: 'the evidence' })
    t.equal(memory.about(request.endpoint).refusal, isRemembered ? 'the evidence' : null)
  })
}

t.test('what has worked is remembered', async (t) => {
  const { spotify, memory } = create(upTo(50))
  await spotify.listingPage(SEARCH, START, 5, context)
  t.match(memory.about('search'), { works: true, refusal: null })
  t.match(memory.about('newReleases'), { works: false })
})

t.test('the address of each call', async (t) => {
  const { spotify, asked } = create((_url, endpoint) => endpoint === 'albums' ? { albums: [] } : page())
  await spotify.album('a1', null, context, false)
  await spotify.album('a1', 'DE', context, false)
  await spotify.albums(['a1', 'a2'], 'DE', context)
  await spotify.albumTracks('a1', { offset: 50, limit: 50 }, null, context)
  await spotify.album('a/../b?c', null, context, false)
  t.same(asked, [
    'album /v1/albums/a1',
    'album /v1/albums/a1?market=DE',
    'albums /v1/albums?ids=a1,a2&market=DE',
    'albumTracks /v1/albums/a1/tracks?limit=50&offset=50',
    'album /v1/albums/a%2F..%2Fb%3Fc',
  ])
})

for (const apiUrl of ['http://127.0.0.1:4000/v1', 'http://127.0.0.1:4000/v1/']) {
  t.test(`${apiUrl} is the base of the addresses, and its origin the only one of next`, async (t) => {
    const { spotify, asked } = create(() => page(), apiUrl)
    await spotify.album('a1', null, context, false)
    t.same(asked, ['album /v1/albums/a1'])
    t.equal(spotify.origin, 'http://127.0.0.1:4000')
  })
}

const album = (id: string): object => ({ id })
const BATCHES: Array<[string, string[], unknown[], unknown[]]> = [
  ['in order', ['a', 'b', 'c'], [album('a'), album('b'), album('c')], [album('a'), album('b'), album('c')]],
  ['shuffled', ['a', 'b', 'c'], [album('c'), album('a'), album('b')], [album('a'), album('b'), album('c')]],
  ['null for an unknown id', ['a', 'b', 'c'], [album('a'), null, album('c')], [album('a'), null, album('c')]],
  ['shuffled, with a null', ['a', 'b', 'c'], [null, album('c'), album('a')], [album('a'), null, album('c')]],
  ['nulls only', ['a', 'b'], [null, null], [null, null]],
  ['nulls left out', ['a', 'b', 'c'], [album('a'), album('c')], [album('a'), null, album('c')]],
  ['nothing', ['a', 'b'], [], [null, null]],
  ['another id at the same place', ['a', 'b'], [album('a'), album('z')], [album('a'), null]],
  ['another id and fewer entries', ['a', 'b', 'c'], [album('a'), album('z')], [album('a'), null, null]],
  ['the same album twice', ['a', 'b'], [album('a'), album('a')], [album('a'), null]],
  ['too many', ['a'], [album('z'), album('a')], [album('a')]],
]
for (const [title, ids, answered, expected] of BATCHES) {
  t.test(`a batch, ${title}`, async (t) => {
    t.same(await create(() => ({ albums: answered })).spotify.albums(ids, null, context), expected)
  })
}

t.test('however a batch is shuffled and holed, each id gets its own album or none, and ' +
  'no album that came is lost', async () => {
  const ids = Array.from({ length: 20 }, (_, i) => `id${i}`)
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(ids, { minLength: 1 }),
      fc.infiniteStream(fc.boolean()),
      fc.boolean(),
      async (asked, holes, dropNulls) => {
        const there = new Set(asked.filter(() => holes.next().value === true))
        const entries = asked
          .map((id) => (there.has(id) ? album(id) : null))
          .sort(() => (holes.next().value === true ? 1 : -1))
        const sent = dropNulls ? entries.filter((entry) => entry !== null) : entries
        const got = await create(() => ({ albums: sent })).spotify.albums(asked, null, context)
        const expected = asked.map((id) => (there.has(id) ? album(id) : null))
        if (JSON.stringify(got) !== JSON.stringify(expected)) throw new Error(JSON.stringify(got))
      }
    )
  )
})

for (const body of [null, [], {}, { albums: {} }, page()]) {
  t.test(`a batch answered with ${JSON.stringify(body)} is upstream_invalid`, async (t) => {
    await t.rejects(create(() => body).spotify.albums(['a'], null, context), { code: 'upstream_invalid' })
  })
}

t.test('a refused batch is remembered', async (t) => {
  const { spotify, memory } = create(() => refuse('endpoint_unavailable', 'the batch answered 403'))
  await t.rejects(spotify.albums(['a'], null, context), { code: 'endpoint_unavailable' })
  t.equal(memory.about('albums').refusal, 'the batch answered 403')
})

t.test('a page of tracks is bare; a wrapped one is upstream_invalid', async (t) => {
  t.same(await create(() => page([1, 2], 'x')).spotify.albumTracks('a', { offset: 50, limit: 50 }, null, context), {
    items: [1, 2],
    next: 'x',
    total: 2,
  })
  await t.rejects(
    create(() => ({ albums: page() })).spotify.albumTracks('a', { offset: 50, limit: 50 }, null, context),
    { code: 'upstream_invalid' }
  )
})

t.test('an album that is not found says nothing of the endpoint', async (t) => {
  const { spotify, memory } = create(() => refuse('not_found'))
  await t.rejects(spotify.album('a', null, context, false), { code: 'not_found' })
  t.equal(memory.about('album').refusal, null)
})
