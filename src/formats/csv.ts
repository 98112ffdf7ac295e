import { parseJsonForDisplay } from '../services/json.ts'
import { type Fields, fieldsOf, listOf } from '../services/fields.ts'

const ALBUM_COLUMNS: Record<string, (album: Fields) => unknown> = {
  album_id: ({ id }) => id,
  album_name: ({ name }) => name,
  album_type: ({ album_type: type }) => type,
  release_date: ({ release_date: date }) => date,
  album_artists: ({ artists }) => joined(artists, 'name'),
  album_artist_ids: ({ artists }) => joined(artists, 'id'),
  total_tracks: ({ total_tracks: count }) => count,
  album_url: ({ external_urls: urls }) => fieldsOf(urls)['spotify'],
}

const TRACK_COLUMNS: Record<string, (track: Fields) => unknown> = {
  disc_number: ({ disc_number: number }) => number,
  track_number: ({ track_number: number }) => number,
  track_id: ({ id }) => id,
  track_name: ({ name }) => name,
  track_artists: ({ artists }) => joined(artists, 'name'),
  track_artist_ids: ({ artists }) => joined(artists, 'id'),
  duration_ms: ({ duration_ms: duration }) => duration,
  explicit: ({ explicit }) => explicit,
  track_url: ({ external_urls: urls }) => fieldsOf(urls)['spotify'],
}

export const CSV_COLUMNS: readonly string[] = [...Object.keys(ALBUM_COLUMNS), ...Object.keys(TRACK_COLUMNS)]

export const ROW_END = '\r\n'
const ALBUM_VALUES = Object.values(ALBUM_COLUMNS)
const TRACK_VALUES = Object.values(TRACK_COLUMNS)

/** Yields one row per track under one header row, each with its album's columns. Source: RFC 4180 */
export async function * csv (albums: AsyncIterable<Buffer>): AsyncGenerator<string> {
  yield CSV_COLUMNS.join() + ROW_END
  for await (const line of albums) {
    const album = fieldsOf(parseJsonForDisplay(line.toString()))
    const cells = ALBUM_VALUES.map((value) => csvCell(value(album))).join()
    const rows = listOf(fieldsOf(album['tracks'])['items']).map((item) => {
      const track = fieldsOf(item)
      return `${cells},${TRACK_VALUES.map((value) => csvCell(value(track))).join()}${ROW_END}`
    })
    if (rows.length > 0) yield rows.join('')
  }
}

const FORMULA_CHARACTERS = '=+\\-@＝＋－＠﹦﹢﹣﹫'
const INVISIBLE = '\\p{White_Space}\\p{Default_Ignorable_Code_Point}\\p{C}\\u2800"'

/**
 * Where some program may see a cell begin: at its beginning, and after what separates cells or rows in any
 * spreadsheet's locale.
 */
const FORMULA_START = new RegExp(
  `(^|[,;\\t\\r\\n])((?:(?![\\t\\r\\n])[${INVISIBLE}])*)(?='*[${FORMULA_CHARACTERS}])`, 'gu'
)
const SEPARATOR_START = /^(?='*[\t\r\n])/
/** Most cells have nothing of this, and are written as they are. */
const IS_SPECIAL = new RegExp(`[${FORMULA_CHARACTERS}",\\t\\r\\n]`)
const NEEDS_QUOTES = /[",\r\n]/

/**
 * Writes one cell that starts no formula, however the row is split, in quotes where RFC 4180 wants them.
 * An apostrophe goes before a formula character that is the first visible one of the cell or follows `,`, `;`, a tab or
 * a line break in it, and before a cell that begins with a tab or a line break. Where such a place has apostrophes
 * already, it gets one more, so that the text comes back by taking one away there.
 * Source: OWASP, CSV Injection
 */
export function csvCell (value: unknown): string {
  const text = textOf(value)
  if (!IS_SPECIAL.test(text)) return text
  return quoted(text.replace(FORMULA_START, "$1$2'").replace(SEPARATOR_START, "'"))
}

/** Puts a text in quotes where RFC 4180 wants them, and changes nothing else. */
export function quoted (text: string): string {
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A value that should be a text and is an object is shown as its JSON. */
function textOf (value: unknown): string {
  switch (typeof value) {
    case 'string': return value
    case 'number':
    case 'boolean': return String(value)
    default: return value === null || value === undefined ? '' : JSON.stringify(value)
  }
}

/**
 * ` | ` stands in no name that is known, and separates cells in no spreadsheet's dialect; names hold commas and
 * semicolons.
 */
function joined (artists: unknown, field: string): string {
  return listOf(artists).map((artist) => textOf(fieldsOf(artist)[field])).join(' | ')
}
