import fc from 'fast-check'
import t from 'tap'
import { COLUMN_TYPES, type Cell, type ColumnType, cellOf } from '../../../src/services/tables/cell.ts'

const CELLS: Array<[type: ColumnType, value: unknown, cell: Cell]> = [
  ['DATE', '2026-11-20', '2026-11-20'],
  ['DATE', '2024-02-29', '2024-02-29'],
  ['DATE', '2026-02-29', null],
  ['DATE', '2026-13-01', null],
  ['DATE', '2026-11-00', null],
  ['DATE', '2026-11-31', null],
  ['DATE', '0000', null],
  ['DATE', '0000-00-00', null],
  ['DATE', '0000-01-01', null],
  ['DATE', '0001-01-01', '0001-01-01'],
  ['DATE', '9999-12-31', '9999-12-31'],
  ['DATE', '2026-11', null],
  ['DATE', '2026', null],
  ['DATE', ' 2026-11-20', null],
  ['DATE', '2026-11-20T00:00:00Z', null],
  ['DATE', '٢٠٢٦-11-20', null],
  ['DATE', 20261120, null],
  ['INT32', 0, 0],
  ['INT32', -7, -7],
  ['INT32', 2 ** 31 - 1, 2 ** 31 - 1],
  ['INT32', 2 ** 31, null],
  ['INT32', -(2 ** 31), null],
  ['INT32', 1.5, null],
  ['INT32', '12', null],
  ['INT32', NaN, null],
  ['INT32', Infinity, null],
  ['INT32', true, null],
  ['INT64', 251_667, 251_667n],
  ['INT64', 2 ** 53 - 1, 2n ** 53n - 1n],
  ['INT64', 2 ** 53, null],
  ['INT64', 1e300, null],
  ['INT64', 0.5, null],
  ['INT64', '251667', null],
  ['INT64', 2n ** 63n - 1n, 2n ** 63n - 1n],
  ['INT64', 2n ** 63n, null],
  ['INT64', -(2n ** 63n), null],
  ['BOOLEAN', true, true],
  ['BOOLEAN', false, false],
  ['BOOLEAN', 'true', null],
  ['BOOLEAN', 1, null],
  ['UTF8', 'Ärger 夜 👩‍👩‍👧‍👦', 'Ärger 夜 👩‍👩‍👧‍👦'],
  ['UTF8', '', ''],
  ['UTF8', '\0', '\0'],
  ['UTF8', '\ud800', null],
  ['UTF8', 'half \udc00', null],
  ['UTF8', 12, null],
  ['UTF8', ['a'], null],
  ['UTF8', { a: 1 }, null],
]

t.test('a value of its column is a cell, and any other one is null', async (t) => {
  for (const [type, value, cell] of CELLS) {
    t.strictSame(cellOf(type, value), cell, `${type} ${typeof value} ${String(value)}`)
  }
  for (const type of COLUMN_TYPES) {
    for (const value of [null, undefined]) t.equal(cellOf(type, value), null, `${type} ${value}`)
  }
})

const OF_TYPE: Record<ColumnType, (cell: Cell) => boolean> = {
  DATE: (cell) => typeof cell === 'string' && new Date(cell).toISOString().slice(0, 10) === cell,
  INT32: (cell) => typeof cell === 'number' && (cell | 0) === cell + 0,
  INT64: (cell) => typeof cell === 'bigint' && BigInt.asIntN(64, cell) === cell,
  BOOLEAN: (cell) => typeof cell === 'boolean',
  UTF8: (cell) => typeof cell === 'string' && Buffer.from(cell).toString() === cell,
}

t.test('whatever the value, its cell is null or of the type', async () => {
  fc.assert(
    fc.property(fc.constantFrom(...COLUMN_TYPES), fc.anything({ withBigInt: true, withDate: true }), (type, value) => {
      const cell = cellOf(type, value)
      return cell === null || OF_TYPE[type](cell)
    }),
    { numRuns: 5000 }
  )
})
