import { fieldsOf, hasExtendedField } from '../fields.ts'
import { type Cell } from './cell.ts'
import { type RunFacts, type Table } from './define-table.ts'
import { isId } from './items.ts'

/** What kind of app Spotify answered. */
export type Tier = 'extended' | 'development' | 'unknown'

/** What one album of the document adds to a table. */
export interface AlbumRows {
  rows: Cell[][]
  /** What its fields say. */
  tier: Tier
}

/** Yields the rows of a table, an album at a time, from the albums' JSON texts. */
export async function * readTable (
  table: Table, run: RunFacts, albums: AsyncIterable<Buffer>
): AsyncGenerator<AlbumRows> {
  const rowsOf = table.read()
  let position = 0
  for await (const text of albums) {
    position++
    const fields = fieldsOf(JSON.parse(text.toString()))
    const id = fields['id']
    if (isId(id)) yield { rows: rowsOf({ run, id, position, fields }), tier: hasExtendedField(fields) ? 'extended' : 'development' }
  }
}

/** The tier of albums together: those of the extended tier may lack some of the fields, the others have none. */
export function commonTier (one: Tier, other: Tier): Tier {
  if (one === 'extended' || other === 'extended') return 'extended'
  return one === 'unknown' ? other : one
}
