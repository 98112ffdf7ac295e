import { parseJsonForDisplay } from '../json.ts'

/** What the columns need of Spotify's objects; the development tier and odd albums lack some of it. */
interface Named { id?: string | null, name?: string | null }
interface Linked extends Named { external_urls?: { spotify?: string } | null, artists?: Named[] | null }
interface Track extends Linked { disc_number?: number, track_number?: number, duration_ms?: number, explicit?: boolean }
interface Album extends Linked { album_type?: string, release_date?: string, total_tracks?: number, tracks: { items: Track[] } }

type Value = string | number | boolean | null | undefined

const ALBUM_COLUMNS: Record<string, (album: Album) => Value> = {
  album_id: ({ id }) => id,
  album_name: ({ name }) => name,
  album_type: ({ album_type: type }) => type,
  release_date: ({ release_date: date }) => date,
  album_artists: ({ artists }) => joined(artists, 'name'),
  album_artist_ids: ({ artists }) => joined(artists, 'id'),
  total_tracks: ({ total_tracks: count }) => count,
  album_url: (album) => album.external_urls?.spotify,
}

const TRACK_COLUMNS: Record<string, (track: Track) => Value> = {
  disc_number: ({ disc_number: number }) => number,
  track_number: ({ track_number: number }) => number,
  track_id: ({ id }) => id,
  track_name: ({ name }) => name,
  track_artists: ({ artists }) => joined(artists, 'name'),
  track_artist_ids: ({ artists }) => joined(artists, 'id'),
  duration_ms: ({ duration_ms: duration }) => duration,
  explicit: ({ explicit }) => explicit,
  track_url: (track) => track.external_urls?.spotify,
}

export const CSV_COLUMNS: readonly string[] = [...Object.keys(ALBUM_COLUMNS), ...Object.keys(TRACK_COLUMNS)]

const ROW_END = '\r\n'
const ALBUM_VALUES = Object.values(ALBUM_COLUMNS)
const TRACK_VALUES = Object.values(TRACK_COLUMNS)

/** A track a row under one header row, each with its album's columns. Source: RFC 4180 */
export async function * csv (albums: AsyncIterable<Buffer>): AsyncGenerator<string> {
  yield CSV_COLUMNS.join() + ROW_END
  for await (const line of albums) {
    const album = parseJsonForDisplay(line.toString()) as Album
    const cells = ALBUM_VALUES.map((value) => csvCell(value(album))).join()
    const rows = album.tracks.items.map((track) => `${cells},${TRACK_VALUES.map((value) => csvCell(value(track))).join()}${ROW_END}`)
    if (rows.length > 0) yield rows.join('')
  }
}

/** With these at its beginning, a spreadsheet takes a cell for a formula. Source: OWASP, CSV Injection */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/
const NEEDS_QUOTES = /[",\r\n]/

/** One cell: never the start of a formula (an apostrophe goes before it), and in quotes where RFC 4180 wants them. */
export function csvCell (value: Value): string {
  const text = String(value ?? '')
  const safe = FORMULA.test(text) ? `'${text}` : text
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** ` | ` stands in no name that is known, and separates cells in no spreadsheet's dialect; names hold commas and semicolons. */
function joined (artists: Named[] | null | undefined, field: keyof Named): string {
  return (artists ?? []).map((artist) => artist[field] ?? '').join(' | ')
}
