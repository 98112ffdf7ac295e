import { pathToFileURL } from 'node:url'
import t from 'tap'
import { readVersion } from '../../../src/services/store/versioned-file.ts'
import { runCommand } from '../../process.ts'
import { temporaryFolder } from '../../service.ts'

const PROCESSES = 4
const CHANGES = 30

const HAMMER = `
const { readVersion, replaceVersion } = await import(process.argv[1])
const made = []
while (made.length < ${CHANGES}) {
  const before = await readVersion(process.argv[2], 'count')
  const count = Number(before?.text ?? 0) + 1
  if (await replaceVersion(process.argv[2], 'count', before?.number ?? 0, String(count))) made.push(count)
}
console.log(JSON.stringify(made))
`

t.test(`${PROCESSES} processes count in one file: no change is lost, and none is made twice`, async (t) => {
  const folder = await temporaryFolder(t)
  const module = pathToFileURL('dist/services/store/versioned-file.js').href
  const ended = await Promise.all(Array.from({ length: PROCESSES }, async () => await runCommand(process.execPath, ['--input-type=module', '--eval', HAMMER, module, folder])))
  t.same(ended.map(({ code, stderr }) => ({ code, stderr })), Array.from({ length: PROCESSES }, () => ({ code: 0, stderr: '' })))
  const made = ended.map(({ stdout }) => JSON.parse(stdout) as number[])
  t.same(made.flat().sort((a, b) => a - b), Array.from({ length: PROCESSES * CHANGES }, (_, i) => i + 1))
  t.match(await readVersion(folder, 'count'), { text: String(PROCESSES * CHANGES) })
  for (const counts of made) t.same(counts, counts.toSorted((a, b) => a - b), 'each sees its own changes')
})
