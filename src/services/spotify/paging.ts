import { isRecord } from '../fields.ts'
import { SEARCH_WINDOW } from './http/endpoint.ts'

export type Pagination = 'next' | 'offset'

/** One page of a paging object, its items not yet checked. */
export interface Page {
  items: unknown[]
  next: string | null
  total: number | null
}

/** The cursor of a listing: plain data for the ledger. */
export interface Cursor {
  offset: number
  /** The `next` URL to follow; null: count. */
  url: string | null
  /** How often this place has been answered with nothing although there should be more. */
  empties: number
  /** The offset of an empty page, which is a loss once a later page has items. */
  holeAt: number | null
}

export const START: Cursor = { offset: 0, url: null, empties: 0, holeAt: null }

export type Step =
  | { kind: 'more', cursor: Cursor, loss: string | null }
  /** `isCapped`: a search has come to the end of its window, and nothing proves that it had no more. */
  | { kind: 'end', loss: string | null, isCapped: boolean }

export interface PagingRules {
  pagination: Pagination
  /** The only origin that `next` may name. */
  origin: string
  /** Search: its `total` is unreliable and it shows no more than a window of results. */
  isSearch: boolean
  /** An empty listing is an ordinary answer: an artist may have no albums, but there are always new ones. */
  mayBeEmpty: boolean
}

/** A paging object, bare or under `wrapper` (`albums` in listings); null when it is none. */
export function readPage (body: unknown, wrapper: 'albums' | null): Page | null {
  const page = wrapper === null || !isRecord(body) ? body : body[wrapper]
  if (!isRecord(page) || !Array.isArray(page['items'])) return null
  const { items, next, total } = page
  return {
    items: items as unknown[],
    next: typeof next !== 'string' || next === '' ? null : next.length > MAX_URL_LENGTH ? UNUSABLE_URL : next,
    total: typeof total === 'number' && Number.isSafeInteger(total) && total >= 0 ? total : null,
  }
}

/** A longer `next` still says that there is more; it is neither stored nor followed. */
const MAX_URL_LENGTH = 2000
const UNUSABLE_URL = 'about:blank'

/** How often a page is requested that is empty and should not be. */
const ASK_EMPTY_PAGE = 3

/**
 * Where to go after a page. What Spotify says about more (`next`, `total`, a full page) is evidence, not truth:
 * `next` has been null early and non-null past the end, and an empty page has come before a full one.
 * A wrong "there is more" costs a call; a wrong "that was all" would cost albums.
 */
export function nextStep (page: Page, cursor: Cursor, pageSize: number, rules: PagingRules): Step {
  if (page.items.length === 0) return afterEmptyPage(page, cursor, pageSize, rules)
  const loss = cursor.holeAt === null
    ? null
    : `the page at offset ${cursor.holeAt} stayed empty although later ones were not`
  const seen = cursor.offset + page.items.length
  if (!claimsMore(page, seen, pageSize, rules)) return { kind: 'end', loss, isCapped: false }
  const byCount: Cursor = {
    offset: nextOffset(page.next, cursor, pageSize, rules) ?? seen,
    url: null,
    empties: 0,
    holeAt: null,
  }
  const next = (rules.pagination === 'next' ? follow(page.next, cursor, pageSize, rules, seen) : null) ?? byCount
  if (!rules.isSearch || next.offset < SEARCH_WINDOW) return { kind: 'more', cursor: next, loss }
  return { kind: 'end', loss, isCapped: page.next !== null || page.total !== seen }
}

/** How many pages are requested concurrently while counting. */
const PAGES_AHEAD = 4

/**
 * The places that come next while counting, each with how many albums are wanted from there on: not beyond what is
 * wanted or what `total` admits, so that a wrong guess costs few calls.
 */
export function placesAhead (
  { total }: Page, next: Cursor, pageSize: number, wanted: number, { pagination, isSearch }: PagingRules
): Array<{ offset: number, wanted: number }> {
  if (pagination !== 'offset' || next.empties > 0 || next.holeAt !== null) return []
  const end = Math.min(next.offset + wanted, total ?? 0, isSearch ? SEARCH_WINDOW : Infinity)
  const places: Array<{ offset: number, wanted: number }> = []
  for (let { offset } = next; offset < end && places.length < PAGES_AHEAD; offset += pageSize) {
    places.push({ offset, wanted: wanted - (offset - next.offset) })
  }
  return places
}

function claimsMore (page: Page, seen: number, pageSize: number, { isSearch }: PagingRules): boolean {
  if (page.next !== null) return true
  if (isSearch) return page.items.length >= pageSize
  return page.total !== null && page.total > seen
}

/** An empty first page is an anomaly, and so is an empty page that has a next one: asks again, then skips it once. */
function afterEmptyPage (page: Page, cursor: Cursor, pageSize: number, rules: PagingRules): Step {
  const empties = cursor.empties + 1
  const isFirst = cursor.offset === 0
  const claimed = !rules.isSearch && page.total !== null && page.total > cursor.offset
  const suspicious = page.next !== null || claimed || (isFirst && !rules.mayBeEmpty)
  if (suspicious && empties < ASK_EMPTY_PAGE) {
    return { kind: 'more', cursor: { ...cursor, empties }, loss: null }
  }
  if (page.next === null || cursor.holeAt !== null) {
    /**
     * Two empty places in a row: only a search that still names a next page, or a trusted total, says that there is
     * more.
     */
    const isUnfinished = claimed || (rules.isSearch && page.next !== null)
    return {
      kind: 'end',
      isCapped: false,
      loss: isUnfinished
        ? `Spotify said that there are more (total ${page.total ??
      'unknown'}) and showed nothing from offset ${cursor.holeAt ?? cursor.offset} on`
        : null
    }
  }
  const beyond: Cursor = { offset: cursor.offset + pageSize, url: null, empties: 0, holeAt: cursor.offset }
  return rules.isSearch && beyond.offset >= SEARCH_WINDOW
    ? { kind: 'end', loss: null, isCapped: true }
    : { kind: 'more', cursor: beyond, loss: null }
}

/**
 * Follows `next` only to Spotify itself, and only to the page after this one: the token goes nowhere else, and no
 * listing turns in a circle or skips a place. Null where counting has to go on instead.
 */
function follow (
  next: string | null, cursor: Cursor, pageSize: number, { origin }: PagingRules, seen: number
): Cursor | null {
  const url = next === null ? null : parseUrl(next)
  if (url === null || url.origin !== origin) return null
  const offset = offsetOf(url)
  if (offset === null
    ? url.searchParams.has('offset') || next === cursor.url
    : offset <= cursor.offset || offset > Math.max(seen, cursor.offset + pageSize)) return null
  return { offset: offset ?? seen, url: next, empties: 0, holeAt: null }
}

/** While counting, `next` may tell how many places the page took up (items that are filtered out count too). */
function nextOffset (next: string | null, cursor: Cursor, pageSize: number, { origin }: PagingRules): number | null {
  const url = next === null ? null : parseUrl(next)
  const offset = url?.origin === origin ? offsetOf(url) : null
  return offset !== null && offset > cursor.offset && offset <= cursor.offset + pageSize ? offset : null
}

function offsetOf (url: URL): number | null {
  const offset = url.searchParams.get('offset')
  return offset !== null && /^\d{1,9}$/.test(offset) ? Number(offset) : null
}

function parseUrl (text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null
}
