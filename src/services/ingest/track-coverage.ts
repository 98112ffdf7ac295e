import type { BodyRef } from '../store/ledger-store.ts'

/** One stored page of an album's tracks. */
export interface StoredPage {
  offset: number
  /** Places on the page, broken ones included. */
  places: number
  /** Tracks among them. */
  valid: number
  /** The page said that there is a next one. */
  hasNext: boolean
  /** What tells each of its tracks from others; none where the album has no further page, or is complete. */
  keys: readonly string[]
  /** null: it is the page embedded in the album itself. */
  body: BodyRef | null
}

/** What is stored of one album. */
export interface TrackCoverage {
  body: BodyRef
  /** Tracks that Spotify says the album has. */
  expected: number
  /**
   * In Spotify's order, each place once. A run has many albums, and most have one page: a list is the least that holds
   * it.
   */
  pages: StoredPage[]
}

/** The page of that place is this one now. */
export function putPage ({ pages }: Pick<TrackCoverage, 'pages'>, page: StoredPage): void {
  const place = pages.findIndex(({ offset }) => offset >= page.offset)
  if (place === -1) pages.push(page)
  else pages.splice(place, pages[place]?.offset === page.offset ? 1 : 0, page)
}

/** Returns whether the page has more tracks that no other page has than the one stored for its place. */
export function tellsMore (
  page: Pick<StoredPage, 'offset' | 'valid' | 'keys'>, { pages }: Pick<TrackCoverage, 'pages'>
): boolean {
  const stored = pages.find(({ offset }) => offset === page.offset)
  return stored === undefined || ownTracks(page, pages) > ownTracks(stored, pages)
}

/** Tracks of the page that no page of another place has. */
function ownTracks (
  { offset, valid, keys }: Pick<StoredPage, 'offset' | 'valid' | 'keys'>, pages: TrackCoverage['pages']
): number {
  const others = new Set(pages.flatMap((page) => page.offset === offset ? [] : page.keys))
  return valid - keys.filter((key) => others.has(key)).length
}

/** The tracks that there are; one that moved from page to page while they were asked for counts once. */
export function countTracks ({ pages }: Pick<TrackCoverage, 'pages'>): number {
  if (pages.length === 1) return pages[0]?.valid ?? 0
  const seen = new Set<string>()
  let tracks = 0
  for (const { valid, keys } of pages) {
    tracks += valid - keys.filter((key) => seen.has(key)).length
    for (const key of keys) seen.add(key)
  }
  return tracks
}

/**
 * The tracks that the album should have: what it claims, or more where more places were seen. An empty page shows no
 * place.
 */
export function expectedTracks (state: TrackCoverage): number {
  let expected = state.expected
  for (const { offset, places } of state.pages) if (places > 0) expected = Math.max(expected, offset + places)
  return expected
}

/**
 * Every place that the album claims was answered, each with a track of its own, and nothing says that there are more.
 */
export function isAlbumComplete (state: TrackCoverage, pageSize: number): boolean {
  if (isWholeAtOnce(state)) return true
  const isShown = countTracks(state) >= expectedTracks(state) &&
    state.pages.every(({ valid, places }) => valid >= places)
  return isShown && !namesMore(state) && missingPages(state, pageSize, false).length === 0
}

/** The last page with tracks named a next one, and no empty page has answered that. */
export function namesMore ({ pages }: TrackCoverage): boolean {
  const last = pages.findLast(({ places }) => places > 0)
  return last !== undefined && last.hasNext && !pages.some(({ offset, places }) => places === 0 && offset > last.offset)
}

/** As nearly every album is, which is asked of each of them several times: one whole page, and nothing after it. */
function isWholeAtOnce ({ expected, pages }: TrackCoverage): boolean {
  const page = pages.length === 1 ? pages[0] : undefined
  return page !== undefined && page.offset === 0 && !page.hasNext && page.valid === page.places &&
    page.places >= expected
}

/**
 * No further page is asked for once an album has so many pages or bytes: its answers, not its claims, fill the disk and
 * the heap.
 */
const MAX_PAGES = 400
const MAX_BYTES = 8 * 1024 * 1024

export function isAlbumFull ({ body, pages }: TrackCoverage): boolean {
  return pages.length >= MAX_PAGES ||
    pages.reduce((bytes, page) => bytes + (page.body?.length ?? 0), body.length) >= MAX_BYTES
}

