import { NEW_ALBUMS_QUERY } from '../../schemas/ingest-body.ts'
import type { Run } from '../../schemas/run.ts'
import { type Baseline, SEVERAL_RUNS, hasField, isOnMostRows, nullShare } from './baseline.ts'
import { COMPARABLE_ALBUMS, type CheckId, definitionOf } from './checks.ts'
import { PROFILED_TABLES, type ProfiledTable } from './columns.ts'
import { dayAt } from './dates.ts'
import type { Findings } from './inspection.ts'
import { type Key, type Tally, tallyOf } from './tally.ts'

/** What a check of a whole table has found. */
export interface Observation extends Tally {
  /** In words, where the number of failing rows does not say it. */
  expected?: string
  observed?: string
}

/** The run as the checks need it. */
export type CheckedRun = Pick<
  Run,
  'id' | 'status' | 'request' | 'source' | 'finishedAt' | 'createdAt' | 'progress' | 'gaps'
>

/** null: the check does not apply to this document. */
export type Observed = [id: CheckId, observation: Observation | null]

/** The checks of whole tables: totals, gaps, freshness, plausibility, and what differs from earlier runs. */
export function observeDocument (run: CheckedRun, findings: Findings, baseline: Baseline): Observed[] {
  const comparable = isComparable(run, findings, baseline) ? baseline : { ...baseline, tables: {} }
  return [
    ...observeGaps(run),
    ...observeTotals(run, findings),
    ...observeFreshness(run, findings),
    ...observePlausibility(findings),
    ...PROFILED_TABLES.flatMap((table) => observeDrift(table, findings, comparable)),
    observeVolume('albums', run, findings, comparable),
    observeVolume('tracks', run, findings, comparable),
  ]
}

function isComparable ({ request }: CheckedRun, { profile }: Findings, { tables }: Baseline): boolean {
  return request.source === 'albums' || albumsOf(profile, tables) >= COMPARABLE_ALBUMS
}

/** The fewer of now and before: what chance can do depends on them, also for tracks, which come by albums. */
function albumsOf (profile: Findings['profile'], tables: Baseline['tables']): number {
  return Math.min(profile.albums.rows, tables.albums?.rows ?? 0)
}

/** Gaps by album: one may have several. */
function observeGaps ({ gaps, progress }: CheckedRun): Observed[] {
  const ids = new Set(gaps.map(({ albumId }) => albumId))
  const tally = tallyOf(Math.max(progress.albumsListed, ids.size), [...ids].map((id) => ({ album_id: id })))
  return [['albums.gaps.none', tally], ['albums.gaps.few', tally]]
}

function observeTotals ({ progress }: CheckedRun, { profile: { albums, tracks } }: Findings): Observed[] {
  return [
    ['albums.rows.total', total(progress.albumsFetched, albums.rows)],
    ['tracks.rows.total', total(progress.tracks, tracks.rows)],
  ]
}

function total (claimed: number, rows: number): Observation {
  return { ...tallyOf(rows, [], Math.abs(claimed - rows)), expected: `${claimed} rows`, observed: `${rows} rows` }
}

function observeFreshness (run: CheckedRun, { dates }: Findings): Observed[] {
  const endMs = Date.parse(run.finishedAt ?? run.createdAt)
  const newest = dates.newest()
  const [isNewest, isRecent] = (['albums.release_date.newest', 'albums.release_date.recent'] as const).map((id) =>
    dayAt(endMs, -(definitionOf(id).limit ?? 0))
  )
  const isTagNew = run.source?.used === 'search' && run.source.query === NEW_ALBUMS_QUERY
  if (newest === null || isNewest === undefined || isRecent === undefined) {
    return [['albums.release_date.newest', null], ['albums.release_date.recent', null]]
  }
  return [
    [
      'albums.release_date.newest',
      isTagNew || run.source?.used === 'new-releases'
        ? {
            ...tallyOf(dates.count(), [], newest < isNewest ? 1 : 0),
            expected: `${isNewest} or later`,
            observed: newest,
          }
        : null,
    ],
    ['albums.release_date.recent', isTagNew ? tallyOf(dates.count(), [], dates.olderThan(isRecent)) : null],
  ]
}

function observePlausibility ({ tallies, names, dates, durations }: Findings): Observed[] {
  const some = tallies.get('albums.tracks_present.some')
  const isMany = some !== undefined && some.rows >= (definitionOf('albums.tracks_present.plausible').limit ?? 0)
  return [
    ['albums.tracks_present.plausible', isMany ? some : null],
    ['albums.name.varied', varied('albums.name.varied', names)],
    ['albums.release_date.varied', varied('albums.release_date.varied', dates)],
    ['tracks.duration_ms.varied', varied('tracks.duration_ms.varied', durations)],
  ]
}

