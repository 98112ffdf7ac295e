/** The calls that a job cannot do without. */
export interface Work {
  /** Pages of the listing, of the largest size. */
  pages: number
  albums: number
  /** Pages of tracks beyond the 50 that an album carries. */
  furtherPages: number
}

const IN_FLIGHT = 10
const BATCH_SIZE = 20
const TRACKS_PAGE_SIZE = 50
const WINDOW_MS = 30_000

/** Nothing can start before what tells of it: token, the pages, the last batch, and one further page of its tracks. */
export function extendedPathMs ({ pages, furtherPages }: Work, latencyMs: number): number {
  return latencyMs * (1 + pages + 1 + (furtherPages > 0 ? 1 : 0))
}

/**
 * The same, by where the albums over 50 tracks (`tracks` in the order of the listing) really stand: one on the first page has its further
 * pages before the last page's batch is there.
 */
export function strictExtendedPathMs (tracks: readonly number[], pageSize: number, latencyMs: number): number {
  return latencyMs * Math.max(...tracks.map((count, place) => 1 + Math.ceil((place + 1) / pageSize) + 1 + (count > TRACKS_PAGE_SIZE ? 1 : 0)))
}

/** Calls of the extended tier; further pages of tracks cannot be batched. */
export function extendedCalls ({ pages, albums, furtherPages }: Work): number {
  return pages + Math.ceil(albums / BATCH_SIZE) + furtherPages
}

export function developmentCalls ({ pages, albums, furtherPages }: Work): number {
  return pages + albums + furtherPages
}

/**
 * Of a client that knows all ids after the first page: the token, that page, then all other calls, ten at a time.
 * `asked`: calls before it whose answers must be waited for, one after the other, to find out what the app may do.
 */
export function developmentPathMs (work: Work, latencyMs: number, asked = 0): number {
  return latencyMs * (2 + asked + Math.ceil((developmentCalls(work) - 1) / IN_FLIGHT))
}

/** So many calls in a sliding window: the last one cannot be sent before the windows of those before it are over. */
export function limitedPathMs (calls: number, callsPerWindow: number, latencyMs: number): number {
  return Math.floor((calls - 1) / callsPerWindow) * WINDOW_MS + 2 * latencyMs
}
