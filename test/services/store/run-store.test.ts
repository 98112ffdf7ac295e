import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rename as moveFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { type RunStatus, type StoredFile } from '../../../src/schemas/run.ts'
import { newRecord } from '../../../src/services/runs/transitions.ts'
import { createdAtMs, isRunId } from '../../../src/services/store/run-id.ts'
import { type RunRecord, type RunStore, createRunStore } from '../../../src/services/store/run-store.ts'
import { START_MS } from '../../fake-clock.ts'
import { createRecordingLog } from '../recording-log.ts'

const REQUEST = { source: 'auto' as const, limit: 100, pagination: 'next' as const, market: null, refresh: false }
const NAME = 'album_items_20261122T134059Z.json'
const DAY_MS = 24 * 3_600_000

async function create (t: Test, folder = t.testdir()) {
  const log = createRecordingLog()
  return { store: await createRunStore(folder, log), log, folder, runs: join(folder, 'runs') }
}

/** A record of that status, made so many milliseconds after the others. */
function record (status: RunStatus = 'queued', laterMs = 0, finishedAt: string | null = null): RunRecord {
  const made = newRecord(uuidv7({ msecs: START_MS + laterMs }), REQUEST, START_MS + laterMs)
  return { ...made, run: { ...made.run, status, finishedAt } }
}

const counted = (one: RunRecord): RunRecord => ({ ...one, executions: one.executions + 1 })

/** The run ends with a document of that text, as an execution of that number ends it. */
async function endWith (store: RunStore, { run: { id } }: RunRecord, document: AsyncIterable<string>, executions = 1): Promise<StoredFile> {
  const file = await store.stage(id, executions, NAME, document)
  await store.update(id, (before) => ({ ...before, executions, run: { ...before.run, status: 'succeeded', file } }))
  await store.publish(id)
  return file
}

async function documentOf (store: RunStore, { run: { id } }: RunRecord): Promise<string> {
  const file = (await store.read(id))?.run.file
  return file == null ? 'none' : await readFile(await store.documentPath(id, file) ?? 'gone', 'utf8')
}

/** The names in a run's folder, the record's versions aside. */
async function filesOf (folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !/^run\.\d+\.json$/.test(name)).sort()
}

async function * text (...pieces: string[]): AsyncGenerator<string> {
  yield * pieces
}

t.test('a run that was created is there for whoever opens the store next', async (t) => {
  const { store, folder } = await create(t)
  const made = record()
  await store.create(made)
  t.same(await store.read(made.run.id), made)
  t.same(await (await create(t, folder)).store.read(made.run.id), made)
})

t.test('a run that was never created is null', async (t) => {
  const { store } = await create(t)
  t.equal(await store.read(record().run.id), null)
})

const NO_IDS = [
  '', 'x', '.', '..', '../runs', '../../etc/passwd', 'run.json', '/etc/passwd', 'latest', '__proto__', `${uuidv7()}/..`, `${uuidv7()}\n`, ` ${uuidv7()}`,
  uuidv7().toUpperCase(), '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d', '\0', '%2e%2e', 'a'.repeat(10_000),
]
for (const id of NO_IDS) {
  t.test(`${JSON.stringify(id.slice(0, 50))} is the id of no run, and never becomes a path`, async (t) => {
    const { store } = await create(t)
    t.equal(isRunId(id), false)
    t.equal(await store.read(id), null)
    await t.rejects(store.openCheckpoint(id, 1))
    await t.rejects(store.stage(id, 1, NAME, text('x')))
    await t.rejects(store.documentPath(id, { name: NAME, bytes: 1, sha256: '' }))
  })
}

t.test('an id tells when its run was created', async (t) => {
  t.equal(createdAtMs(record('queued', 77).run.id), START_MS + 77)
})

t.test('creating a run whose id is taken is refused, and leaves the run that has it as it is', async (t) => {
  const { store } = await create(t)
  const first = record('running')
  await store.create(first)
  await endWith(store, first, text('{}'))
  const before = await store.read(first.run.id)
  t.equal(await store.create({ ...first, executions: 7 }), false)
  t.same(await store.read(first.run.id), before)
  t.equal(await documentOf(store, first), '{}')
})

