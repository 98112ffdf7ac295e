import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { type RunStatus } from '../../../src/schemas/run.ts'
import { newRecord } from '../../../src/services/runs/transitions.ts'
import { type RunRecord, createRunStore, createdAtMs, isRunId } from '../../../src/services/store/run-store.ts'
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
    await t.rejects(store.openCheckpoint(id))
    await t.rejects(store.publish(id, NAME, text('x')))
    t.throws(() => store.documentPath(id, { name: NAME, bytes: 1, sha256: '' }))
  })
}

t.test('an id tells when its run was created', async (t) => {
  t.equal(createdAtMs(record('queued', 77).run.id), START_MS + 77)
})

t.test('creating a run whose id is taken is refused, and leaves the run that has it as it is', async (t) => {
  const { store } = await create(t)
  const first = record('running')
  await store.create(first)
  await store.publish(first.run.id, NAME, text('{}'))
  await t.rejects(store.create({ ...first, executions: 7 }))
  t.same(await store.read(first.run.id), first)
  t.equal(await readFile(store.documentPath(first.run.id, { name: NAME, bytes: 2, sha256: '' }), 'utf8'), '{}')
})

t.test('changes of one run are made one after the other', async (t) => {
  const { store } = await create(t)
  const made = record()
  await store.create(made)
  const results = await Promise.all(Array.from({ length: 30 }, () => store.update(made.run.id, counted)))
  t.same(results.map(({ executions }) => executions), Array.from({ length: 30 }, (_, i) => i + 1))
  t.equal((await store.read(made.run.id))?.executions, 30)
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
  t.match(results, [{ status: 'fulfilled' }, { status: 'rejected', reason: { message: 'no' } }, { status: 'fulfilled', value: { executions: 2 } }])
})

t.test('a change that changes nothing writes nothing', async (t) => {
  const { store, runs } = await create(t)
  const made = record()
  await store.create(made)
  const path = join(runs, made.run.id, 'run.json')
  const before = await stat(path)
  t.same(await store.update(made.run.id, (same) => same), made)
  t.equal((await stat(path)).ino, before.ino)
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
    await writeFile(join(runs, broken.run.id, 'run.json'), content)
    t.same(await store.pending(), [whole])
    t.equal(log.lines.filter((line) => line.startsWith('error')).length, 1)
    t.match(log.text(), broken.run.id)
  })
}

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
  const first = await store.openCheckpoint<number>(made.run.id)
  await first.append(7)
  await first.close()
  const other = await create(t, folder)
  const second = await other.store.openCheckpoint<number>(made.run.id)
  const parts: number[] = []
  for await (const { meta } of second.replay()) parts.push(meta)
  await second.close()
  t.same(parts, [7])
  await store.removeCheckpoint(made.run.id)
  await store.removeCheckpoint(made.run.id)
  t.same(await readdir(join(folder, 'runs', made.run.id)), ['run.json'])
})

t.test('a published document is there under its name, with its size and hash', async (t) => {
  const { store, runs } = await create(t)
  const made = record()
  await store.create(made)
  const pieces = ['{"albums":["ü🎵', 'x'.repeat(300_000), '",', '"y"]}', '']
  const file = await store.publish(made.run.id, NAME, text(...pieces))
  const whole = Buffer.from(pieces.join(''))
  t.same(file, { name: NAME, bytes: whole.length, sha256: createHash('sha256').update(whole).digest('hex') })
  const path = store.documentPath(made.run.id, file)
  t.equal(path, join(runs, made.run.id, NAME))
  t.same(await readFile(path), whole)
  t.same((await readdir(join(runs, made.run.id))).filter((name) => name.includes('tmp')), [])
})

t.test('a document whose text fails half-way is not there, nor is anything beside it', async (t) => {
  const { store, runs } = await create(t)
  const made = record()
  await store.create(made)
  await t.rejects(store.publish(made.run.id, NAME, (async function * () {
    yield 'x'.repeat(1_000_000)
    throw new Error('a body is gone')
  })()), { message: 'a body is gone' })
  t.same(await readdir(join(runs, made.run.id)), ['run.json'])
})

t.test('a document that fails half-way leaves the one that was there; a whole one takes its place', async (t) => {
  const { store } = await create(t)
  const made = record()
  await store.create(made)
  const file = await store.publish(made.run.id, NAME, text('first'))
  await t.rejects(store.publish(made.run.id, NAME, (async function * () {
    yield 'second'
    throw new Error('no')
  })()))
  t.equal(await readFile(store.documentPath(made.run.id, file), 'utf8'), 'first')
  await store.publish(made.run.id, NAME, text('third'))
  t.equal(await readFile(store.documentPath(made.run.id, file), 'utf8'), 'third')
})

t.test('a document cannot be seen before it is whole', async (t) => {
  const { store, runs } = await create(t)
  const made = record()
  await store.create(made)
  const seen: string[] = []
  await store.publish(made.run.id, NAME, (async function * () {
    for (let i = 0; i < 3; i++) {
      yield 'x'.repeat(300_000)
      seen.push(...(await readdir(join(runs, made.run.id))).filter((name) => name.endsWith('.json')))
    }
  })())
  t.same(new Set(seen), new Set(['run.json']))
})

for (const name of ['', 'run.json', '../album_items_20261122T134059Z.json', 'album_items_20261122T134059Z.json/..', 'album_items_2026Z.json', 'checkpoint.log']) {
  t.test(`${JSON.stringify(name)} is no name of a document`, async (t) => {
    const { store } = await create(t)
    const made = record()
    await store.create(made)
    await t.rejects(store.publish(made.run.id, name, text('x')))
    t.throws(() => store.documentPath(made.run.id, { name, bytes: 1, sha256: '' }))
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
  await store.publish(old.run.id, NAME, text('{}'))
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
  await writeFile(join(runs, b.run.id, 'run.json'), '{"run":')
  t.same(await read(null), ['paused', 'failed', 'succeeded'])
})

t.test('a removed run is gone with its files, and removing it again is nothing', async (t) => {
  const { store, runs } = await create(t)
  const [gone, stays] = [record('succeeded'), record('succeeded', 1000)]
  for (const one of [gone, stays]) await store.create(one)
  await store.publish(gone.run.id, NAME, text('{}'))
  await store.remove(gone.run.id)
  await store.remove(gone.run.id)
  t.equal(await store.read(gone.run.id), null)
  t.same(await readdir(runs), [stays.run.id])
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
