import type { UsedSource } from '../../../schemas/run.ts'
import type { CallContext } from '../call.ts'
import { SEARCH_WINDOW } from '../http/endpoint.ts'
import { idsOf } from '../item-check.ts'
import { type Cursor, type Pagination, START, nextStep, placesAhead } from '../paging.ts'
import type { ListingPage, ListingRequest, SpotifyClient } from '../client.ts'
import { type PrefetchedPages, type Prefetch, createPrefetch } from './prefetch.ts'

/**
 * The cursor of a source's listing: plain data for the ledger. `streamIndex` counts listings that follow each other.
 */
export interface SourceCursor {
  streamIndex: number
  cursor: Cursor
}

export const SOURCE_START: SourceCursor = { streamIndex: 0, cursor: START }

/**
 * One page of a source: unchecked items, what was lost on the way, and where the next page is (null: no more is shown).
 */
export interface SourcePage {
  items: unknown[]
  losses: string[]
  next: SourceCursor | null
  /** Spotify's search shows no more than so many; null where the listing has not ended there. */
  cappedAt: number | null
}

/** For whom a listing is read. */
export interface Reader {
  context: CallContext
  /** How many albums are still missing, to ask for no larger page. */
  wanted: () => number
  /** Pages that one listing may take. */
  maxPages: number
  prefetched: PrefetchedPages
}

/** A way to find albums. */
export interface Source {
  used: UsedSource['used']
  query: string | null
  /**
   * Yields the pages from `from` on. The call of a page holds its slot until the next page is asked for: store it
   * before.
   */
  pages: (from: SourceCursor, reader: Reader) => AsyncGenerator<SourcePage>
}

/** A paged listing to read as one stream of a source. */
export interface Listing {
  spotify: SpotifyClient
  request: ListingRequest
  pagination: Pagination
}

/** Yields the pages of one listing, the only stream of its source. */
export async function * listingPages (
  listing: Listing, from: SourceCursor, reader: Reader
): AsyncGenerator<SourcePage> {
  const prefetch = createPrefetch(listing.spotify, reader)
  try {
    yield * streamPages(listing, from, reader, prefetch)
  } finally {
    await prefetch.settled()
  }
}

/** Yields the pages of one stream. While counting, the next pages are asked for concurrently. */
export async function * streamPages (
  { spotify, request, pagination }: Listing,
  { streamIndex, cursor: from }: SourceCursor,
  reader: Reader,
  prefetch: Prefetch
): AsyncGenerator<SourcePage> {
  const { context, wanted, maxPages } = reader
  const rules = {
    pagination,
    origin: spotify.origin,
    isSearch: request.endpoint === 'search',
    mayBeEmpty: request.endpoint === 'artistAlbums',
  }
  const stops = createStopCheck(maxPages)

  /** Yields what the answer shows; returns where the next page is. */
  async function * take (at: Cursor, { page, pageSize }: ListingPage): AsyncGenerator<SourcePage, Cursor | null> {
    const step = nextStep(page, at, pageSize, rules)
    const stop = stops(page.items)
    const isStopped = stop !== null && step.kind === 'more'
    const next = step.kind === 'more' && !isStopped ? step.cursor : null
    const hasTooMany = page.items.length > MAX_PAGE_ITEMS
    const unread = `a page had ${page.items.length} items: those beyond ${MAX_PAGE_ITEMS} were not read`
    yield {
      items: page.items.slice(0, MAX_PAGE_ITEMS),
      losses: [step.loss, isStopped ? stop : null, hasTooMany ? unread : null].filter((loss) => loss !== null),
      next: next === null ? null : { streamIndex, cursor: next },
      cappedAt: step.kind === 'end' && step.isCapped ? SEARCH_WINDOW : null,
    }
    if (next === null) return null
    for (const { offset, wanted: most } of placesAhead(page, next, pageSize, wanted(), rules)) {
      prefetch.ask(request, streamIndex, offset, most)
    }
    return next
  }

  for (let cursor: Cursor | null = from; cursor !== null;) {
    const at: Cursor = cursor
    const prefetched = await prefetch.page(streamIndex, at)
    if (prefetched !== undefined) {
      cursor = yield * take(at, prefetched)
      continue
    }
    using slot = await spotify.slot(context, true)
    cursor = yield * take(at, await spotify.listingPage(request, at, wanted(), { ...context, slot }))
  }
}

/** After so many pages in a row without a new album, the listing is considered to repeat itself. */
const STALE_PAGES = 5

/** Items that are read of one page; Spotify sends at most 50. */
const MAX_PAGE_ITEMS = 1000

/** Items that are read of one listing. */
const MAX_LISTING_ITEMS = 10_000

/**
 * Returns a check that takes the items of each page, and says why the listing must stop although it names a next page;
 * null: it need not.
 */
function createStopCheck (maxPages: number): (items: unknown[]) => string | null {
  const seen = new Set<string>()
  let pages = 0
  let items = 0
  let stale = 0
  return (shown) => {
    pages++
    items += shown.length
    if (pages >= maxPages || items >= MAX_LISTING_ITEMS) {
      return `a listing still named a next page after ${pages} pages with ${items} items, and was followed no further`
    }
    if (shown.length === 0) return null // empty pages are no evidence, and asked for a few times only
    const before = seen.size
    for (const id of idsOf(shown)) seen.add(id)
    stale = seen.size === before ? stale + 1 : 0
    return stale >= STALE_PAGES ? `${STALE_PAGES} pages in a row showed no album that this listing had not shown` : null
  }
}
