import type { AlbumTier } from '../album-tier.ts'
import type { ColumnProfile, TableProfile } from './profile.ts'
import { PROFILED_TABLES, type ProfiledTable } from './columns.ts'

export type Profile = Record<ProfiledTable, TableProfile>

/** An earlier run with a report, of an equal request and the same tier. */
export interface EarlierRun {
  runId: string
  finishedAt: string
  profile: Profile
}

/** What earlier runs of an equal request make one expect. */
export interface Baseline {
  tier: AlbumTier
  /** The newest first. */
  runs: Array<Pick<EarlierRun, 'runId' | 'finishedAt'>>
  /** Medians over these runs; empty without any. */
  tables: Partial<Record<ProfiledTable, TableBaseline>>
}

export interface TableBaseline {
  rows: number
  /** The fewest and the most rows of these runs; of several, without one outlier at each end. */
  usualRows: { from: number, to: number }
  /** Share of rows without a value, by column. */
  nullShares: Record<string, number>
  /** Fields that most rows of most of these runs have. */
  commonFields: string[]
  /** Fields that any row of these runs has. */
  seenFields: string[]
}

/** Reports that a run is compared with, at most. */
export const MAX_EARLIER_RUNS = 10

export function baselineOf (tier: AlbumTier, earlier: readonly EarlierRun[]): Baseline {
  const runs = earlier.map(({ runId, finishedAt }) => ({ runId, finishedAt }))
  if (earlier.length === 0) return { tier, runs, tables: {} }
  return {
    tier,
    runs,
    tables: Object.fromEntries(
      PROFILED_TABLES.map((table) => [table, tableBaseline(earlier.map(({ profile }) => profile[table]))])
    ),
  }
}

function tableBaseline (profiles: TableProfile[]): TableBaseline {
  const columns = [...new Set(profiles.flatMap(({ columns }) => Object.keys(columns)))]
  const seenFields = [...new Set(profiles.flatMap(({ fields }) => Object.keys(fields)))].sort()
  const isCommon = (field: string): boolean =>
    profiles.filter((profile) => isOnMostRows(profile, field)).length * 2 > profiles.length
  return {
    rows: median(profiles.map(({ rows }) => rows)),
    usualRows: usualRange(profiles.map(({ rows }) => rows)),
    nullShares: Object.fromEntries(
      columns.map((name) => [name, median(profiles.map(({ columns }) => nullShare(columns[name])))])
    ),
    commonFields: seenFields.filter(isCommon),
    seenFields,
  }
}

/** A column without rows has no nulls. */
export function nullShare (column: ColumnProfile | undefined): number {
  if (column === undefined) return 0
  const { count, nulls, unusual } = column
  return nulls === 0 ? 0 : nulls / (count + nulls + unusual)
}

export function isOnMostRows ({ rows, fields }: TableProfile, field: string): boolean {
  return hasField(fields, field) && (fields[field] ?? 0) * 2 > rows
}

export function hasField (fields: TableProfile['fields'], field: string): boolean {
  return Object.hasOwn(fields, field)
}

/** From so many runs on, it is known how much they differ, and one of them may be an outlier. */
export const SEVERAL_RUNS = 4

function usualRange (rows: number[]): TableBaseline['usualRows'] {
  const sorted = rows.toSorted((a, b) => a - b)
  const inner = rows.length >= SEVERAL_RUNS ? sorted.slice(1, -1) : sorted
  return { from: inner[0] ?? 0, to: inner.at(-1) ?? 0 }
}

function median (numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}
