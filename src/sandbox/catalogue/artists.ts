import { createId } from './ids.ts'
import { artistName } from './names.ts'
import type { Artist } from './objects.ts'
import { VARIOUS_ARTISTS } from './outlines.ts'
import { createRandom, mix } from './random.ts'

const ARTIST_STREAM = 2

export interface Artists {
  readonly count: number
  id (number: number): string
  artist (number: number, apiUrl: string): Artist
}

/** What an album or a track is rendered from, in addition to its outline. */
export interface Source {
  readonly seed: number
  readonly artists: Artists
}

/** Creates a third as many artists as albums, so that many artists have several. */
export function createArtists (seed: number, albums: number): Artists {
  const count = Math.max(12, Math.ceil(albums / 3))
  const id = (number: number) => createId(seed, 'artist', number)
  return {
    count,
    id,
    artist: (number, apiUrl) => ({
      external_urls: { spotify: `https://open.spotify.com/artist/${id(number)}` },
      href: `${apiUrl}/artists/${id(number)}`,
      id: id(number),
      name: number === VARIOUS_ARTISTS ? 'Various Artists' : artistName(createRandom(mix(seed, ARTIST_STREAM, number))),
      type: 'artist',
      uri: `spotify:artist:${id(number)}`,
    }),
  }
}
