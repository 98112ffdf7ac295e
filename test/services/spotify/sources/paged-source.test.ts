import t from 'tap'
import { ServiceError } from '../../../../src/errors.ts'
import { createTestCapabilities } from '../test-capabilities.ts'
import { testSlot } from '../test-slot.ts'
import { createCostCounter } from '../../../../src/services/spotify/cost.ts'
import type { Pagination } from '../../../../src/services/spotify/paging.ts'
import { artists } from '../../../../src/services/spotify/sources/artists.ts'
import type { PrefetchedPages } from '../../../../src/services/spotify/sources/prefetch.ts'
import { newReleases } from '../../../../src/services/spotify/sources/new-releases.ts'
import { search } from '../../../../src/services/spotify/sources/search.ts'
import {
  SOURCE_START,
  type Reader,
  type Source,
  type SourcePage,
} from '../../../../src/services/spotify/sources/paged-source.ts'
import type { ListingPage, SpotifyClient } from '../../../../src/services/spotify/client.ts'

const ORIGIN = 'https://api.spotify.com'
const PAGE_SIZE = 10

interface Setup {
  /** Albums in each listing. */
  total?: number
  /** What `total` says of them. */
  claimed?: number
  /** Calls that fail, by `path offset`. */
  failing?: Record<string, ServiceError>
  /** What is at a place of a listing; without, each listing has albums of its own. */
  albumAt?: (path: string, place: number) => object
}

/** Spotify with listings of numbers, ten a page; each call is answered when `answer` is called. */
function create ({ total = 100, claimed = total, failing = {}, albumAt = ownAlbum }: Setup = {}) {
  const asked: string[] = []
  const waiting: Array<() => void> = []
  let peak = 0
  const listingPage: SpotifyClient['listingPage'] = async ({ path }, { offset }) => {
    asked.push(`${path} ${offset}`)
    peak = Math.max(peak, waiting.length + 1)
    await new Promise<void>((resolve) => waiting.push(resolve))
    const failure = failing[`${path} ${offset}`]
    if (failure !== undefined) throw failure
    const items = Array.from({ length: Math.max(0, Math.min(PAGE_SIZE, total - offset)) }, (_, place) =>
      albumAt(path, offset + place)
    )
    const end = offset + items.length
    const next = end < total ? `${ORIGIN}${path}?offset=${end}&limit=${PAGE_SIZE}` : null
    return { page: { items, next, total: claimed }, pageSize: PAGE_SIZE }
  }
  // a source makes no other call
  const spotify = {
    origin: ORIGIN,
    memory: createTestCapabilities(),
    slot: async () => testSlot(),
    listingPage,
  } as unknown as SpotifyClient
  const pages: SourcePage[] = []
  const kept = new Map<string, ListingPage>()
  const prefetched: PrefetchedPages = {
    has: (streamIndex, offset) => kept.has(`${streamIndex} ${offset}`),
    read: async (streamIndex, offset) => kept.get(`${streamIndex} ${offset}`),
    async keep (streamIndex, offset, page) { kept.set(`${streamIndex} ${offset}`, page) },
  }
  const readerOf = (limit: number): Reader => ({
    context: { signal: new AbortController().signal, cost: createCostCounter(() => 0) },
    wanted: () => limit - items().length,
    maxPages: 30,
    prefetched,
  })
  const items = (): unknown[] => pages.flatMap((page) => page.items)
  /** Reads until there are enough albums; answers whatever is asked, the latest first. */
  async function read (source: Source, limit: number): Promise<void> {
    const answer = setInterval(() => waiting.pop()?.(), 0)
    try {
      for await (const page of source.pages(SOURCE_START, readerOf(limit))) {
        pages.push(page)
        if (items().length >= limit || page.next === null) break
      }
    } finally {
      clearInterval(answer)
    }
  }
  return { spotify, asked, pages, items, kept, read, peak: () => peak }
}

const ownAlbum = (path: string, place: number): object => ({ id: `${path.replaceAll(/[^a-z]/g, '')}${place}` })
const numbers = (path: string, count: number): object[] =>
  Array.from({ length: count }, (_, place) => ownAlbum(path, place))

