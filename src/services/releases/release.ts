import { fieldsOf, listOf } from '../fields.ts'

/** What is kept of a release besides its id, as long as the run that documented it first is kept. */
export interface ReleaseContent {
  name: string | null
  artists: Array<{ id: string | null, name: string | null }>
  /** A day, a month or a year. */
  releaseDate: string | null
  url: string | null
  /** The first cover, which is the largest. */
  imageUrl: string | null
}

/** An album that a document had, and that none had before. */
export interface Release {
  /** Its place in the order in which releases were first seen. */
  seq: number
  albumId: string
  firstSeenMs: number
  /** null: that run is gone. */
  runId: string | null
  /** null: the run is gone, or what is stored is damaged. */
  content: ReleaseContent | null
}

const MAX_TEXT = 500
const MAX_URL = 2000
const MAX_DATE = 40
const MAX_ARTISTS = 20

/** Returns the content of an album, of whose fields any may be missing or odd: such a field is null. Long texts are cut. */
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
  return typeof value === 'string' ? value.slice(0, max).replaceAll(UNSTORABLE, '\uFFFD') : null
}

/** Returns a web address as a link that is safe to follow; null for any other text. */
function urlOf (value: unknown): string | null {
  if (typeof value !== 'string' || value.length > MAX_URL || !URL.canParse(value)) return null
  const { protocol, href } = new URL(value)
  return protocol === 'https:' || protocol === 'http:' ? href : null
}
