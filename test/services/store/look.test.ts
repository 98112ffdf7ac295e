import { readFile, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { newRecord, resume } from '../../../src/services/runs/transitions.ts'
import { type RunRecord, type RunStore, createRunStore } from '../../../src/services/store/run-store.ts'
import { START_MS } from '../../fake-clock.ts'
import { createRecordingLog } from '../recording-log.ts'

const NAME = 'album_items_20261122T134059Z.json'
const LONG_MS = 2000

/** A store with a run that has ended and been looked at for so long that its record is kept. */
async function create (t: Test, more: Partial<RunRecord> = {}) {
  const folder = t.testdir()
  let nowMs = 0
  const store = await createRunStore(folder, createRecordingLog(), () => nowMs)
  const made = newRecord(uuidv7(), { source: 'auto', limit: 100, pagination: 'next', market: null, refresh: false }, START_MS)
  const { id } = made.run
  await store.create({ ...made, ...more })
  await end(store, id, 'the document')
  const pass = (ms: number): void => { nowMs += ms }
  await store.look(id)
  pass(LONG_MS)
  await store.look(id)
  return { store, id, folder, pass, runFolder: join(folder, 'runs', id), other: await createRunStore(folder, createRecordingLog()) }
}

async function end (store: RunStore, id: string, document: string): Promise<void> {
  const { executions } = await store.update(id, (before) => ({ ...before, executions: before.executions + 1 }))
  const file = await store.stage(id, executions, NAME, (async function * () { yield document })())
  await store.update(id, (before) => ({ ...before, run: { ...before.run, status: 'partial', finishedAt: new Date(START_MS).toISOString(), file } }))
  await store.publish(id)
}

/** Whether a look reads the record: a file is written over, which no part of the service ever does. */
async function isRead ({ store, id, runFolder }: Awaited<ReturnType<typeof create>>): Promise<boolean> {
  const newest = (await readdir(runFolder)).filter((name) => name.startsWith('run.')).sort().at(-1) ?? ''
  const text = await readFile(join(runFolder, newest), 'utf8')
  await writeFile(join(runFolder, newest), text.replace('"resumptions":0', '"resumptions":77'))
  return (await store.look(id))?.resumptions === 77
}

t.test('the record of a run that ended a while ago is not read again', async (t) => {
  const made = await create(t)
  t.same(await made.store.look(made.id), await made.store.read(made.id))
  t.equal(await isRead(made), false)
})

t.test('one that goes on is read each time', async (t) => {
  const made = await create(t)
  await made.other.update(made.id, ({ run, ...rest }) => ({ ...rest, run: { ...run, status: 'running' } }))
  await made.store.look(made.id)
  made.pass(LONG_MS)
  t.equal((await made.store.look(made.id))?.run.status, 'running')
  made.pass(LONG_MS)
  t.equal(await isRead(made), true)
})

t.test('a long one is read each time, so that the memory has a bound', async (t) => {
  const made = await create(t, { keyHash: 'x'.repeat(70_000) })
  t.equal(await isRead(made), true)
})

for (const who of ['store', 'other'] as const) {
  t.test(`a run that goes on, ends anew or is deleted is seen so at once, if ${who === 'store' ? 'this process' : 'another one'} does it`, async (t) => {
    const made = await create(t)
    const { store, id } = made
    await sleep(50) // longer than a tick of the times of folders, wherever this runs
    await made[who].update(id, resume)
    t.match(await store.look(id), { run: { status: 'queued', file: null }, resumptions: 1 })
    await end(made[who], id, 'another document')
    const again = await store.look(id)
    t.match(again, { run: { status: 'partial', file: { bytes: 16 } } })
    t.equal(await readFile(await store.documentPath(id, again?.run.file ?? { name: NAME, bytes: 0, sha256: '' }) ?? 'gone', 'utf8'), 'another document')
    made.pass(LONG_MS)
    await store.look(id)
    await made[who].remove(id)
    t.equal(await store.look(id), null)
  })
}

t.test('what this process does is seen where the times of folders say nothing', async (t) => {
  const { store, id, runFolder } = await create(t)
  const before = new Date(START_MS)
  await utimes(runFolder, before, before)
  await store.update(id, resume)
  await utimes(runFolder, before, before)
  t.equal((await store.look(id))?.run.status, 'queued')
})

t.test('a run whose document is gone, of another size or not yet under its name is looked at anew each time', async (t) => {
  const made = await create(t)
  const { store, id, runFolder } = made
  const file = (await store.look(id))?.run.file
  if (file == null) throw new Error('no document')
  await rename(join(runFolder, NAME), join(runFolder, `${NAME}.1.staged`))
  await store.look(id)
  made.pass(LONG_MS)
  await store.look(id)
  t.equal(await store.documentPath(id, file), join(runFolder, NAME))
  t.equal(await readFile(join(runFolder, NAME), 'utf8'), 'the document', 'named again')
  await rm(join(runFolder, NAME))
  await store.look(id)
  made.pass(LONG_MS)
  await store.look(id)
  await t.rejects(store.documentPath(id, file), { code: 'storage_failed', message: /gone or damaged/ })
})

t.test('what is no id is no run', async (t) => {
  const { store } = await create(t)
  for (const id of ['', '..', 'x', `${uuidv7()}/..`, uuidv7()]) t.equal(await store.look(id), null)
})
