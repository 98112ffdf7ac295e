import t from 'tap'
import { CHECK_IDS, definitionOf } from '../../../src/services/quality/checks.ts'
import { PROFILED_TABLES, columnsOf, readerOf } from '../../../src/services/quality/columns.ts'
import { TABLES } from '../../../src/services/tables/tables.ts'

t.test('a check of a column is about a column that the tables have', async (t) => {
  for (const id of CHECK_IDS) {
    const { table, column } = definitionOf(id)
    const columns = TABLES.find(({ name }) => name === table)?.columns.map(({ name }) => name)
    t.ok(columns !== undefined && (column === null || columns.includes(column)), id)
  }
})

t.test('a column is missed in the tier alone that has it', async (t) => {
  const present = CHECK_IDS.filter((id) => id.endsWith('.present'))
  const columns = PROFILED_TABLES.flatMap((table) => columnsOf(table).map((column) => ({ ...column, table })))
  for (const id of present) {
    const { table, column, tier } = definitionOf(id)
    const sent = columns.find((one) => one.table === table && one.name === column)
    if (sent !== undefined) t.equal(tier === 'extended', sent.isExtended, id)
  }
})

t.test('quality reads a column as the table does, and no other', async (t) => {
  t.equal(readerOf('albums', 'upc')({ external_ids: { upc: '0042' } }), '0042')
  t.throws(() => readerOf('albums', 'tracks_present'), /albums has no column tracks_present that Spotify sends/)
})
