import t from 'tap'
import { FAULT_KINDS } from '../src/sandbox/settings/fault-kinds.ts'
import type { Fault } from '../src/sandbox/settings/settings.ts'
import { PAGE, ROWS } from './what-happens-rows.ts'
import { FIRST_ROWS, testRows } from './what-happens-runs.ts'

t.test('the page has each fault that the sandbox can play, and nothing in its tables is overlooked', async (t) => {
  t.equal(ROWS.length, [...PAGE.matchAll(/^\| `\{/gm)].length)
  const kinds = new Set(
    ROWS.map(({ setting }) => (JSON.parse(setting) as Partial<Fault>).kind).filter((kind) => kind !== undefined)
  )
  t.strictSame([...kinds].sort(), [...FAULT_KINDS].sort())
})

testRows(FIRST_ROWS)