/** A page of tracks to ask for. */
export interface PageRange {
  offset: number
  limit: number
}

/** Pages asked for concurrently beyond what was seen: what a wrong claim costs at most, in each pass. */
const MAX_PAGES_AHEAD = 4

/** Pages in a row without a track that the album has not shown: it has ended, whatever it claims. */
const MAX_STALE_PAGES = 4

/** No album that people listen to has more. It bounds one that shows new tracks for ever. */
const MAX_TRACKS = 10_000

/** How far beyond its own claim an album is followed as long as it names a next page. */
const MAX_TRACKS_BEYOND_CLAIM = 1000

/**
 * Returns the pages to ask for next: holes between the stored pages, then a few beyond them. What the album claims is
 * only followed while its pages show tracks; an empty page ends it.
 * @param again also the pages that were answered with broken tracks, with nothing, or with a track that another one has
 */
export function missingPages (state: TrackCoverage, pageSize: number, again: boolean): PageRange[] {
  const seenEnd = endOfSeen(state)
  return [
    ...holes(state.pages, seenEnd, pageSize),
    ...again ? poorPages(state, pageSize) : [],
    ...furtherPages(state, seenEnd, pageSize),
  ]
}

/** The first place beyond all tracks that were shown. */
function endOfSeen ({ pages }: TrackCoverage): number {
  return pages.reduce((end, { offset, places }) => places > 0 ? Math.max(end, offset + places) : end, 0)
}

/** Returns the ranges before `end` that no page covers. An empty page covers as much as was asked for. */
function holes (pages: StoredPage[], end: number, pageSize: number): PageRange[] {
  const missing: PageRange[] = []
  let at = 0
  for (const { offset, places } of pages) {
    for (; at < Math.min(offset, end); at += pageSize) {
      missing.push({ offset: at, limit: Math.min(pageSize, offset - at) })
    }
    at = Math.max(at, offset + (places === 0 ? pageSize : places))
  }
  return missing
}

/**
 * Pages with broken tracks, with none although the album goes on, or with some of another page: asked again they may be
 * better.
 */
function poorPages (state: TrackCoverage, pageSize: number): PageRange[] {
  const { pages } = state
  const end = expectedTracks(state)
  const counts = new Map<string, number>()
  for (const { keys } of pages) for (const key of new Set(keys)) counts.set(key, (counts.get(key) ?? 0) + 1)
  return pages
    .filter(({ offset, places, valid, keys }) =>
      valid < places || (places === 0 && offset < end) || keys.some((key) => (counts.get(key) ?? 0) > 1))
    .map(({ offset, places }) => ({ offset, limit: places === 0 ? pageSize : places }))
}

/**
 * The pages beyond what was seen: several where the album claims more and its last page was not the end, else one, or
 * none.
 */
function furtherPages (state: TrackCoverage, seenEnd: number, pageSize: number): PageRange[] {
  const { expected, pages } = state
  const last = pages.findLast(({ places }) => places > 0)
  const hasNext = namesMore(state)
  const emptyAt = pages.find(({ offset, places }) => places === 0 && offset >= seenEnd)?.offset ?? Infinity
  const end = Math.min(
    hasNext ? Math.max(expected, seenEnd + 1) : expected, emptyAt, MAX_TRACKS, expected + MAX_TRACKS_BEYOND_CLAIM
  )
  if (seenEnd >= end || isStale(pages)) return []
  const isPlausible = last === undefined || hasNext || last.places >= pageSize
  const count = isPlausible ? Math.min(MAX_PAGES_AHEAD, Math.ceil((end - seenEnd) / pageSize)) : 1
  return Array.from({ length: count }, (_, page) => {
    const offset = seenEnd + page * pageSize
    return { offset, limit: Math.min(pageSize, emptyAt - offset) }
  })
}

/** The last pages showed only tracks that earlier ones had. */
function isStale (pages: StoredPage[]): boolean {
  if (pages.length <= MAX_STALE_PAGES) return false
  const shown = new Set(pages.slice(0, -MAX_STALE_PAGES).flatMap(({ keys }) => keys))
  return pages.slice(-MAX_STALE_PAGES).every(
    ({ valid, keys }) => valid === keys.length && keys.every((key) => shown.has(key))
  )
}
