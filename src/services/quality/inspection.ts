import type { Run } from '../../schemas/run.ts'
import { createAlbumTests } from './album-tests.ts'
import type { CheckId } from './checks.ts'
import { type AlbumTier, createTierCount } from '../album-tier.ts'
import { isWholeDate } from '../calendar.ts'
import { type Fields, fieldsOf, listOf } from '../fields.ts'
import { dayAt } from './dates.ts'
import { fingerprintOf } from './fingerprint.ts'
import { type TableProfile, createTableProfiler } from './profile.ts'
import { type AlbumRow, type Row, artistKey, readAlbumRow } from './rows.ts'
import { columnTests } from './row-tests.ts'
import { type Tally, count, createTally, fail, keyPart } from './tally.ts'
import { createTrackTests } from './track-tests.ts'
import { type Dates, type Sameness, createDates, createSameness } from './values.ts'

/** What one pass over the albums of a document has found, before it is compared with anything else. */
export interface Findings {
  tier: AlbumTier
  /** The checks of single rows. */
  tallies: ReadonlyMap<CheckId, Tally>
  profile: Record<'albums' | 'tracks' | 'artists', TableProfile>
  /** Of whole release dates. */
  dates: Dates
  names: Sameness
  durations: Sameness
}

/** Looks at the albums of a document one by one. It keeps counters, ids and short forms of names, never an album. */
export interface Inspection {
  /** Takes any value: an odd one is found odd. */
  add: (album: unknown) => void
  findings: () => Findings
}

/** @param run the run as it has ended: its gaps excuse what is missing */
export function createInspection (
  { gaps, finishedAt, createdAt }: Pick<Run, 'gaps' | 'finishedAt' | 'createdAt'>
): Inspection {
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
  const named = {
    albums: tallyOf('album_artists.artist_id.present'),
    tracks: tallyOf('track_artists.artist_id.present'),
  }
  const oneName = tallyOf('artists.name.one')
  const artistNames = new Map<string, string | null | typeof RENAMED>()
  const tiers = createTierCount()

  function createTable (table: 'albums' | 'tracks' | 'artists') {
    const profiler = createTableProfiler(table)
    const types = tallyOf(`${table}.types`)
    const tests = columnTests(table).map(withTally)
    return {
      profiler,
      add (row: Row): void {
        types.rows++
        for (const column of profiler.add(row.record)) fail(types, { key: () => ({ ...row.key(), column }) })
        for (const { tally, test } of tests) count(tally, test(row.record), row)
      },
    }
  }

  function addAlbum (row: AlbumRow): void {
    const { record } = row
    ofAlbums.add(row)
    for (const { tally, test } of albumTests) count(tally, test(row), row)
    tiers.add(record)
    if (isWholeDate(record['release_date'])) ofAlbums.dates.add(record['release_date'])
    if (typeof record['name'] === 'string') ofAlbums.names.add(record['name'])
    addArtists(row, named.albums)
  }

  function addTracks (tracks: Row[]): void {
    const tests = createTrackTests().map(withTally)
    for (const row of tracks) {
      const { record } = row
      ofTracks.add(row)
      for (const { tally, test } of tests) count(tally, test(row), row)
      if (typeof record['duration_ms'] === 'number') ofTracks.durations.add(record['duration_ms'])
      addArtists(row, named.tracks)
    }
  }

  function addArtists (parent: Row, present: Tally): void {
    for (const [index, artist] of listOf(parent.record['artists']).entries()) {
      const record = fieldsOf(artist)
      const id = keyPart(record['id'])
      const isPresent = id !== null && id !== ''
      count(present, isPresent, { key: () => artistKey(parent, index) })
      if (isPresent) addArtist(id, record)
    }
  }

  /** An artist has one row, however often it is named. */
  function addArtist (id: string, record: Fields): void {
    const known = artistNames.get(id)
    const name = typeof record['name'] === 'string' ? fingerprintOf(record['name']) : null
    if (known !== undefined && (name === known || name === null || known === RENAMED)) return
    const row = { record, key: () => ({ artist_id: id }) }
    artistNames.set(id, known === undefined || known === null ? name : RENAMED)
    if (known === undefined) {
      ofArtists.add(row)
      oneName.rows++
    } else if (known !== null) {
      fail(oneName, row)
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
      const profile = {
        albums: profiler.profile(),
        tracks: ofTracks.profiler.profile(),
        artists: ofArtists.profiler.profile(),
      }
      return { tier: tiers.tier() ?? 'extended', tallies, profile, dates, names, durations: ofTracks.durations }
    },
  }
}

/** The name of an artist who has two: that is counted once. */
const RENAMED = Symbol('renamed')
