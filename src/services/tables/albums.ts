import { isCalendarText } from '../calendar.ts'
import { type Fields, fieldsOf, listOf } from '../fields.ts'
import { type Cell, cellOf, isText } from './cell.ts'
import { type PlacedAlbum, type Table, defineTable, key, optional, required, sent } from './define-table.ts'
import { type PlacedTrack, tracksOf, urlOf } from './items.ts'

interface AlbumRow {
  album: PlacedAlbum
  tracks: PlacedTrack[]
}

export const ALBUMS: Table = defineTable<AlbumRow>({
  name: 'albums',
  row: 'album of the document',
  columns: {
    run_id: required('UTF8', 'Id of the run that fetched it.', ({ album }) => album.run.id),
    position: required('INT32', 'Place in the document, which is the order of the listing; 1 is the first.',
      ({ album }) => album.position),
    album_id: key('UTF8', "Spotify's id of the album.", ({ album }) => album.id, { read: ({ id }) => id }),
    name: sent('UTF8', 'Name of the album.', ({ name: value }) => value),
    album_type: sent('UTF8', '`album`, `single` or `compilation`, as Spotify sent it.',
      ({ album_type: value }) => value),
    release_date: optional('DATE', 'Day of release; null where only its month or year is known, or the date is none.',
      ({ album }) => album.fields['release_date']),
    release_date_text: sent('UTF8', 'Date of release as Spotify sent it: a day, a month or a year.',
      ({ release_date: value }) => value),
    release_date_precision: sent('UTF8', '`day`, `month` or `year`, as Spotify sent it.',
      ({ release_date_precision: value }) => value),
    release_year: optional('INT32', 'Year of release, from a day, a month or a year; null for `0000`.',
      ({ album }) => yearOf(album.fields['release_date'])),
    total_tracks: sent('INT32', 'Number of tracks that Spotify says the album has.',
      ({ total_tracks: value }) => value),
    tracks_present: required('INT32', 'Number of its rows in `tracks`; below `total_tracks` where the run has a gap.',
      ({ tracks }) => tracks.length),
    duration_ms: optional('INT64', 'Sum of the durations of its tracks, in milliseconds; null where no track has one.',
      ({ tracks }) => totalDuration(tracks)),
    explicit_tracks: optional('INT32', 'Number of its tracks that are explicit; null where no track says.',
      ({ tracks }) => countExplicit(tracks)),
    discs: optional('INT32', 'Number of discs that its tracks are on; null where no track says.',
      ({ tracks }) => countDiscs(tracks)),
    label: sent('UTF8', 'Record label.', ({ label: value }) => value, { isExtended: true }),
    upc: sent('UTF8', 'Universal Product Code, with its leading zeros.',
      ({ external_ids: ids }) => fieldsOf(ids)['upc']),
    popularity: sent('INT32', 'From 0 to 100, at the time of the run.',
      ({ popularity: value }) => value, { isExtended: true }),
    market: optional('UTF8', 'Market that the request named, as ISO 3166-1 alpha-2; null where it named none.',
      ({ album }) => album.run.market),
    image_url: sent('UTF8', 'Address of the widest cover image.', widestImage),
    url: sent('UTF8', 'Page of the album on open.spotify.com.', urlOf),
    uri: sent('UTF8', 'Spotify URI of the album.', ({ uri: value }) => value),
  },
  record: ({ album }) => album.fields,
  read: () => (album) => [{ album, tracks: tracksOf(album) }],
})

/** null: there is no year, or the date is none. */
function yearOf (date: unknown): number | null {
  return typeof date === 'string' && isCalendarText(date) ? Number(date.slice(0, 4)) : null
}

function totalDuration (tracks: PlacedTrack[]): bigint | null {
  const durations = cells(tracks, 'duration_ms', 'INT64') as bigint[]
  return durations.length === 0 ? null : durations.reduce((sum, duration) => sum + duration)
}

function countExplicit (tracks: PlacedTrack[]): number | null {
  const said = cells(tracks, 'explicit', 'BOOLEAN')
  return said.length === 0 ? null : said.filter(Boolean).length
}

function countDiscs (tracks: PlacedTrack[]): number | null {
  const discs = cells(tracks, 'disc_number', 'INT32')
  return discs.length === 0 ? null : new Set(discs).size
}

function cells (tracks: PlacedTrack[], field: string, type: Parameters<typeof cellOf>[0]): Cell[] {
  return tracks.map(({ fields }) => cellOf(type, fields[field])).filter((cell) => cell !== null)
}

/** The first of the widest, as Spotify sends them from large to small and some without a width. */
function widestImage ({ images }: Fields): string | null {
  let widest: { url: string, width: number } | null = null
  for (const image of listOf(images).map(fieldsOf)) {
    const [url, width] = [image['url'], cellOf('INT32', image['width'])]
    const pixels = typeof width === 'number' ? width : 0
    if (isText(url) && (widest === null || pixels > widest.width)) widest = { url, width: pixels }
  }
  return widest?.url ?? null
}
