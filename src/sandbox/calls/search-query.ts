import type { SearchFields } from '../catalogue/catalogue.ts'

type Test = (fields: SearchFields) => boolean

export interface SearchQuery {
  /** The query contains `tag:new`. */
  readonly wantsNew: boolean
  /** The other terms, all of which an album must pass. */
  readonly tests: readonly Test[]
}

/** Field filters of albums and what they find (Spotify reference, Search; Spotify's help pages for `label`). */
export const FILTERS = {
  'album:NAME': 'albums whose name contains it, such as album:"golden rivers"',
  'artist:NAME': 'albums of an artist whose name contains it',
  'label:NAME': 'albums of a label whose name contains it',
  'upc:DIGITS': 'the album of this barcode',
  'year:YEAR': 'albums of a year, or of a range of years such as year:2026-2027',
  'tag:new': 'albums of the last two weeks',
  'tag:hipster': 'albums of the lowest popularity, 10 of 100 or less',
} as const

/** Spotify reference, Search: `tag:hipster` is the lowest 10 % of popularity, which goes from 0 to 100. */
const HIPSTER_POPULARITY = 10
/** A filter with a quoted value, a quoted phrase, or anything between blanks. */
const TERM = /\w+:"[^"]*"|"[^"]*"|\S+/g
const FILTER = /^(\w+):(.+)$/s

/** Parses a search text into field filters, quoted phrases and free words. An unknown filter is free text. */
export function readQuery (text: string): SearchQuery {
  const terms = text.match(TERM) ?? []
  return { wantsNew: terms.some(isTagNew), tests: terms.filter((term) => !isTagNew(term)).map(testOf) }
}

function isTagNew (term: string): boolean {
  const { name, value } = filterOf(term)
  return name === 'tag' && value === 'new'
}

function testOf (term: string): Test {
  const { name, value } = filterOf(term)
  switch (name) {
    case 'album': return ({ album }) => plain(album).includes(value)
    case 'artist': return ({ artists }) => artists.some((artist) => plain(artist).includes(value))
    case 'label': return ({ label }) => plain(label).includes(value)
    case 'upc': return ({ upc }) => withoutZeros(upc) === withoutZeros(value)
    case 'year': return yearTest(value) ?? freeText(term)
    case 'tag': return value === 'hipster' ? ({ popularity }) => popularity <= HIPSTER_POPULARITY : freeText(term)
    default: return freeText(term)
  }
}

/** Returns name and value of a field filter; empty ones for a word or a phrase. */
function filterOf (term: string): { name: string, value: string } {
  const [, name = '', value = ''] = FILTER.exec(term) ?? []
  return { name: name.toLowerCase(), value: plain(value) }
}

/** Tests for a year or a range of years; undefined for any other value. */
function yearTest (value: string): Test | undefined {
  const [, from, to = from] = /^(\d{4})(?:-(\d{4}))?$/.exec(value) ?? []
  return from === undefined ? undefined : ({ year }) => year >= Number(from) && year <= Number(to)
}

/** Tests whether the name, an artist's name or the barcode contains the text. */
function freeText (term: string): Test {
  const phrase = plain(term)
  return ({ album, artists, upc }) => [album, ...artists, upc].some((text) => plain(text).includes(phrase))
}

/** Removes quotes and differences of case, Unicode form and blanks. */
function plain (text: string): string {
  return text.normalize('NFC').toLowerCase().replaceAll('"', '').replace(/\s+/g, ' ').trim()
}

/** Removes leading zeros: barcodes have 12, 13 or 14 digits. */
function withoutZeros (upc: string): string {
  return upc.replace(/^0+/, '')
}
