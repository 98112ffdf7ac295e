import { type Run } from '../../schemas/run.ts'
import { createAlbumTests } from './album-tests.ts'
import { type CheckId } from './checks.ts'
import { type JsonRecord } from './columns.ts'
import { dayAt, isWholeDate } from './dates.ts'
import { type TableProfile, createTableProfiler } from './profile.ts'
import { type AlbumRow, type TrackRow, artistRows, readAlbumRow } from './rows.ts'
import { columnTests } from './row-tests.ts'
import { type Key, type Tally, count, createTally, fail, keyPart } from './tally.ts'
import { createTrackTests } from './track-tests.ts'
import { type Dates, type Sameness, createDates, createSameness } from './values.ts'

export type Tier = 'extended' | 'development'

/** What one pass over the albums of a document has found, before it is compared with anything else. */
export interface Findings {
  tier: Tier
  /** The checks of single rows. */
  tallies: ReadonlyMap<CheckId, Tally>
  profile: Record<'albums' | 'tracks' | 'artists', TableProfile>
  /** Of whole release dates. */
  dates: Dates
  names: Sameness
  durations: Sameness
}

/** Looks at the albums of a document one by one. It keeps counters, ids and names of artists, never an album. */
export interface Inspection {
  /** Takes any value: an odd one is found odd. */
  add: (album: unknown) => void
  findings: () => Findings
}

/** Fields of albums that the development tier lacks. Source: Spotify's migration guide of February 2026. */
const EXTENDED_FIELDS = ['label', 'popularity', 'available_markets']

/** @param run the run as it has ended: its gaps excuse what is missing */
export function createInspection ({ gaps, finishedAt, createdAt }: Pick<Run, 'gaps' | 'finishedAt' | 'createdAt'>): Inspection {
  const tallies = new Map<CheckId, Tally>()
  const tallyOf = (id: CheckId): Tally => {
    const tally = tallies.get(id) ?? createTally()
    tallies.set(id, tally)
    return tally
  }
  const withTally = <Test>([id, test]: [CheckId, Test]) => ({ tally: tallyOf(id), test })
  const excused = new Set(gaps.flatMap(({ albumId }) => albumId ?? []))
  const lastDay = dayAt(Date.parse(finishedAt ?? createdAt), 1)
  const albumTests = createAlbumTests(lastDay).map(withTally)
  const ofAlbums = { ...createTable('albums'), names: createSameness(), dates: createDates() }
  const ofTracks = { ...createTable('tracks'), durations: createSameness() }
  const ofArtists = createTable('artists')
  const named = { albums: tallyOf('album_artists.artist_id.present'), tracks: tallyOf('track_artists.artist_id.present') }
  const oneName = tallyOf('artists.name.one')
  const artistNames = new Map<string, unknown>()
  let extendedAlbums = 0

  function createTable (table: 'albums' | 'tracks' | 'artists') {
    const profiler = createTableProfiler(table)
    const types = tallyOf(`${table}.types`)
    const tests = columnTests(table).map(withTally)
    return {
      profiler,
      add (record: JsonRecord, key: () => Key): void {
        types.rows++
        for (const column of profiler.add(record)) fail(types, () => ({ ...key(), column }))
        for (const { tally, test } of tests) count(tally, test(record), key)
      },
    }
  }

  function addAlbum (row: AlbumRow): void {
    const { record, key } = row
    ofAlbums.add(record, key)
    for (const { tally, test } of albumTests) count(tally, test(row), key)
    if (EXTENDED_FIELDS.some((field) => Object.hasOwn(record, field))) extendedAlbums++
    if (isWholeDate(record['release_date'])) ofAlbums.dates.add(record['release_date'])
    if (typeof record['name'] === 'string') ofAlbums.names.add(record['name'])
    addArtists(record, key, named.albums)
  }

  function addTracks (tracks: TrackRow[]): void {
    const tests = createTrackTests().map(withTally)
    for (const row of tracks) {
      const { record, key } = row
      ofTracks.add(record, key)
      for (const { tally, test } of tests) count(tally, test(row), key)
      if (typeof record['duration_ms'] === 'number') ofTracks.durations.add(record['duration_ms'])
      addArtists(record, key, named.tracks)
    }
  }

  function addArtists (parent: JsonRecord, ofParent: () => Key, present: Tally): void {
    for (const { record, key } of artistRows(parent['artists'], ofParent)) {
      const id = keyPart(record['id'])
      count(present, id !== null && id !== '', key)
      if (id === null || id === '') continue
      if (!artistNames.has(id)) {
        artistNames.set(id, record['name'])
        ofArtists.add(record, () => ({ artist_id: id }))
        oneName.rows++
      } else if (artistNames.get(id) !== record['name'] && artistNames.get(id) !== RENAMED) {
        artistNames.set(id, RENAMED) // counted once
        fail(oneName, () => ({ artist_id: id }))
      }
    }
  }

  return {
    add (album) {
      const row = readAlbumRow(album, excused)
      addAlbum(row)
      addTracks(row.tracks)
    },
    findings () {
      const { profiler, names, dates } = ofAlbums
      const profile = { albums: profiler.profile(), tracks: ofTracks.profiler.profile(), artists: ofArtists.profiler.profile() }
      const tier = extendedAlbums * 2 >= profile.albums.rows ? 'extended' : 'development'
      return { tier, tallies, profile, dates, names, durations: ofTracks.durations }
    },
  }
}

const RENAMED = Symbol('renamed')
