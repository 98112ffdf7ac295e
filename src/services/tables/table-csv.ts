import { ROW_END, csvCell, quoted } from '../../formats/csv.ts'
import type { Cell } from './cell.ts'
import type { Table } from './define-table.ts'

/** Creates a writer of one row per row of the table, under a header row. An empty cell is null, `""` an empty text. */
export function createCsvWriter (write: (cell: Cell) => string) {
  return async function * csv ({ columns }: Table, albums: AsyncIterable<Cell[][]>): AsyncGenerator<string> {
    yield columns.map(({ name }) => name).join() + ROW_END
    for await (const rows of albums) {
      if (rows.length > 0) yield rows.map((row) => row.map(write).join() + ROW_END).join('')
    }
  }
}

/** A cell that starts no formula in a spreadsheet. */
export function safeCell (cell: Cell): string {
  return cell === '' ? EMPTY_TEXT : csvCell(plain(cell))
}

/** A cell as it is. */
export function rawCell (cell: Cell): string {
  if (cell === null) return ''
  return cell === '' ? EMPTY_TEXT : quoted(String(cell))
}

const EMPTY_TEXT = '""'

function plain (cell: Cell): Exclude<Cell, bigint> {
  return typeof cell === 'bigint' ? String(cell) : cell
}
