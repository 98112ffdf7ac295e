import { fieldsOf, listOf } from '../services/fields.ts'
import { contentOf } from '../services/releases/release.ts'
import type { ReleaseContent } from '../services/store/release-store.ts'
import { type Site, shownImage } from './site.ts'

/** An album by its cover. */
export interface Cover {
  albumId: string
  name: string
  /** Their names, joined. */
  artists: string
  releaseDate: string | null
  url: string
  /** null: there is none that the pages may show. */
  imageUrl: string | null
}

/** Covers of one page. */
export const MOST_COVERS = 60

const SPOTIFY_PAGES = 'https://open.spotify.com'
const SHOWN_PIXELS = 200

export function coverOf (site: Site, album: { id: string }): Cover {
  return { ...coverOfContent(site, album.id, contentOf(album)), imageUrl: shownImage(site, smallImage(album)) }
}

/** The same of what is kept of a release; null: nothing is kept any longer. */
export function coverOfContent (site: Site, albumId: string, content: ReleaseContent | null): Cover {
  const { name = null, artists = [], releaseDate = null, url = null, imageUrl = null } = content ?? {}
  return {
    albumId,
    name: name === null || name.trim() === '' ? albumId : name,
    artists: artists.flatMap((artist) => artist.name ?? []).join(', '),
    releaseDate,
    url: url !== null && new URL(url).origin === SPOTIFY_PAGES ? url : albumPage(albumId),
    imageUrl: shownImage(site, imageUrl),
  }
}

function albumPage (albumId: string): string {
  return `${SPOTIFY_PAGES}/album/${encodeURIComponent(albumId)}`
}

/** The smallest image that is large enough; the first where none says its width. */
function smallImage (album: unknown): string | null {
  const images = listOf(fieldsOf(album)['images']).map(fieldsOf)
  const enough = images.filter(({ width }) => typeof width === 'number' && width >= SHOWN_PIXELS)
  const [smallest = images[0]] = enough.sort((a, b) => Number(a['width']) - Number(b['width']))
  const url = smallest?.['url']
  return typeof url === 'string' ? url : null
}
