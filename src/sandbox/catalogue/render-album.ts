import type { Source } from './artists.ts'
import { coverUrl } from './covers.ts'
import { marketsOf } from './markets.ts'
import { labelName } from './names.ts'
import type { Album, Image, SimplifiedAlbum, View } from './objects.ts'
import { type Outline, trackCount } from './outlines.ts'
import { createPage, pageLink, type Window } from './paging.ts'
import { between, createRandom, mix } from './random.ts'
import { renderTracks } from './render-track.ts'

/** The number of tracks in one answer (Spotify reference, Get Album). */
const EMBEDDED_TRACKS = 50
const DETAIL_STREAM = 4
/** Width in pixels, widest first, and its code in the names of Spotify's images. */
const ALBUM_COVERS = [[640, 'b273'], [300, '1e02'], [64, '4851']] as const

/**
 * Renders an album as its own endpoint answers it (Spotify reference: AlbumObject), with its first 50 tracks and a link
 * to the others, or, as no endpoint does, with all tracks on one page.
 */
export function renderAlbum (
  source: Source, outline: Outline, view: View, shown: 'first tracks' | 'all tracks'
): Album {
  const window = { offset: 0, limit: EMBEDDED_TRACKS }
  const total = trackCount(outline)
  const tracks = renderTracks(source, outline, view, shown === 'all tracks' ? { offset: 0, limit: total } : window)
  const reachable = tracks.length < total ? total : 0
  const link = (other: Window) => pageLink(view, `/albums/${outline.id}/tracks`, other)
  return {
    ...renderSummary(source, outline, view),
    tracks: createPage(tracks, window, reachable, total, link),
    ...renderDetails(source.seed, outline, view),
  }
}

/** Renders an album as listings show it (Spotify reference: SimplifiedAlbumObject). */
export function renderSummary ({ seed, artists }: Source, outline: Outline, view: View): SimplifiedAlbum {
  const { id, oddity } = outline
  return {
    album_type: outline.type,
    total_tracks: trackCount(outline),
    ...(view.tier === 'extended' ? { available_markets: marketsOf(outline.reach) } : {}),
    external_urls: { spotify: `https://open.spotify.com/album/${id}` },
    href: `${view.apiUrl}/albums/${id}`,
    id,
    images: imagesOf(seed, outline, view),
    name: outline.name,
    release_date: outline.releaseDate,
    release_date_precision: precisionOf(outline.releaseDate),
    ...(oddity.restriction ? { restrictions: { reason: oddity.restriction } } : {}),
    type: 'album',
    uri: `spotify:album:${id}`,
    artists: outline.artists.map((number) => artists.artist(number, view.apiUrl)),
  }
}

/** Renders the fields that the album endpoint adds to the listing, without the tracks. */
function renderDetails (seed: number, outline: Outline, view: View): Omit<Album, keyof SimplifiedAlbum | 'tracks'> {
  const { label, popularity } = standingOf(seed, outline)
  const holder = `${outline.year} ${label}`
  return {
    copyrights: [{ text: `© ${holder}`, type: 'C' }, { text: `℗ ${holder}`, type: 'P' }],
    external_ids: { upc: upcOf(seed, outline) },
    genres: [],
    ...(view.tier === 'extended' ? { label, popularity } : {}),
  }
}

/** Draws label and popularity: search uses them in both tiers, the extended tier shows them. */
export function standingOf (seed: number, outline: Outline): { label: string, popularity: number } {
  const random = createRandom(mix(seed, DETAIL_STREAM, outline.index))
  return { label: labelName(random), popularity: between(random, 0, 100) }
}

/** Returns a barcode of 14 digits. */
export function upcOf (seed: number, outline: Outline): string {
  return String(mix(seed, DETAIL_STREAM, outline.index)).padStart(14, '0')
}

function precisionOf (date: string): SimplifiedAlbum['release_date_precision'] {
  return date.length === 10 ? 'day' : date.length === 7 ? 'month' : 'year'
}

function imagesOf (seed: number, outline: Outline, view: View): Image[] | null {
  if (outline.oddity.images === 'null') return null
  if (outline.oddity.images === 'none') return []
  const key = mix(seed, outline.index).toString(16).padStart(24, '0')
  const unsized = outline.oddity.images === 'unsized'
  return ALBUM_COVERS.map(([pixels, code]) => ({
    url: coverUrl(view, outline.id, pixels) ?? `https://i.scdn.co/image/ab67616d0000${code}${key}`,
    height: unsized ? null : pixels,
    width: unsized ? null : pixels,
  }))
}
