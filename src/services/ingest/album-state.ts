import { type BodyRef } from '../store/checkpoint.ts'

/** One stored page of an album's tracks. */
export interface StoredPage {
  offset: number
  /** Places on the page, broken ones included. */
  slots: number
  /** Tracks among them. */
  valid: number
  /** The page said that there is a next one. */
  hasNext: boolean
  /** What tells each of its tracks from others; none where the album has no further page, or is complete. */
  keys: readonly number[]
  /** null: it is the page embedded in the album itself. */
  body: BodyRef | null
}

/** What is stored of one album. */
export interface AlbumState {
  body: BodyRef
  /** Tracks that Spotify says the album has. */
  expected: number
  /** In Spotify's order, each place once. A run has many albums, and most have one page: a list is the least that holds it. */
  pages: StoredPage[]
}

/** The page of that place is this one now. */
export function putPage ({ pages }: Pick<AlbumState, 'pages'>, page: StoredPage): void {
  const place = pages.findIndex(({ offset }) => offset >= page.offset)
  if (place === -1) pages.push(page)
  else pages.splice(place, pages[place]?.offset === page.offset ? 1 : 0, page)
}

/** Whether the page tells more than the one that is stored for its place: more tracks that no other page has. */
export function tellsMore (page: Pick<StoredPage, 'offset' | 'valid' | 'keys'>, { pages }: Pick<AlbumState, 'pages'>): boolean {
  const stored = pages.find(({ offset }) => offset === page.offset)
  return stored === undefined || ownTracks(page, pages) > ownTracks(stored, pages)
}

/** Tracks of the page that no page of another place has. */
function ownTracks ({ offset, valid, keys }: Pick<StoredPage, 'offset' | 'valid' | 'keys'>, pages: AlbumState['pages']): number {
  const others = new Set(pages.flatMap((page) => page.offset === offset ? [] : page.keys))
  return valid - keys.filter((key) => others.has(key)).length
}

/** The tracks that there are; one that moved from page to page while they were asked for counts once. */
export function countTracks ({ pages }: Pick<AlbumState, 'pages'>): number {
  if (pages.length === 1) return pages[0]?.valid ?? 0
  const seen = new Set<number>()
  let tracks = 0
  for (const { valid, keys } of pages) {
    tracks += valid - keys.filter((key) => seen.has(key)).length
    for (const key of keys) seen.add(key)
  }
  return tracks
}

/** The tracks that the album should have: what it claims, or more where more places were seen. An empty page shows no place. */
export function expectedTracks (state: AlbumState): number {
  let expected = state.expected
  for (const { offset, slots } of state.pages) if (slots > 0) expected = Math.max(expected, offset + slots)
  return expected
}

/** Every place that the album claims was answered, each with a track, and nothing says that there are more. */
export function isAlbumComplete (state: AlbumState, pageSize: number): boolean {
  return isWholeAtOnce(state) || (missingPages(state, pageSize, true).length === 0 && countTracks(state) === expectedTracks(state))
}

/** As nearly every album is, which is asked of each of them several times: one whole page, and nothing after it. */
function isWholeAtOnce ({ expected, pages }: AlbumState): boolean {
  const page = pages.length === 1 ? pages[0] : undefined
  return page !== undefined && page.offset === 0 && !page.hasNext && page.valid === page.slots && page.slots >= expected
}

/** A page of tracks to ask for. */
export interface PageRange {
  offset: number
  limit: number
}

/**
 * What to ask so that every claimed place is covered, and none twice.
 * @param again also the pages that were answered with broken tracks, with nothing, or with a track that another one has
 */
export function missingPages (state: AlbumState, pageSize: number, again: boolean): PageRange[] {
  const missing: PageRange[] = []
  const { pages } = state
  const end = expectedTracks(state)
  const ask = (from: number, to: number): void => {
    for (let offset = from; offset < to; offset += pageSize) missing.push({ offset, limit: Math.min(pageSize, to - offset) })
  }
  let at = 0
  for (const page of pages) {
    ask(at, Math.min(page.offset, end)) // an empty page can lie beyond the end
    if (again && isPoor(page, end, pages)) missing.push({ offset: page.offset, limit: page.slots === 0 ? pageSize : page.slots })
    at = page.offset + (page.slots === 0 ? pageSize : page.slots)
  }
  for (; at < end; at += pageSize) missing.push({ offset: at, limit: pageSize })
  const last = pages.at(-1)
  if (last !== undefined && last.hasNext && last.slots > 0 && last.offset + last.slots === at) missing.push({ offset: at, limit: pageSize })
  return missing
}

/** With broken tracks, with none although the album goes on, or with some of another page: asked again it may be better. */
function isPoor (page: StoredPage, end: number, pages: StoredPage[]): boolean {
  const { offset, slots, valid } = page
  return valid < slots || (slots === 0 && offset < end) || ownTracks(page, pages) < valid
}
