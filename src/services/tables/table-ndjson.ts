import type { Cell } from './cell.ts'
import type { Table } from './define-table.ts'

/** Yields one JSON object per row, with every column. */
export async function * ndjson ({ columns }: Table, albums: AsyncIterable<Cell[][]>): AsyncGenerator<string> {
  const names = columns.map(({ name }) => JSON.stringify(name))
  for await (const rows of albums) {
    const lines = rows.map((row) => `{${row.map((cell, place) => `${names[place]}:${jsonOf(cell)}`).join()}}\n`)
    if (lines.length > 0) yield lines.join('')
  }
}

function jsonOf (cell: Cell): string {
  return typeof cell === 'bigint' ? String(cell) : JSON.stringify(cell)
}
