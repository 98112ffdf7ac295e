import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createPacerStore } from '../../../src/services/store/pacer-store.ts'
import { createRecordingLog } from '../recording-log.ts'

interface State { pause: string | null }

t.test('a state is loaded as it was saved, by another process too', async (t) => {
  const folder = t.testdir()
  const log = createRecordingLog()
  const store = await createPacerStore<State>(folder, 'client-a', log)
  t.equal(await store.load(), null)
  await store.save({ pause: 'one' })
  await store.save({ pause: 'two' })
  t.same(await store.load(), { pause: 'two' })
  t.same(await (await createPacerStore<State>(folder, 'client-a', log)).load(), { pause: 'two' })
  t.same(log.lines, [], 'no state yet is nothing to complain of')
})

t.test('each app has its own state, and its client id is not in the name or in the file', async (t) => {
  const folder = t.testdir()
  const log = createRecordingLog()
  const [a, b] = [await createPacerStore<State>(folder, 'client-a', log), await createPacerStore<State>(folder, 'client-b', log)]
  await a.save({ pause: 'a' })
  t.equal(await b.load(), null)
  await b.save({ pause: 'b' })
  t.same([await a.load(), await b.load()], [{ pause: 'a' }, { pause: 'b' }])
  const names = await readdir(join(folder, 'state'))
  t.equal(names.length, 2)
  for (const name of names) {
    t.match(name, /^spotify-[0-9a-f]{16}\.json$/)
    t.notMatch(await readFile(join(folder, 'state', name), 'utf8'), /client/)
  }
})

t.test('what the Web API and what the token endpoint told us are two states', async (t) => {
  const folder = t.testdir()
  const log = createRecordingLog()
  const [api, token] = [await createPacerStore<State>(folder, 'client-a', log), await createPacerStore<State>(folder, 'client-a', log, 'token')]
  await api.save({ pause: 'api' })
  await token.save({ pause: 'token' })
  t.same([await api.load(), await token.load()], [{ pause: 'api' }, { pause: 'token' }])
})

t.test('an account is any text', async (t) => {
  const store = await createPacerStore<State>(t.testdir(), '../../etc/passwd\0', createRecordingLog())
  await store.save({ pause: 'x' })
  t.same(await store.load(), { pause: 'x' })
})

for (const [what, text] of [['half', '{"pause":'], ['empty', ''], ['zeros', '\0'.repeat(100)]] as const) {
  t.test(`a state that is ${what} counts as none, is told in the log, and is replaced at the next save`, async (t) => {
    const folder = t.testdir()
    const log = createRecordingLog()
    const store = await createPacerStore<State>(folder, 'client-a', log)
    await store.save({ pause: 'x' })
    const [name = ''] = await readdir(join(folder, 'state'))
    await writeFile(join(folder, 'state', name), text)
    t.equal(await store.load(), null)
    t.equal(log.lines.filter((line) => line.startsWith('error')).length, 1)
    await store.save({ pause: 'y' })
    t.same(await store.load(), { pause: 'y' })
  })
}
