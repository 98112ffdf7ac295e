import { type Fields, isRecord } from '../fields.ts'

export type ColumnKind = 'text' | 'integer' | 'boolean'

/** A column as quality sees it: the type that a value should have, and where it stands in what Spotify sent. */
export interface Column {
  kind: ColumnKind
  read: (record: Fields) => unknown
}

const text = (...path: Array<string | number>): Column => ({ kind: 'text', read: (record) => at(record, path) })
const integer = (...path: string[]): Column => ({ kind: 'integer', read: (record) => at(record, path) })
const boolean = (...path: string[]): Column => ({ kind: 'boolean', read: (record) => at(record, path) })

/** The columns of the document's tables that hold what Spotify sent. */
export const COLUMNS = {
  albums: {
    album_id: text('id'),
    name: text('name'),
    album_type: text('album_type'),
    release_date_text: text('release_date'),
    release_date_precision: text('release_date_precision'),
    total_tracks: integer('total_tracks'),
    label: text('label'),
    upc: text('external_ids', 'upc'),
    popularity: integer('popularity'),
    image_url: text('images', 0, 'url'),
    url: text('external_urls', 'spotify'),
    uri: text('uri'),
  },
  tracks: {
    track_id: text('id'),
    disc_number: integer('disc_number'),
    track_number: integer('track_number'),
    name: text('name'),
    duration_ms: integer('duration_ms'),
    explicit: boolean('explicit'),
    is_playable: boolean('is_playable'),
    is_local: boolean('is_local'),
    isrc: text('external_ids', 'isrc'),
    popularity: integer('popularity'),
    linked_from_id: text('linked_from', 'id'),
    url: text('external_urls', 'spotify'),
    uri: text('uri'),
  },
  artists: {
    artist_id: text('id'),
    name: text('name'),
    url: text('external_urls', 'spotify'),
    uri: text('uri'),
  },
} as const satisfies Record<string, Record<string, Column>>

/** The tables whose rows are objects that Spotify sent. */
export type ProfiledTable = keyof typeof COLUMNS
export const PROFILED_TABLES = Object.keys(COLUMNS) as ProfiledTable[]

/** The columns of a table by name. */
export function columnsOf (table: ProfiledTable): Array<[name: string, column: Column]> {
  return Object.entries(COLUMNS[table])
}

export function isOfKind (kind: ColumnKind, value: unknown): boolean {
  switch (kind) {
    case 'text': return typeof value === 'string'
    case 'integer': return Number.isSafeInteger(value)
    case 'boolean': return typeof value === 'boolean'
  }
}

/** The value under a path of keys and indexes; undefined where the path ends before. */
function at (value: unknown, path: ReadonlyArray<string | number>): unknown {
  let found = value
  for (const key of path) {
    if (typeof key === 'number' ? !Array.isArray(found) : !isRecord(found)) return undefined
    found = (found as Fields)[key]
  }
  return found
}
