import { createArtists } from './artists.ts'
import { createCalendar } from './calendar.ts'
import { createId } from './ids.ts'
import {
  type Album, type AlbumGroup, type Artist, type SimplifiedAlbum, SPOTIFY_API_URL, type Track, type View,
} from './objects.ts'
import { createOutlines, DAY_ZERO, type Outline, trackCount } from './outlines.ts'
import type { Window } from './paging.ts'
import { createRandom, mix } from './random.ts'
import { renderAlbum, renderSummary, standingOf, upcOf } from './render-album.ts'
import { renderTracks } from './render-track.ts'

/** The approximate length of the editors' list (Spotify reference, Get New Releases). */
const NEW_RELEASES = 100
/** The most that relevance moves an album from its rank by date. At 40, none of the first 60 leaves the first 100. */
const RELEVANCE_NOISE = 40
const RELEVANCE_STREAM = 5

/** The view of an app with extended quota at Spotify itself. */
export const SPOTIFY_VIEW: View = { apiUrl: SPOTIFY_API_URL, tier: 'extended', market: null, locale: '*' }

export interface ArtistAlbum { readonly id: string, readonly group: AlbumGroup }

/** The fields that search matches, in both tiers. */
export interface SearchFields {
  readonly album: string
  readonly artists: readonly string[]
  readonly label: string
  readonly upc: string
  readonly year: number
  readonly popularity: number
}

export interface Catalogue {
  readonly seed: number
  /** Every album id, newest first, delisted albums included. */
  readonly ids: readonly string[]
  /** The albums that new-releases lists. */
  readonly newReleases: readonly string[]
  /** The albums that a search for `tag:new` lists, by relevance: those of the last two weeks, on day 0 all. */
  readonly searchOrder: readonly string[]
  /** The albums that search can find, by relevance: all except the delisted ones. */
  readonly listed: readonly string[]
  /** The albums that are in no listing any more, but still answered by their ids. */
  readonly delisted: readonly string[]
  /** Yields the albums as listings show them, newest first. */
  albums (view?: View): Iterable<SimplifiedAlbum>
  /** Returns one album as listings show it. */
  summary (id: string, view?: View): SimplifiedAlbum | undefined
  /** Returns the album with all its tracks on one page and `next` null, where Spotify answers only the first 50. */
  album (id: string, view?: View): Album | undefined
  /** Returns the album as Spotify answers it. */
  answer (id: string, view?: View): Album | undefined
  searchFields (id: string): SearchFields | undefined
  trackTotal (id: string): number
  /** Returns the barcode of the album; empty for an unknown id. */
  upc (id: string): string
  /** Returns all tracks of the album, or a window of them; none for an unknown id. */
  tracks (id: string, view?: View, window?: Window): Track[]
  artists (view?: View): Iterable<Artist>
  /** Returns the listed albums of an artist, by group and newest first; undefined for an unknown artist. */
  artistAlbums (artistId: string): readonly ArtistAlbum[] | undefined
}

/**
 * Creates invented albums, the same for the same seed, size (of day 0), day and date of day 0. Only ids are kept:
 * albums and tracks are computed on each call, so that 20,000 albums take a few megabytes.
 */
export function createCatalogue (seed: number, size: number, day = 0, dayZero = DAY_ZERO): Catalogue {
  const calendar = createCalendar(seed, size, day)
  const ids = calendar.numbers.map((number) => createId(seed, 'album', number))
  const numbers = new Map(ids.map((id, index) => [id, calendar.numbers[index] ?? 0]))
  const isListed = (id: string) => calendar.isListed(numbers.get(id) ?? 0)
  const isNew = (id: string) => calendar.isNew(numbers.get(id) ?? 0)
  const listed = byRelevance(seed, ids, calendar.laterReleases).filter(isListed)
  const artists = createArtists(seed, size)
  const source = { seed, artists }
  const outlineOf = createOutlines(seed, calendar, artists.count, dayZero)
  const listedOutlines = () => calendar.numbers.filter(calendar.isListed).map(outlineOf)
  const discographies = onFirstUse(() => collectDiscographies(listedOutlines()))
  const artistNumbers = onFirstUse(() => {
    return new Map(Array.from({ length: artists.count }, (_, number) => [artists.id(number), number]))
  })

  /** Applies a function to the outline of an album; undefined for an unknown id. */
  function ofAlbum<T> (id: string, make: (outline: Outline) => T): T | undefined {
    const number = numbers.get(id)
    return number === undefined ? undefined : make(outlineOf(number))
  }

  return {
    seed,
    ids,
    newReleases: ids.filter(isListed).slice(0, NEW_RELEASES),
    searchOrder: listed.filter(isNew),
    listed,
    delisted: ids.filter((id) => !isListed(id)),
    * albums (view = SPOTIFY_VIEW) {
      for (const number of calendar.numbers) yield renderSummary(source, outlineOf(number), view)
    },
    * artists (view = SPOTIFY_VIEW) {
      for (let number = 0; number < artists.count; number++) yield artists.artist(number, view.apiUrl)
    },
    summary: (id, view = SPOTIFY_VIEW) => ofAlbum(id, (outline) => renderSummary(source, outline, view)),
    album: (id, view = SPOTIFY_VIEW) => ofAlbum(id, (outline) => renderAlbum(source, outline, view, 'all tracks')),
    answer: (id, view = SPOTIFY_VIEW) => ofAlbum(id, (outline) => renderAlbum(source, outline, view, 'first tracks')),
    tracks: (id, view = SPOTIFY_VIEW, window = { offset: 0, limit: Infinity }) =>
      ofAlbum(id, (outline) => renderTracks(source, outline, view, window)) ?? [],
    searchFields: (id) => ofAlbum(id, (outline) => ({
      album: outline.name,
      artists: outline.artists.map((number) => artists.artist(number, SPOTIFY_API_URL).name),
      upc: upcOf(seed, outline),
      year: Number(outline.releaseDate.slice(0, 4)),
      ...standingOf(seed, outline),
    })),
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

/**
 * Sorts newest first, with noise: a stand-in for an order that follows no field of the album. An album has the same
 * rank on every day, counted from the newest of day 0, which follows `later` newer ids.
 */
function byRelevance (seed: number, ids: readonly string[], later: number): string[] {
  const random = createRandom(mix(seed, RELEVANCE_STREAM))
  const noise = (place: number) => place < 0 ? createRandom(mix(seed, RELEVANCE_STREAM, place))() : random()
  return ids
    .map((id, index) => ({ id, rank: index - later + noise(index - later) * RELEVANCE_NOISE }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ id }) => id)
}

const GROUPS: readonly AlbumGroup[] = ['album', 'single', 'compilation', 'appears_on']

/** Groups albums by artist number. A guest `appears_on` (Spotify reference: Get Artist's Albums, album_group). */
function collectDiscographies (outlines: readonly Outline[]): Map<number, ArtistAlbum[]> {
  const discographies = new Map<number, ArtistAlbum[]>()
  for (const outline of outlines) {
    for (const [place, artist] of outline.artists.entries()) {
      const list = discographies.get(artist) ?? []
      list.push({ id: outline.id, group: place === 0 ? outline.type : 'appears_on' })
      discographies.set(artist, list)
    }
  }
  for (const list of discographies.values()) list.sort((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group))
  return discographies
}
