import { cutText } from '../cut-text.ts'
import { fieldsOf, listOf } from '../fields.ts'
import type { ReleaseContent } from '../store/release-store.ts'

const MAX_TEXT = 500
const MAX_URL = 2000
const MAX_DATE = 40
const MAX_ARTISTS = 20

/**
 * Returns the content of an album, of whose fields any may be missing or odd: such a field is null. Long texts are cut.
 */
export function contentOf (album: unknown): ReleaseContent {
  const { name, artists, release_date: date, external_urls: urls, images } = fieldsOf(album)
  return {
    name: textOf(name, MAX_TEXT),
    artists: listOf(artists).slice(0, MAX_ARTISTS).map((artist) => {
      const { id, name } = fieldsOf(artist)
      return { id: textOf(id, MAX_DATE), name: textOf(name, MAX_TEXT) }
    }),
    releaseDate: textOf(date, MAX_DATE),
    url: urlOf(fieldsOf(urls)['spotify']),
    imageUrl: urlOf(fieldsOf(listOf(images)[0])['url']),
  }
}

/** No text of PostgreSQL holds a zero, and no UTF-8 half of a surrogate pair. */
const UNSTORABLE = /[\0\p{Surrogate}]/gu

function textOf (value: unknown, max: number): string | null {
  return typeof value === 'string' ? cutText(value, max).replaceAll(UNSTORABLE, '\uFFFD') : null
}

/** Returns a web address as a link that is safe to follow; null for any other text. */
function urlOf (value: unknown): string | null {
  if (typeof value !== 'string' || value.length > MAX_URL || !URL.canParse(value)) return null
  const { protocol, href } = new URL(value)
  return protocol === 'https:' || protocol === 'http:' ? href : null
}
