import { setImmediate as nextTurn } from 'node:timers/promises'
import type {
  ByteWriter, ColumnSource, KeyValue, ParquetWriter, SchemaElement
} from 'hyparquet-writer'
import type { Cell, ColumnType } from './cell.ts'
import type { Column, Table } from './define-table.ts'

/** What the file says of itself, as its key-value metadata. */
export type FileFacts = Record<string, string>

/** About what one row group takes: each is made without a pause, and 2,000 tracks blocked others for up to 50 ms. */
const GROUP_ROWS = 1500
/** The first groups are smaller: code that has just been loaded takes several times as long for a row. */
const FIRST_GROUP_ROWS = 250
const GROUP_CHARACTERS = 1024 * 1024

const TYPES: Record<ColumnType, Pick<SchemaElement, 'type' | 'converted_type'>> = {
  DATE: { type: 'INT32', converted_type: 'DATE' },
  INT32: { type: 'INT32' },
  INT64: { type: 'INT64' },
  BOOLEAN: { type: 'BOOLEAN' },
  UTF8: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
}

/**
 * Yields a Parquet file, one row group after the other, while the albums are being read: one is in memory at a time.
 * The event loop serves others before and after each group. `facts` is called when all albums are read.
 */
export async function * parquet (
  table: Table, albums: AsyncIterable<Cell[][]>, facts: () => FileFacts, createdBy: string
): AsyncGenerator<Uint8Array> {
  const { columns } = table
  const parquetWriter = await import('hyparquet-writer') // 50 modules, which the start of the service need not wait for
  const output = new parquetWriter.ByteWriter()
  const file = new parquetWriter.ParquetWriter({ writer: output, schema: schemaOf(columns), createdBy })
  let group: Cell[][] = []
  let characters = 0
  let groupRows = FIRST_GROUP_ROWS
  for await (const rows of albums) {
    for (const row of rows) {
      group.push(row)
      characters += charactersOf(row)
      if (group.length < groupRows && characters < GROUP_CHARACTERS) continue
      await nextTurn()
      yield writeGroup(file, output, columns, group)
      group = []
      characters = 0
      groupRows = Math.min(GROUP_ROWS, groupRows * 2)
      await nextTurn()
    }
  }
  if (group.length > 0) yield writeGroup(file, output, columns, group)
  file.kvMetadata = metadataOf(facts())
  void file.finish() // it is done when it returns: only a writer that flushes gives it something to wait for
  yield takeBytes(output)
}

function writeGroup (file: ParquetWriter, output: ByteWriter, columns: readonly Column[], rows: Cell[][]): Uint8Array {
  const columnData = columns.map(({ name, type }, place): ColumnSource => {
    return { name, data: rows.map((row) => stored(type, row[place] ?? null)) }
  })
  void file.write({ columnData, rowGroupSize: rows.length })
  return takeBytes(output)
}

const DAY_MS = 86_400_000

function stored (type: ColumnType, cell: Cell): Cell {
  return type === 'DATE' && typeof cell === 'string' ? Date.parse(cell) / DAY_MS : cell
}

/** Returns what was written since the last time. */
function takeBytes (output: ByteWriter): Uint8Array {
  const bytes = output.getBytes().slice()
  output.index = 0
  return bytes
}

function schemaOf (columns: readonly Column[]): SchemaElement[] {
  return [
    { name: 'schema', num_children: columns.length },
    ...columns.map(({ name, type, nullable }): SchemaElement => {
      return { name, ...TYPES[type], repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED' }
    }),
  ]
}

function metadataOf (facts: FileFacts): KeyValue[] {
  return Object.entries(facts).map(([key, value]) => ({ key, value }))
}

function charactersOf (row: Cell[]): number {
  return row.reduce((sum: number, cell) => sum + (typeof cell === 'string' ? cell.length : 0), 0)
}
