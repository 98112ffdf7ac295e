import type { TierCount } from '../album-tier.ts'
import { fieldsOf } from '../fields.ts'
import type { Cell } from './cell.ts'
import type { RunFacts, Table } from './define-table.ts'
import { isId } from './items.ts'

/** Yields the rows of a table, an album at a time, from the albums' JSON texts. `tiers` counts these albums. */
export async function * readTable (
  table: Table, run: RunFacts, albums: AsyncIterable<Buffer>, tiers?: TierCount
): AsyncGenerator<Cell[][]> {
  const rowsOf = table.read()
  let position = 0
  for await (const text of albums) {
    position++
    const fields = fieldsOf(JSON.parse(text.toString()))
    tiers?.add(fields)
    const id = fields['id']
    if (isId(id)) yield rowsOf({ run, id, position, fields })
  }
}