function varied (id: CheckId, { count, isVaried }: Pick<Findings['names'], 'count' | 'isVaried'>): Observation | null {
  if (count() < (definitionOf(id).limit ?? 0)) return null
  return {
    ...tallyOf(count(), [], isVaried() ? 0 : count()),
    expected: 'different values',
    observed: isVaried() ? 'different values' : `one value on ${count()} rows`,
  }
}

/** A run that was cut short has fewer rows on purpose. */
function observeVolume (
  table: 'albums' | 'tracks',
  { status }: CheckedRun,
  { profile }: Findings,
  { tables, runs }: Baseline
): Observed {
  const id = `${table}.rows.volume` as const
  const before = tables[table]
  if (before === undefined || before.rows === 0 || (status !== 'succeeded' && status !== 'partial')) return [id, null]
  const { rows } = profile[table]
  const limit = definitionOf(id).limit ?? 0
  const { from, to } = before.usualRows
  const chance = chanceOfRows(table, albumsOf(profile, tables), runs.length)
  const fewer = Math.min(1 - limit, 1 - chance)
  const more = Math.max(1 + limit, 1 / (1 - chance))
  const least = Math.max(0, Math.ceil(Math.min(before.rows * fewer, from * (1 - BEYOND_USUAL))))
  const most = Math.floor(Math.max(before.rows * more, to * (1 + BEYOND_USUAL)))
  return [id, {
    ...tallyOf(rows, [], rows < least || rows > most ? Math.ceil(Math.abs(rows - before.rows)) : 0),
    expected: `${least} to ${most} rows (median of ${runs.length} earlier runs: ${before.rows})`,
    observed: `${rows} rows`,
  }]
}

/** How far beyond earlier runs a value must be, where these differ much among themselves. */
const BEYOND_USUAL = 0.2

/** In few albums, chance alone changes more: about this share over the square root of their number. */
const CHANCE = 2
/**
 * The same for the number of tracks: most albums have one or two, some a hundred. Measured on 700 invented catalogues:
 * above this, chance explains less than one in a hundred, and half the tracks of 100 albums are still missed.
 */
const CHANCE_OF_TRACKS = 4.5
const MAX_CHANCE = 0.9

function allowedChange (id: CheckId, rows: number): number {
  return Math.max(definitionOf(id).limit ?? 0, chanceIn(rows, CHANCE))
}

function chanceIn (rows: number, factor: number): number {
  return Math.min(MAX_CHANCE, factor / Math.sqrt(Math.max(1, rows)))
}

/** The share by which chance alone changes the rows of a table; several runs show for albums how much they differ. */
function chanceOfRows (table: 'albums' | 'tracks', albums: number, runs: number): number {
  if (table === 'tracks') return chanceIn(albums, CHANCE_OF_TRACKS)
  return runs < SEVERAL_RUNS ? chanceIn(albums, CHANCE) : 0
}

function observeDrift (table: ProfiledTable, { profile }: Findings, { tables, runs }: Baseline): Observed[] {
  const before = tables[table]
  const now = profile[table]
  const ids = [`${table}.fields.missing`, `${table}.fields.new`, `${table}.nulls.drift`] as const
  if (before === undefined || before.rows === 0 || now.rows === 0) return ids.map((id) => [id, null])
  const missing = before.commonFields.filter((field) => !hasField(now.fields, field))
  const added = Object.keys(now.fields).filter((field) =>
    !before.seenFields.includes(field) && isOnMostRows(now, field)
  )
  const columns = Object.keys(now.columns)
  const allowed = allowedChange(ids[2], albumsOf(profile, tables))
  const moved = columns.filter((name) =>
    Math.abs(nullShare(now.columns[name]) - (before.nullShares[name] ?? 0)) > allowed
  )
  const shares = (name: string): string =>
    `${name} ${percent(before.nullShares[name] ?? 0)} before, ${percent(nullShare(now.columns[name]))} now`
  const earlier = `${runs.length} earlier runs`
  return [
    [ids[0], {
      ...named(before.commonFields.length, 'field', missing),
      expected: `the ${before.commonFields.length} fields of ${earlier}`,
      observed: said('missing', missing),
    }],
    [ids[1], {
      ...named(Object.keys(now.fields).length, 'field', added),
      expected: `no other fields than in ${earlier}`,
      observed: said('new', added),
    }],
    [ids[2], {
      ...named(columns.length, 'column', moved),
      expected: `within ${percent(allowed)} points of ${earlier}`,
      observed: moved.length === 0 ? 'no larger change' : moved.map(shares).join('; '),
    }],
  ]
}

function named (rows: number, kind: 'field' | 'column', names: string[]): Tally {
  return tallyOf(rows, names.map((name): Key => ({ [kind]: name })))
}

function said (what: string, names: string[]): string {
  return names.length === 0 ? `none ${what}` : `${what}: ${names.join(', ')}`
}

function percent (share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
