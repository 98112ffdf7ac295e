import type { Fields } from '../fields.ts'
import { type Cell, type ColumnType, cellOf } from './cell.ts'

/** One column, as Parquet, CSV, NDJSON, the contract and the documentation have it. */
export interface Column {
  name: string
  type: ColumnType
  nullable: boolean
  isKey: boolean
  /** `table.column` of the key that it refers to, or that it is a part of. */
  reference: string | null
  description: string
  /** Spotify sends it to apps of the extended tier only. */
  isExtended: boolean
  /** Reads what Spotify sent from the object that the row is made of; null: the value has another origin. */
  read: ReadField | null
}

/** Reads a value from an object of Spotify, whatever it is. */
export type ReadField = (record: Fields) => unknown

/** What the rows have from the run itself. */
export interface RunFacts {
  id: string
  /** The market that the request named. */
  market: string | null
}

/** An album of the document, and its place there, counted from 1. */
export interface PlacedAlbum {
  run: RunFacts
  id: string
  position: number
  fields: Fields
}

/** The rows of an album, each with its cells in the order of the columns. */
export type ReadRows = (album: PlacedAlbum) => Cell[][]

export interface Table {
  name: string
  /** What one row is. */
  row: string
  columns: readonly Column[]
  /** Begins to read a document. */
  read: () => ReadRows
}

/** A column with where its values come from; `value` null: `read` gives them. */
export interface ColumnDefinition<Row> extends Omit<Column, 'name'> {
  value: Value<Row> | null
}

export interface TableDefinition<Row> {
  name: string
  row: string
  columns: Record<string, ColumnDefinition<Row>>
  /** The object of Spotify that a row is made of, which `sent` columns read. */
  record?: (row: Row) => Fields
  /** Called once for each document; what it returns may remember earlier albums. */
  read: () => (album: PlacedAlbum) => Row[]
}

/** Creates a table of its definition: what is outside of it knows nothing of its rows but their cells. */
export function defineTable<Row> (
  { name, row, columns, record = () => NO_FIELDS, read }: TableDefinition<Row>
): Table {
  const values = Object.values(columns).map(({ type, value, read: readField }) => {
    return (source: Row): Cell => cellOf(type, value === null ? readField?.(record(source)) : value(source))
  })
  return {
    name,
    row,
    columns: Object.entries(columns).map(([name, { value: _value, ...column }]) => ({ name, ...column })),
    read () {
      const rowsOf = read()
      return (album) => rowsOf(album).map((source) => values.map((value) => value(source)))
    },
  }
}

type Value<Row> = (row: Row) => unknown
type Details = Partial<Pick<Column, 'reference' | 'isExtended' | 'read'>>

const NO_FIELDS: Fields = {}

function column<Row> (
  type: ColumnType, description: string, value: Value<Row> | null, details: Partial<Column>
): ColumnDefinition<Row> {
  const usual = { nullable: true, isKey: false, reference: null, isExtended: false, read: null }
  return { type, ...usual, ...details, description, value }
}

/** A column that may be null, and has what Spotify sent: quality judges it as well. */
export function sent<Row> (
  type: ColumnType, description: string, read: ReadField, details: Details = {}
): ColumnDefinition<Row> {
  return column(type, description, null, { ...details, read })
}

/** A column that may be null. */
export function optional<Row> (
  type: ColumnType, description: string, value: Value<Row>, details: Details = {}
): ColumnDefinition<Row> {
  return column(type, description, value, details)
}

/** A column that is never null. */
export function required<Row> (
  type: ColumnType, description: string, value: Value<Row>, details: Details = {}
): ColumnDefinition<Row> {
  return column(type, description, value, { ...details, nullable: false })
}

/** A column of the table's key. */
export function key<Row> (
  type: ColumnType, description: string, value: Value<Row>, details: Details = {}
): ColumnDefinition<Row> {
  return column(type, description, value, { ...details, nullable: false, isKey: true })
}

/** The columns of a table's key, in their order. */
export function keyOf ({ columns }: Table): string[] {
  return columns.filter(({ isKey }) => isKey).map(({ name }) => name)
}

/** A key of another table that columns of this one refer to. */
export interface Reference {
  columns: string[]
  table: string
  to: string[]
}

/** The references of a table: columns that refer to the same table do so together. */
export function referencesOf ({ columns }: Table): Reference[] {
  const found = new Map<string, Reference>()
  for (const { name, reference } of columns) {
    const [table = '', to = ''] = reference?.split('.') ?? []
    if (table === '') continue
    const known = found.get(table) ?? { columns: [], table, to: [] }
    found.set(table, { table, columns: [...known.columns, name], to: [...known.to, to] })
  }
  return [...found.values()]
}
