import { ALBUMS } from '../tables/albums.ts'
import { ARTISTS } from '../tables/artists.ts'
import type { ColumnType } from '../tables/cell.ts'
import type { Column, ReadField } from '../tables/define-table.ts'
import { TRACKS } from '../tables/tracks.ts'

/** The tables whose rows are objects that Spotify sent. */
const PROFILED = { albums: ALBUMS, tracks: TRACKS, artists: ARTISTS }
export type ProfiledTable = keyof typeof PROFILED
export const PROFILED_TABLES = Object.keys(PROFILED) as ProfiledTable[]

/** A column that has what Spotify sent. */
export type SentColumn = Pick<Column, 'name' | 'type' | 'isExtended'> & { read: ReadField }

/** The columns of a table that have what Spotify sent: what has another origin is the service's own. */
export function columnsOf (table: ProfiledTable): SentColumn[] {
  return PROFILED[table].columns.flatMap(({ read, ...column }) => read === null ? [] : [{ ...column, read }])
}

/** Returns how a column of a table is read. Throws where there is none. */
export function readerOf (table: ProfiledTable, name: string): ReadField {
  const column = columnsOf(table).find((column) => column.name === name)
  if (column === undefined) throw new Error(`${table} has no column ${name} that Spotify sends`)
  return column.read
}

/** Whether a value has the type of a column, whether or not the column can hold it. */
export function isOfType (type: ColumnType, value: unknown): boolean {
  switch (type) {
    case 'UTF8':
    case 'DATE': return typeof value === 'string'
    case 'INT32':
    case 'INT64': return Number.isSafeInteger(value)
    case 'BOOLEAN': return typeof value === 'boolean'
  }
}
