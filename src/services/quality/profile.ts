import { isWholeDate } from '../calendar.ts'
import type { Fields } from '../fields.ts'
import type { ColumnType } from '../tables/cell.ts'
import { type ProfiledTable, columnsOf, isOfType } from './columns.ts'
import { fingerprintOf } from './fingerprint.ts'

/** What the values of a column are like. */
export interface ColumnProfile {
  /** Rows with a value of the column's type. */
  count: number
  /** Rows where it is null or absent. */
  nulls: number
  /** Rows with a value of another type. */
  unusual: number
  /** Different values; null: there are more than are counted. */
  distinct: number | null
  /** Of numbers and whole dates; null: it has neither. */
  min: string | number | null
  max: string | number | null
}

export interface TableProfile {
  rows: number
  columns: Record<string, ColumnProfile>
  /** The fields that were seen in the JSON of these rows, with the number of rows that have them. */
  fields: Record<string, number>
}

/** The values of a column are counted as different up to this number. */
export const MAX_DISTINCT = 1000
/** Objects of Spotify have about 20 fields; a hostile one must not fill the report. */
const MAX_FIELDS = 100
const MAX_FIELD_LENGTH = 100

export interface TableProfiler {
  /** Counts a row; gives the columns whose value is of another type. */
  add: (record: Fields) => string[]
  profile: () => TableProfile
}

const NO_COLUMNS: string[] = []

export function createTableProfiler (table: ProfiledTable): TableProfiler {
  const columns = columnsOf(table).map(({ name, type, read }) => ({ name, read, ...createColumnProfiler(type) }))
  const fields = new Map<string, { rows: number }>()
  let rows = 0
  return {
    add (record) {
      rows++
      for (const field of Object.keys(record)) {
        const seen = fields.get(field)
        if (seen !== undefined) seen.rows++
        else if (fields.size < MAX_FIELDS && field.length <= MAX_FIELD_LENGTH) fields.set(field, { rows: 1 })
      }
      let unusual = NO_COLUMNS
      for (const { name, read, add } of columns) if (!add(read(record))) unusual = [...unusual, name]
      return unusual
    },
    profile: () => ({
      rows,
      columns: Object.fromEntries(columns.map(({ name, profile }) => [name, profile()])),
      fields: Object.fromEntries(
        [...fields].sort(([a], [b]) => a < b ? -1 : 1).map(([field, seen]) => [field, seen.rows])
      ),
    }),
  }
}

interface ColumnProfiler {
  /** False where the value is of another type. */
  add: (value: unknown) => boolean
  profile: () => ColumnProfile
}

function createColumnProfiler (type: ColumnType): ColumnProfiler {
  const values = new Set<unknown>()
  const profile: ColumnProfile = { count: 0, nulls: 0, unusual: 0, distinct: 0, min: null, max: null }
  return {
    add (value) {
      if (value === undefined || value === null) {
        profile.nulls++
        return true
      }
      if (!isOfType(type, value)) {
        profile.unusual++
        return false
      }
      profile.count++
      if (values.size <= MAX_DISTINCT) values.add(typeof value === 'string' ? fingerprintOf(value) : value)
      if (typeof value === 'number' || isWholeDate(value)) {
        if (profile.min === null || value < profile.min) profile.min = value
        if (profile.max === null || value > profile.max) profile.max = value
      }
      return true
    },
    profile: () => ({ ...profile, distinct: values.size > MAX_DISTINCT ? null : values.size }),
  }
}
