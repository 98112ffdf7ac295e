import { createArtists } from './artists.ts'
import { createId } from './ids.ts'
import type { Album, AlbumGroup, Artist, SimplifiedAlbum, Track, View } from './objects.ts'
import { createOutlines, type Outline, trackCount } from './outlines.ts'
import type { Window } from './paging.ts'
import { createRandom, mix } from './random.ts'
import { renderAlbum, renderSummary, upcOf } from './render-album.ts'
import { renderTracks } from './render-track.ts'

/** Spotify reference, Get New Releases: the editors' list ends after about this many. */
const NEW_RELEASES = 100
/** How far relevance moves an album from its place by date. At most 40, so that none of the first 60 leaves the first 100. */
const RELEVANCE_NOISE = 40
const RELEVANCE_STREAM = 5

/** What an app with everything allowed would see at Spotify itself. */
export const SPOTIFY_VIEW: View = { apiUrl: 'https://api.spotify.com/v1', tier: 'extended', market: null, locale: '*' }

export interface ArtistAlbum { readonly id: string, readonly group: AlbumGroup }

export interface Catalogue {
  readonly seed: number
  /** Every album id, newest first. */
  readonly ids: readonly string[]
  /** What new-releases lists. */
  readonly newReleases: readonly string[]
  /** What a search for `tag:new` lists: every album, by relevance. */
  readonly searchOrder: readonly string[]
  /** Albums as listings show them, newest first. */
  albums (view?: View): Iterable<SimplifiedAlbum>
  /** One album as listings show it. */
  summary (id: string, view?: View): SimplifiedAlbum | undefined
  /** The album with all its tracks on one page and `next` null: the truth, where Spotify answers only the first 50. */
  album (id: string, view?: View): Album | undefined
  /** The album as Spotify answers it. */
  answer (id: string, view?: View): Album | undefined
  trackTotal (id: string): number
  /** The album's barcode; empty for an unknown id. */
  upc (id: string): string
  /** All tracks of the album, or a window of them; none for an unknown id. */
  tracks (id: string, view?: View, window?: Window): Track[]
  artists (view?: View): Iterable<Artist>
  /** The albums that an artist takes part in, by group and newest first; undefined for an unknown artist. */
  artistAlbums (artistId: string): readonly ArtistAlbum[] | undefined
}

/**
 * Invented albums, the same for the same seed and size. Only ids are kept: albums and tracks are computed when asked for, so that
 * 20,000 albums cost a few megabytes.
 */
export function createCatalogue (seed: number, size: number): Catalogue {
  const ids = Array.from({ length: size }, (_, index) => createId(seed, 'album', index))
  const indexes = new Map(ids.map((id, index) => [id, index]))
  const artists = createArtists(seed, size)
  const source = { seed, artists }
  const outlineAt = createOutlines(seed, size, artists.count)
  const discographies = onFirstUse(() => collectDiscographies(ids, outlineAt))
  const artistNumbers = onFirstUse(() => new Map(Array.from({ length: artists.count }, (_, number) => [artists.id(number), number])))

  /** Makes something of the album, if there is such an album. */
  function ofAlbum<T> (id: string, make: (outline: Outline) => T): T | undefined {
    const index = indexes.get(id)
    return index === undefined ? undefined : make(outlineAt(index))
  }

  return {
    seed,
    ids,
    newReleases: ids.slice(0, NEW_RELEASES),
    searchOrder: byRelevance(seed, ids),
    * albums (view = SPOTIFY_VIEW) {
      for (const index of ids.keys()) yield renderSummary(source, outlineAt(index), view)
    },
    * artists (view = SPOTIFY_VIEW) {
      for (let number = 0; number < artists.count; number++) yield artists.artist(number, view.apiUrl)
    },
    summary: (id, view = SPOTIFY_VIEW) => ofAlbum(id, (outline) => renderSummary(source, outline, view)),
    album: (id, view = SPOTIFY_VIEW) => ofAlbum(id, (outline) => renderAlbum(source, outline, view, 'all tracks')),
    answer: (id, view = SPOTIFY_VIEW) => ofAlbum(id, (outline) => renderAlbum(source, outline, view, 'first tracks')),
    tracks: (id, view = SPOTIFY_VIEW, window = { offset: 0, limit: Infinity }) => ofAlbum(id, (outline) => renderTracks(source, outline, view, window)) ?? [],
    trackTotal: (id) => ofAlbum(id, trackCount) ?? 0,
    upc: (id) => ofAlbum(id, (outline) => upcOf(seed, outline)) ?? '',
    artistAlbums (artistId) {
      const number = artistNumbers().get(artistId)
      return number === undefined ? undefined : discographies().get(number) ?? []
    },
  }
}

function onFirstUse<T> (make: () => T): () => T {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}

/** Newest first, disturbed: a stand-in for an order that follows no field of the album. */
function byRelevance (seed: number, ids: readonly string[]): string[] {
  const random = createRandom(mix(seed, RELEVANCE_STREAM))
  return ids
    .map((id, index) => ({ id, rank: index + random() * RELEVANCE_NOISE }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ id }) => id)
}

const GROUPS: readonly AlbumGroup[] = ['album', 'single', 'compilation', 'appears_on']

/** Album ids by artist number. A guest `appears_on` (Spotify reference: Get Artist's Albums, album_group). */
function collectDiscographies (ids: readonly string[], outlineAt: (index: number) => Outline): Map<number, ArtistAlbum[]> {
  const discographies = new Map<number, ArtistAlbum[]>()
  for (const [index, id] of ids.entries()) {
    const outline = outlineAt(index)
    for (const [place, artist] of outline.artists.entries()) {
      const list = discographies.get(artist) ?? []
      list.push({ id, group: place === 0 ? outline.type : 'appears_on' })
      discographies.set(artist, list)
    }
  }
  for (const list of discographies.values()) list.sort((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group))
  return discographies
}
