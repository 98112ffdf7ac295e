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
  /** Of the discs, numbers and ids of its tracks: two pages with the same one are the same page. */
  fingerprint: number
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

/** The same tracks were answered for another place already: that tells nothing of this one. */
export function isRepeated ({ offset, slots, fingerprint }: Pick<StoredPage, 'offset' | 'slots' | 'fingerprint'>, pages: AlbumState['pages']): boolean {
  return slots > 0 && pages.some((page) => page.offset !== offset && page.valid > 0 && page.fingerprint === fingerprint)
}

export function countTracks (state: AlbumState): number {
  let tracks = 0
  for (const page of state.pages) tracks += page.valid
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
 * @param again also the pages that were answered with broken tracks or with nothing
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
    const isPoor = page.valid < page.slots || (page.slots === 0 && page.offset < end)
    if (again && isPoor) missing.push({ offset: page.offset, limit: page.slots === 0 ? pageSize : page.slots })
    at = page.offset + (page.slots === 0 ? pageSize : page.slots)
  }
  for (; at < end; at += pageSize) missing.push({ offset: at, limit: pageSize })
  const last = pages.at(-1)
  if (last !== undefined && last.hasNext && last.slots > 0 && last.offset + last.slots === at) missing.push({ offset: at, limit: pageSize })
  return missing
}
