import type { Artists, Source } from './artists.ts'
import { createId } from './ids.ts'
import { marketsOf } from './markets.ts'
import { trackName } from './names.ts'
import type { Track, View } from './objects.ts'
import { type Outline, placeOf, trackCount } from './outlines.ts'
import type { Window } from './paging.ts'
import { between, createRandom, mix, type Random } from './random.ts'

/** More than the tracks of any album, so that every track of the catalogue has its own number. */
const TRACKS_PER_ALBUM = 1024
/** Spotify relinks the tracks that it embeds in the album, not those on further pages. */
const RELINKED_TRACKS = 50
const TRACK_STREAM = 3

export function renderTracks (source: Source, outline: Outline, view: View, { offset, limit }: Window): Track[] {
  const count = Math.max(0, Math.min(limit, trackCount(outline) - offset))
  return Array.from({ length: count }, (_, i) => renderTrack(source, outline, offset + i, view))
}

/** Renders a track as albums show it (Spotify reference: SimplifiedTrackObject). */
function renderTrack ({ seed, artists }: Source, outline: Outline, position: number, view: View): Track {
  const number = outline.index * TRACKS_PER_ALBUM + position
  const random = createRandom(mix(seed, TRACK_STREAM, number))
  const place = placeOf(outline, position)
  const id = createId(seed, 'track', number)
  const relinked = outline.oddity.relinked && position < RELINKED_TRACKS
  const original = relinked ? entityOf(createId(seed, 'original', number), view) : entityOf(id, view)
  const { restriction } = outline.oddity
  return {
    artists: trackArtists(random, outline, artists, view),
    ...availability(outline, view),
    disc_number: place.disc,
    duration_ms: between(random, 61_000, 420_000),
    explicit: restriction === 'explicit' || random() < 0.15,
    external_urls: original.external_urls,
    href: `${view.apiUrl}/tracks/${id}`,
    id,
    ...(relinked && view.tier === 'extended' ? { linked_from: original } : {}),
    ...(restriction ? { restrictions: { reason: restriction } } : {}),
    name: trackTitle(random, outline, position),
    ...(view.tier === 'extended' ? { preview_url: random() < 0.3 ? `https://p.scdn.co/mp3-preview/${id}` : null } : {}),
    track_number: place.number,
    type: 'track',
    uri: `spotify:track:${id}`,
    is_local: false,
  }
}

/** With a market, a track has `is_playable` in place of `available_markets` (Spotify guide: Track Relinking). */
function availability (outline: Outline, view: View): Pick<Track, 'available_markets' | 'is_playable'> {
  const markets = marketsOf(outline.reach)
  if (view.market !== null) return { is_playable: outline.oddity.relinked === true || markets.includes(view.market) }
  return view.tier === 'extended' ? { available_markets: markets } : {}
}

function entityOf (id: string, view: View): NonNullable<Track['linked_from']> {
  return {
    external_urls: { spotify: `https://open.spotify.com/track/${id}` },
    href: `${view.apiUrl}/tracks/${id}`,
    id,
    type: 'track',
    uri: `spotify:track:${id}`,
  }
}

function trackArtists (random: Random, outline: Outline, artists: Artists, view: View): Track['artists'] {
  const other = between(random, 2, artists.count - 1)
  const numbers = outline.type === 'compilation' ? [other] : outline.artists
  return numbers.map((number) => artists.artist(number, view.apiUrl))
}

/** Draws a title. The first track of an album with an odd name has that name, as title tracks do. */
function trackTitle (random: Random, outline: Outline, position: number): string {
  const title = trackName(random)
  if (outline.retitled?.position === position) return title + outline.retitled.suffix
  return position === 0 ? outline.oddity.name ?? title : title
}
