/** The calls of the Web API that the service makes, by the names that users see in `cost.byEndpoint`. */
export type Endpoint = 'newReleases' | 'search' | 'album' | 'albums' | 'albumTracks' | 'artistAlbums'

/** How a sentence calls an endpoint. */
export const ENDPOINT_NAMES: Record<Endpoint, string> = {
  newReleases: 'new-releases',
  search: 'search',
  album: 'the album',
  albums: 'the batch of albums',
  albumTracks: "the album's tracks",
  artistAlbums: "the artist's albums",
}

/** Its answers name albums; the others' are albums, or parts of them. */
export function isListing (endpoint: Endpoint): boolean {
  return endpoint === 'newReleases' || endpoint === 'search' || endpoint === 'artistAlbums'
}

/**
 * The page sizes to try, largest first: an endpoint that answers `Invalid limit` gets the next one, and so does a batch
 * of too many ids. Extended apps get 50 everywhere, development apps 10 in search and in artist albums.
 * Source: https://developer.spotify.com/documentation/web-api/references/changes/february-2026
 */
export const PAGE_SIZES = [50, 20, 10, 5] as const

/**
 * Ids in one `GET /albums?ids=`. Source:
 * https://developer.spotify.com/documentation/web-api/reference/get-multiple-albums
 */
export const BATCH_SIZE = 20

/** Tracks on one page, and those that are embedded in an album. Not lower at any tier. */
export const TRACKS_PAGE_SIZE = 50

/**
 * `offset + limit` of a search may not be larger. Source:
 * https://developer.spotify.com/documentation/web-api/reference/search
 */
export const SEARCH_WINDOW = 1000

/**
 * The page sizes, or ids in a batch, that every tier is documented to get where it may use the endpoint; null: it takes
 * no size.
 */
export const DOCUMENTED_SIZES: Record<Endpoint, number | null> = {
  newReleases: 50,
  search: 10,
  album: null,
  albums: BATCH_SIZE,
  albumTracks: TRACKS_PAGE_SIZE,
  artistAlbums: 10,
}

/**
 * Returns whether every tier may use it. Source:
 * https://developer.spotify.com/documentation/web-api/references/changes/february-2026
 */
export function isOpenToEveryTier (endpoint: Endpoint): boolean {
  return endpoint !== 'newReleases' && endpoint !== 'albums'
}
