import { pathToFileURL } from 'node:url'
import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { newRecord } from '../../../src/services/runs/transitions.ts'
import { createRunStore } from '../../../src/services/store/run-store.ts'
import { readVersion } from '../../../src/services/store/versioned-file.ts'
import { runCommand } from '../../process.ts'
import { temporaryFolder } from '../../service.ts'
import { createRecordingLog } from '../recording-log.ts'

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
  const module = pathToFileURL('src/services/store/versioned-file.ts').href
  const ended = await Promise.all(Array.from({ length: PROCESSES }, async () => await runCommand(process.execPath, ['--input-type=module', '--eval', HAMMER, module, folder])))
  t.same(ended.map(({ code, stderr }) => ({ code, stderr })), Array.from({ length: PROCESSES }, () => ({ code: 0, stderr: '' })))
  const made = ended.map(({ stdout }) => JSON.parse(stdout) as number[])
  t.same(made.flat().sort((a, b) => a - b), Array.from({ length: PROCESSES * CHANGES }, (_, i) => i + 1))
  t.match(await readVersion(folder, 'count'), { text: String(PROCESSES * CHANGES) })
  for (const counts of made) t.same(counts, counts.toSorted((a, b) => a - b), 'each sees its own changes')
})

const CHANGER = `
const { createRunStore } = await import(process.argv[1])
const [, , folder, id, change] = process.argv
const store = await createRunStore(folder, { warn: console.error })
if (change === 'delete') await store.remove(id)
else await store.update(id, ({ run, ...rest }) => ({ ...rest, run: { ...run, status: change } }))
`

t.test('a run that one process keeps in memory is seen to go on, to end and to be deleted by another', async (t) => {
  const folder = await temporaryFolder(t)
  const module = pathToFileURL('src/services/store/run-store.ts').href
  let nowMs = 0
  const store = await createRunStore(folder, createRecordingLog(), () => nowMs)
  const made = newRecord(uuidv7(), { source: 'auto', limit: 1, pagination: 'next', market: null, refresh: false }, Date.now())
  const { id } = made.run
  await store.create({ ...made, run: { ...made.run, status: 'failed' } })
  const seen: unknown[] = []
  for (const change of ['queued', 'failed', 'delete']) {
    for (let look = 0; look < 3; look++) {
      await store.look(id)
      nowMs += 60_000
    }
    const { code, stderr } = await runCommand(process.execPath, ['--input-type=module', '--eval', CHANGER, module, folder, id, change])
    t.same([code, stderr], [0, ''])
    seen.push((await store.look(id))?.run.status)
  }
  t.same(seen, ['queued', 'failed', undefined])
})
