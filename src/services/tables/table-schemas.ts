import { Type } from '@sinclair/typebox'
import { COLUMN_TYPES } from './cell.ts'
import { keyOf } from './define-table.ts'
import { TABLE_FORMATS, TABLE_FORMAT_NAMES } from './table-formats.ts'
import { TABLES } from './tables.ts'
import { RunParams } from '../../schemas/run-id.ts'

const NAMES = TABLES.map(({ name }) => name)

/** A name that is no table is 404 and not 400, so that the schema takes any. */
const TableName = Type.String({ maxLength: 64, examples: NAMES, description: `one of ${NAMES.join(', ')}` })

export const LatestTableParams = Type.Object({ table: TableName })
export const TableParams = Type.Composite([RunParams, LatestTableParams])

export const TableQuery = Type.Object({
  format: Type.Optional(Type.String({
    maxLength: 32,
    examples: [...TABLE_FORMAT_NAMES],
    description: 'parquet (the default), csv or ndjson, a row a line. Goes before `Accept`',
  })),
  raw: Type.Optional(Type.Boolean({
    description: 'true: cells of csv as they are; else an apostrophe keeps them from starting a formula',
  })),
}, { additionalProperties: false })

const TableColumn = Type.Object({
  name: Type.String(),
  type: Type.Unsafe<string>({ type: 'string', enum: [...COLUMN_TYPES] }),
  nullable: Type.Boolean(),
  reference: Type.Union([Type.String(), Type.Null()], { description: '`table.column` that it refers to' }),
  description: Type.String(),
}, { title: 'TableColumn' })

const Links = Type.Object(Object.fromEntries(TABLE_FORMAT_NAMES.map((name) => [name, Type.String()])), {
  title: 'TableLinks',
  description: 'the table in each format',
})

export const TableList = Type.Object({
  runId: Type.String(),
  tables: Type.Array(Type.Object({
    name: Type.String(),
    description: Type.String(),
    key: Type.Array(Type.String()),
    columns: Type.Array(TableColumn),
    links: Links,
  }, { title: 'Table' })),
}, { title: 'TableList' })

const text = (description: string) => ({ type: 'string', description })

const Rows = {
  description: 'the rows of the table',
  headers: {
    etag: text('strong; another one for each table and format'),
    'last-modified': text('when the run ended'),
    'content-disposition': text("the file's name"),
  },
  content: Object.fromEntries(TABLE_FORMAT_NAMES.map((name) => [
    TABLE_FORMATS[name].mediaType,
    { schema: name === 'parquet' ? Type.String({ format: 'binary' }) : Type.String() },
  ])),
}

/** What every route that serves a table may answer. */
export const tableResponses = {
  200: Rows,
  304: { type: 'null', description: 'the client has it already' },
}

/** Every table with its columns, as Markdown. */
export const TABLES_TEXT = TABLES.map((table) => {
  const columns = table.columns.map(({ name, type, nullable, description }) => {
    return `  - \`${name}\` ${type}${nullable ? '' : ', never null'}: ${description}`
  })
  const key = keyOf(table).map((name) => `\`${name}\``).join(', ')
  return [`- **${table.name}**: one row per ${table.row}. Key: ${key}.`, ...columns].join('\n')
}).join('\n')