const LISTINGS: Array<[string, Pagination, number, Setup, number, number]> = [
  ['following next, one page at a time', 'next', 100, {}, 10, 1],
  ['counting, four pages at a time', 'offset', 100, {}, 10, 4],
  ['counting, no more pages than are wanted', 'offset', 25, {}, 3, 2],
  ['counting, no page beyond the total', 'offset', 100, { total: 25 }, 3, 2],
  ['a total that is too small is no reason to stop', 'offset', 50, { claimed: 10 }, 5, 1],
  ['a total that is too large costs a few calls', 'offset', 100, { total: 15, claimed: 500 }, 5, 4],
]
for (const [title, pagination, limit, setup, calls, peak] of LISTINGS) {
  t.test(`a listing: ${title}`, async (t) => {
    const trial = create(setup)
    await trial.read(search(trial.spotify, pagination, 'tag:new', null), limit)
    t.same(
      trial.items().slice(0, limit),
      numbers('/search', Math.min(limit, setup.total ?? 100)),
      'in their order, however they were answered'
    )
    t.equal(trial.asked.length, calls)
    t.equal(new Set(trial.asked).size, calls, 'none twice')
    t.equal(trial.peak(), peak, 'asked for at the same time')
  })
}

t.test('a page that was answered before its turn is not asked for again after a restart', async (t) => {
  const trial = create()
  trial.kept.set('0 10', {
    page: { items: numbers('/browse/new-releases', 20).slice(10), next: null, total: 20 },
    pageSize: PAGE_SIZE,
  })
  await trial.read(newReleases(trial.spotify, 'offset'), 20)
  t.same(trial.asked, ['/browse/new-releases 0'])
  t.same(trial.items(), numbers('/browse/new-releases', 20))
})

t.test('a failure shows when its page has its turn: what comes before it is stored', async (t) => {
  const trial = create({ failing: { '/search 30': new ServiceError('upstream_unavailable', 'answered 503') } })
  await t.rejects(trial.read(search(trial.spotify, 'offset', 'tag:new', null), 100), { code: 'upstream_unavailable' })
  t.same(trial.items(), numbers('/search', 30))
})

t.test('several artists: one after the other in the document, their first pages side by side ' +
  'once the page size is known', async (t) => {
  const trial = create({ total: 15 })
  trial.spotify.memory.worked('artistAlbums', null)
  await trial.read(artists(trial.spotify, 'next', ['a', 'b', 'c'], null), Infinity)
  t.same(trial.items(), ['a', 'b', 'c'].flatMap((id) => numbers(`/artists/${id}/albums`, 15)))
  t.equal(trial.asked.length, 6)
  t.equal(trial.peak(), 3)
})

t.test('an artist that Spotify does not have is a loss, and the others are read', async (t) => {
  const trial = create({ total: 5, failing: { '/artists/b/albums 0': new ServiceError('not_found', 'answered 404') } })
  await trial.read(artists(trial.spotify, 'next', ['a', 'b', 'c'], null), Infinity)
  t.equal(trial.items().length, 10)
  t.same(trial.pages.flatMap(({ losses }) => losses), ['artist b: answered 404'])
})

t.test('an artist who has only albums that another one has is read to the end: that is no circle', async (t) => {
  const trial = create({ total: 80, albumAt: (_path, place) => ({ id: `shared${place}` }) })
  await trial.read(artists(trial.spotify, 'next', ['a', 'b'], null), Infinity)
  t.equal(trial.items().length, 160)
  t.same(trial.pages.flatMap(({ losses }) => losses), [])
})

t.test('a listing that shows the same albums again and again is a loss, and the next artist is read', async (t) => {
  const trial = create({
    total: 200,
    albumAt: (path, place) => (path.includes('/b/') ? { id: `b${place % 10}` } : ownAlbum(path, place)),
  })
  await trial.read(artists(trial.spotify, 'next', ['b', 'c'], null), Infinity)
  t.same(
    trial.items().slice(60),
    numbers('/artists/c/albums', 200),
    'after one page of b, and five that showed nothing else'
  )
  t.match(trial.pages.flatMap(({ losses }) => losses), [/5 pages in a row showed no album/])
})
