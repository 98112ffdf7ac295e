import { readFile } from 'node:fs/promises'
import t from 'tap'
import { checkRows } from './check-rows.ts'

t.test('docs/quality.md lists the checks as they are', async (t) => {
  const page = await readFile('docs/quality.md', 'utf8')
  t.strictSame(page.split('\n').filter((line) => /^\| `[a-z_]+\./.test(line)), checkRows())
})
