import { isCalendarText } from '../calendar.ts'
import { fieldsOf } from '../fields.ts'
import type { CheckId } from './checks.ts'
import { readerOf } from './columns.ts'
import { precisionOf } from './dates.ts'
import { fingerprintOf } from './fingerprint.ts'
import { type RowTest, isInteger } from './row-tests.ts'
import type { AlbumRow, Row } from './rows.ts'

const releaseDate = readerOf('albums', 'release_date_text')
const precision = readerOf('albums', 'release_date_precision')
const totalTracks = readerOf('albums', 'total_tracks')
const upc = readerOf('albums', 'upc')
const uri = readerOf('albums', 'uri')
const EARLIEST_YEAR = '1860'

/**
 * Creates the tests of albums that need more than one column, or the albums before.
 * @param lastDay the latest date that is no error
 */
export function createAlbumTests (lastDay: string): Array<[id: CheckId, test: RowTest<AlbumRow>]> {
  const ids = new Set<string>()
  const releases = new Set<string>()
  return [
    ['albums.artists.some', ({ artists }) => artists.length > 0],
    ['albums.tracks_present.some', ({ tracks }) => tracks.length > 0],
    ['albums.album_id.unique', ({ albumId }) => albumId === null ? null : isNew(ids, albumId)],
    ['albums.release.unique', (row) => {
      const release = releaseKey(row)
      return release === null ? null : isNew(releases, fingerprintOf(release))
    }],
    ['albums.release_date_text.format', ({ record }) => ofText(releaseDate(record), isCalendarText)],
    [
      'albums.release_date.range',
      ({ record }) =>
        ofText(releaseDate(record), (text) => isCalendarText(text) ? isBetween(text, lastDay) : null),
    ],
    ['albums.release_date_precision.agrees', ({ record }) => {
      const expected = precisionOf(releaseDate(record))
      return expected === null ? null : ofText(precision(record), (text) => text === expected)
    }],
    [
      'albums.total_tracks.covered',
      ({ record, tracks, isExcused }) =>
        isExcused ? null : ofInteger(totalTracks(record), (total) => total <= tracks.length),
    ],
    [
      'albums.total_tracks.exceeded',
      ({ record, tracks }) => ofInteger(totalTracks(record), (total) => total >= tracks.length),
    ],
    [
      'albums.uri.agrees',
      ({ record, albumId }) => ofText(uri(record), (text) => text === `spotify:album:${albumId}`),
    ],
    ['tracks.track_number.whole', ({ tracks, isExcused }) => isExcused ? null : ofPlaces(tracks, areWhole)],
    ['tracks.position.ordered', ({ tracks }) => ofPlaces(tracks, areOrdered)],
  ]
}

/** Returns what two ids of one release have in common, or null if too little is known. */
function releaseKey ({ record, tracks, artists }: AlbumRow): string | null {
  const code = upc(record)
  if (typeof code === 'string' && code !== '') return `upc ${code}`
  const { name, release_date: date } = record
  if (typeof name !== 'string' || name === '' || tracks.length === 0 || artists.length === 0) return null
  const durations = tracks.map((track) => [track.record['duration_ms'], track.record['explicit']])
  return JSON.stringify([name, date, artists.map((artist) => fieldsOf(artist)['id']), durations])
}

/** Adds to a set; false where it was there. */
export function isNew (set: Set<string>, value: string): boolean {
  const { size } = set
  return set.add(value).size > size
}

function isBetween (text: string, lastDay: string): boolean {
  return text >= EARLIEST_YEAR && text <= lastDay.slice(0, text.length)
}

function ofText (value: unknown, test: (text: string) => boolean | null): boolean | null {
  return typeof value === 'string' && value !== '' ? test(value) : null
}

function ofInteger (value: unknown, test: (value: number) => boolean): boolean | null {
  return isInteger(value) ? test(value) : null
}

/** Disc and number of a track; null where one of them is no number from 1. */
export function placeOf ({ record }: Row): { disc: number, number: number } | null {
  const { disc_number: disc, track_number: number } = record
  return isInteger(disc) && isInteger(number) && disc > 0 && number > 0 ? { disc, number } : null
}

type Place = NonNullable<ReturnType<typeof placeOf>>

/** null where a track has no place: other checks say so. */
function ofPlaces (tracks: Row[], test: (places: Place[]) => boolean): boolean | null {
  const places = tracks.map(placeOf)
  return places.length > 0 && places.every((place) => place !== null) ? test(places) : null
}

/** Numbers and discs that are all different, and as many as the largest, have no hole. */
function areWhole (places: Place[]): boolean {
  const discs = new Map<number, Set<number>>()
  for (const { disc, number } of places) discs.set(disc, (discs.get(disc) ?? new Set<number>()).add(number))
  return isWhole(new Set(discs.keys())) && [...discs.values()].every(isWhole)
}

function isWhole (numbers: Set<number>): boolean {
  let largest = 0
  for (const number of numbers) largest = Math.max(largest, number)
  return largest === numbers.size
}

function areOrdered (places: Place[]): boolean {
  return places.every(({ disc, number }, index) => {
    const before = places[index - 1]
    return before === undefined || disc > before.disc || (disc === before.disc && number >= before.number)
  })
}