t.test('of several that create the same run, in two stores on one folder, one succeeds', async (t) => {
  const { store, folder } = await create(t)
  const { store: other } = await create(t, folder)
  const made = record()
  const results = await Promise.all([store, other, store, other].map(async (one, executions) => await one.create({ ...made, executions })))
  t.equal(results.filter((isCreated) => isCreated).length, 1)
  t.equal((await store.read(made.run.id))?.executions, results.indexOf(true))
})

t.test('changes of one run are made one after the other, none is lost, and each sees the one before it: also of two stores on one folder', async (t) => {
  const { store, folder } = await create(t)
  const { store: other } = await create(t, folder)
  const made = record()
  await store.create(made)
  const results = await Promise.all(Array.from({ length: 20 }, async (_, i) => await (i % 2 === 0 ? store : other).update(made.run.id, counted)))
  t.same(results.map(({ executions }) => executions).sort((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i + 1))
  t.equal((await store.read(made.run.id))?.executions, 20)
})

t.test('a change that fails is told to its caller alone, and changes nothing', async (t) => {
  const { store } = await create(t)
  const made = record()
  await store.create(made)
  const results = await Promise.allSettled([
    store.update(made.run.id, counted),
    store.update(made.run.id, () => { throw new Error('no') }),
    store.update(made.run.id, counted),
  ])
  t.match(results, [{ status: 'fulfilled' }, { status: 'rejected', reason: { message: 'no' } }, { status: 'fulfilled' }])
  t.equal((await store.read(made.run.id))?.executions, 2)
})

t.test('a change that changes nothing writes nothing', async (t) => {
  const { store, runs } = await create(t)
  const made = record()
  await store.create(made)
  t.same(await store.update(made.run.id, (same) => same), made)
  t.same(await readdir(join(runs, made.run.id)), ['run.1.json'])
})

t.test('changing a run that is gone is an error', async (t) => {
  const { store } = await create(t)
  await t.rejects(store.update(record().run.id, counted), { message: /gone/ })
})

t.test('pending are the runs that have not ended, oldest first', async (t) => {
  const { store } = await create(t)
  const statuses: RunStatus[] = ['paused', 'succeeded', 'queued', 'partial', 'failed', 'running', 'canceled']
  const records = statuses.map((status, place) => record(status, place * 1000))
  for (const one of records.toReversed()) await store.create(one)
  t.same((await store.pending()).map(({ run }) => run.status), ['paused', 'queued', 'running'])
})

const CORRUPT: Array<[string, string]> = [
  ['empty', ''],
  ['half', '{"run":{"id":'],
  ['zeros, as a crash leaves them', '\0'.repeat(500)],
  ['no object', '5'],
  ['an object without a run', '{}'],
]
for (const [what, content] of CORRUPT) {
  t.test(`a record that is ${what} is told in the log, and costs no other run`, async (t) => {
    const { store, log, runs } = await create(t)
    const [broken, whole] = [record('running'), record('running', 1000)]
    await store.create(broken)
    await store.create(whole)
    await store.update(broken.run.id, counted)
    await writeFile(join(runs, broken.run.id, 'run.2.json'), content) // the state before it is whole, and not to be taken for the record
    t.same(await store.pending(), [whole])
    t.equal(log.lines.filter((line) => line.startsWith('error')).length, 1)
    t.match(log.text(), broken.run.id)
  })
}

t.test('a folder of a run that cannot be read is told in the log, and costs no other run: neither its place nor its time to be deleted', async (t) => {
  const { store, log, runs } = await create(t)
  const unreadable = record('running').run.id
  const [old, young] = [record('succeeded', 1000, new Date(START_MS + 2000).toISOString()), record('running', 2000)]
  for (const one of [old, young]) await store.create(one)
  await symlink(unreadable, join(runs, unreadable)) // to itself: ELOOP
  t.same(await store.pending(), [young])
  t.match(log.lines, ['error this run is left alone'])
  t.match(log.text(), unreadable)
  t.same(await store.removeEndedBefore(START_MS + DAY_MS), [old.run.id])
})

t.test('what else lies in the folder of runs is left alone', async (t) => {
  const { store, runs } = await create(t)
  const made = record()
  await store.create(made)
  await writeFile(join(runs, 'notes.txt'), 'x')
  await mkdir(join(runs, 'lost+found'))
  await mkdir(join(runs, uuidv7()))
  await writeFile(join(runs, uuidv7()), 'a file where a folder should be')
  t.same((await store.pending()).map(({ run }) => run.id), [made.run.id])
})

t.test('a checkpoint belongs to its run, and outlives the process until it is removed', async (t) => {
  const { store, folder } = await create(t)
  const made = record()
  await store.create(made)
  const first = await store.openCheckpoint<number>(made.run.id, 1)
  await first.append(7)
  await first.close()
  const other = await create(t, folder)
  const second = await other.store.openCheckpoint<number>(made.run.id, 2)
  const parts: number[] = []
  for await (const { meta } of second.replay()) parts.push(meta)
  await second.append(8)
  await second.close()
  t.same(parts, [7])
  t.same(await filesOf(join(folder, 'runs', made.run.id)), ['checkpoint.1.log', 'checkpoint.2.log'])
  await store.removeCheckpoint(made.run.id)
  await store.removeCheckpoint(made.run.id)
  t.same(await filesOf(join(folder, 'runs', made.run.id)), [])
})

t.test('a published document is there under its name, with its size and hash', async (t) => {
  const { store, runs } = await create(t)
  const made = record()
  await store.create(made)
  const pieces = ['{"albums":["ü🎵', 'x'.repeat(300_000), '",', '"y"]}', '']
  const file = await endWith(store, made, text(...pieces))
  const whole = Buffer.from(pieces.join(''))
  t.same(file, { name: NAME, bytes: whole.length, sha256: createHash('sha256').update(whole).digest('hex') })
  const path = await store.documentPath(made.run.id, file)
  t.equal(path, join(runs, made.run.id, NAME))
  if (path === null) throw new Error('no document')
  t.same(await readFile(path), whole)
  t.same(gunzipSync(await readFile(`${path}.gz`)), whole)
  t.same(await filesOf(join(runs, made.run.id)), [NAME, `${NAME}.gz`])
})

const FAILING = async function * (): AsyncGenerator<string> {
  yield 'x'.repeat(1_000_000)
  throw new Error('a body is gone')
}

t.test('a document whose text fails half-way is not there, nor is anything beside it, and one of before stays', async (t) => {
  const { store, runs } = await create(t)
  const made = record()
  await store.create(made)
  await t.rejects(store.stage(made.run.id, 1, NAME, FAILING()), { message: 'a body is gone' })
  t.same(await filesOf(join(runs, made.run.id)), [])
  await endWith(store, made, text('first'), 2)
  await t.rejects(store.stage(made.run.id, 3, NAME, FAILING()))
  t.equal(await documentOf(store, made), 'first')
  await endWith(store, made, text('third'), 4)
  t.equal(await documentOf(store, made), 'third')
  t.equal(gunzipSync(await readFile(join(runs, made.run.id, `${NAME}.gz`))).toString(), 'third')
})

t.test('a document cannot be seen before the record names it', async (t) => {
  const { store, runs } = await create(t)
  const made = record('running')
  await store.create(made)
  const seen: string[] = []
  const look = async (): Promise<void> => { seen.push(...(await filesOf(join(runs, made.run.id))).filter((name) => name.endsWith('.json'))) }
  await store.stage(made.run.id, 1, NAME, (async function * () {
    for (let i = 0; i < 3; i++) {
      yield 'x'.repeat(300_000)
      await look()
    }
  })())
  await store.publish(made.run.id)
  await look()
  t.same(seen, [])
})

const MAKES_GOOD: Array<[who: string, act: (store: RunStore, id: string) => Promise<unknown>]> = [
  ['the sweep', async (store) => await store.pending()],
  ['whoever opens it', async (store, id) => await store.documentPath(id, { name: NAME, bytes: 3, sha256: 'of new' })],
]
for (const [who, act] of MAKES_GOOD) {
  for (const isOlderThere of [false, true]) {
    t.test(`a crash between the record and the document's name: ${who} makes it good${isOlderThere ? ', over an older one of the same size' : ''}`, async (t) => {
      const { store, folder, runs } = await create(t)
      const made = record('running')
      await store.create(made)
      if (isOlderThere) await endWith(store, made, text('old'), 1)
      const file = await store.stage(made.run.id, 2, NAME, text('new'))
      await store.update(made.run.id, (before) => ({ ...before, executions: 2, run: { ...before.run, status: 'partial', file } }))
      const { store: next } = await create(t, folder)
      await act(next, made.run.id)
      t.equal(await readFile(join(runs, made.run.id, NAME), 'utf8'), 'new')
      t.equal(gunzipSync(await readFile(join(runs, made.run.id, `${NAME}.gz`))).toString(), 'new')
      t.same(await filesOf(join(runs, made.run.id)), [NAME, `${NAME}.gz`])
    })
  }
}

t.test('the document of a run that was let go on or deleted since it was read is null; one that is gone or damaged is an error', async (t) => {
  const { store, runs } = await create(t)
  const made = record('running')
  await store.create(made)
  const file = await endWith(store, made, text('whole'))
  const path = join(runs, made.run.id, NAME)
  await writeFile(path, 'half')
  await t.rejects(store.documentPath(made.run.id, file), { code: 'storage_failed', message: /gone or damaged/ })
  await rm(path)
  await t.rejects(store.documentPath(made.run.id, file), { code: 'storage_failed' })
  await store.update(made.run.id, (before) => ({ ...before, run: { ...before.run, status: 'queued', file: null } }))
  t.equal(await store.documentPath(made.run.id, file), null)
  await store.remove(made.run.id)
  t.equal(await store.documentPath(made.run.id, file), null)
})

t.test('what an execution staged that then lost the run never gets a name, and goes with the first look at the run', async (t) => {
  const { store, runs } = await create(t)
  const made = record('running')
  await store.create(made)
  await store.stage(made.run.id, 1, NAME, text('stale'))
  await endWith(store, made, text('new'), 2)
  t.equal(await documentOf(store, made), 'new')
  t.same(await filesOf(join(runs, made.run.id)), [NAME, `${NAME}.gz`])
})

t.test('a beginning execution deletes what earlier ones staged, and nothing of a later one', async (t) => {
  const { store, runs } = await create(t)
  const made = record('running')
  await store.create(made)
  for (const execution of [1, 2, 10]) await store.stage(made.run.id, execution, NAME, text('x'))
  await store.discardStaged(made.run.id, 2)
  t.same(await filesOf(join(runs, made.run.id)), [`${NAME}.10.staged`, `${NAME}.10.staged.gz`])
})

t.test('the checkpoint of a complete run goes with the sweep, if a crash left it; that of a partial one stays', async (t) => {
  const { store, runs } = await create(t)
  for (const complete of [true, false]) {
    const made = record(complete ? 'succeeded' : 'partial', complete ? 0 : 1000)
    await store.create({ ...made, run: { ...made.run, complete } })
    const checkpoint = await store.openCheckpoint<number>(made.run.id, 1)
    await checkpoint.append(7)
    await checkpoint.close()
    await store.pending()
    t.same(await filesOf(join(runs, made.run.id)), complete ? [] : ['checkpoint.1.log'])
  }
})

t.test('a run that goes on after its end is pending again, for a store that had seen its end', async (t) => {
  const { store, folder } = await create(t)
  const { store: other } = await create(t, folder)
  const made = record('partial')
  await store.create(made)
  t.same(await store.pending(), [])
  t.same(await store.pending(), [])
  await other.update(made.run.id, ({ run, ...rest }) => ({ ...rest, run: { ...run, status: 'queued' } }))
  t.same((await store.pending()).map(({ run }) => run.status), ['queued'])
})

for (const name of ['', 'run.json', '../album_items_20261122T134059Z.json', 'album_items_20261122T134059Z.json/..', 'album_items_2026Z.json', 'checkpoint.1.log', `${NAME}.1.staged`]) {
  t.test(`${JSON.stringify(name)} is no name of a document`, async (t) => {
    const { store } = await create(t)
    const made = record()
    await store.create(made)
    await t.rejects(store.stage(made.run.id, 1, name, text('x')))
    await t.rejects(store.documentPath(made.run.id, { name, bytes: 1, sha256: '' }))
    t.same(await store.read(made.run.id), made)
  })
}

t.test('runs that ended before a time are deleted with their files, all others stay', async (t) => {
  const { store, runs } = await create(t)
  const at = (ms: number): string => new Date(START_MS + ms).toISOString()
  const old = record('succeeded', 0, at(1000))
  const oldPartial = record('partial', 1000, at(2000))
  const endedLater = record('failed', 2000, at(DAY_MS + 1))
  const unended = record('paused', 3000)
  const young = record('succeeded', 2 * DAY_MS, at(2 * DAY_MS + 1000))
  for (const one of [old, oldPartial, endedLater, unended, young]) await store.create(one)
  await endWith(store, old, text('{}'))
  t.same(await store.removeEndedBefore(START_MS + DAY_MS), [old.run.id, oldPartial.run.id])
  t.same((await readdir(runs)).sort(), [endedLater, unended, young].map(({ run }) => run.id))
  t.equal(await store.read(old.run.id), null)
})

t.test('all runs are read newest first, from any one on, whatever their status; one that cannot be read is passed over', async (t) => {
  const { store, runs } = await create(t)
  const [a, b, c, d] = [record('succeeded'), record('queued', 1000), record('failed', 2000), record('paused', 3000)]
  for (const one of [c, a, d, b]) await store.create(one)
  const read = async (before: string | null): Promise<RunStatus[]> => {
    const statuses: RunStatus[] = []
    for await (const { run } of store.newestFirst(before)) statuses.push(run.status)
    return statuses
  }
  t.same(await read(null), ['paused', 'failed', 'queued', 'succeeded'])
  t.same(await read(c.run.id), ['queued', 'succeeded'])
  t.same(await read(a.run.id), [])
  await writeFile(join(runs, b.run.id, 'run.1.json'), '{"run":')
  t.same(await read(null), ['paused', 'failed', 'succeeded'])
})

t.test('a removed run is gone with its files, and removing it again is nothing', async (t) => {
  const { store, runs } = await create(t)
  const [gone, stays] = [record('succeeded'), record('succeeded', 1000)]
  for (const one of [gone, stays]) await store.create(one)
  await endWith(store, gone, text('{}'))
  await store.remove(gone.run.id)
  await store.remove(gone.run.id)
  t.equal(await store.read(gone.run.id), null)
  t.same(await readdir(runs), [stays.run.id])
})

t.test('a deleted run is gone as a whole, and what a crash leaves of it goes with the sweep', async (t) => {
  const { store, runs } = await create(t)
  const [gone, stays] = [record('succeeded'), record('queued', 1000)]
  for (const one of [gone, stays]) await store.create(one)
  await moveFile(join(runs, gone.run.id), join(runs, `.deleted-${gone.run.id}.0.tmp`))
  t.equal(await store.read(gone.run.id), null)
  t.same((await store.pending()).map(({ run }) => run.id), [stays.run.id])
  t.same(await readdir(runs), [stays.run.id])
})

t.test('a change that comes after the deletion of its run is an error, and does not bring it back', async (t) => {
  const { store, runs } = await create(t)
  const made = record('succeeded')
  await store.create(made)
  const [removed] = await Promise.allSettled([store.remove(made.run.id), store.update(made.run.id, counted)])
  t.equal(removed.status, 'fulfilled')
  await t.rejects(store.update(made.run.id, counted), { message: /gone/ })
  t.same(await readdir(runs), [])
})

t.test('a probe passes where something can be stored, and leaves nothing', async (t) => {
  const { store, folder } = await create(t)
  await store.probe()
  t.same(await readdir(folder), ['runs'])
})

t.test('probes at the same time do not disturb each other', async (t) => {
  const { store, folder } = await create(t)
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => store.probe()))
  t.same(results.filter(({ status }) => status === 'rejected'), [])
  t.same(await readdir(folder), ['runs'])
})

t.test('a probe fails where nothing can be stored', async (t) => {
  const { store, folder } = await create(t)
  await rm(folder, { recursive: true })
  await t.rejects(store.probe())
})
