import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { type RunRequest, type RunStatus, RUN_STATUSES } from '../../../src/schemas/run.ts'
import { seal } from '../../../src/services/database/checksum.ts'
import type { Database } from '../../../src/services/database/database.ts'
import { MEMORY, openSqlite } from '../../../src/services/database/sqlite.ts'
import type { RunRow } from '../../../src/services/database/tables.ts'
import { begin, newRecord } from '../../../src/services/runs/transitions.ts'
import { type Owners, createOwners } from '../../../src/services/store/owner.ts'
import { createdAtMs, isRunId } from '../../../src/services/store/run-id.ts'
import { ENDED, type RunRecord, keyOf } from '../../../src/services/run-record.ts'
import { type Admission, type RunStore, createRunStore } from '../../../src/services/store/run-store.ts'
import { onBothDatabases } from '../../database.ts'
import { START_MS } from '../../fake-clock.ts'
import { type RecordingLog, createRecordingLog } from '../recording-log.ts'

const REQUEST: RunRequest = { source: 'auto', limit: 100, pagination: 'next', market: null, refresh: false }
const DAY_MS = 24 * 3_600_000
/** Above what any system gives a process. */
const NO_PID = 2 ** 30
const FILE = { name: 'album_items_20261122T134059Z_2fe747.json', bytes: 2, sha256: 'a'.repeat(64) }

interface Process {
  store: RunStore
  owners: Owners
  log: RecordingLog
  database: Database
}

/** A process of this machine, or of the one named. */
function processOn (t: Test, database: Database, ...of: Parameters<typeof createOwners>): Process {
  const owners = createOwners(...of)
  t.teardown(() => owners.close())
  const log = createRecordingLog()
  return { store: createRunStore(database, owners, log), owners, log, database }
}

async function inMemory (t: Test): Promise<Database> {
  const database = await openSqlite(MEMORY, { now: Date.now })
  t.teardown(async () => await database.close())
  return database
}

/** A record of that status, made so many milliseconds after the others. A run that has ended did so a second later. */
function record (status: RunStatus = 'queued', laterMs = 0, request = REQUEST): RunRecord {
  const made = newRecord(uuidv7({ msecs: START_MS + laterMs }), request, START_MS + laterMs)
  const finishedAt = ENDED.includes(status) ? new Date(START_MS + laterMs + 1000).toISOString() : null
  return { ...made, run: { ...made.run, status, finishedAt } }
}

function admission (made: RunRecord, more: Partial<Admission> = {}): Admission {
  return { record: made, key: null, maxPending: 100, ...more }
}

async function add (store: RunStore, ...records: RunRecord[]): Promise<void> {
  for (const made of records) await store.admit(admission(made, { key: { name: made.run.id, validFromMs: 0 } }))
}

const counted = (one: RunRecord): RunRecord => ({ ...one, executions: one.executions + 1 })
const begun = (one: RunRecord): RunRecord => begin(one, START_MS)
const ended = (one: RunRecord): RunRecord => ({
  ...one,
  run: { ...one.run, status: 'succeeded', finishedAt: new Date(START_MS).toISOString() },
})

async function change (database: Database, id: string, columns: Partial<RunRow>): Promise<void> {
  await database.queries.updateTable('runs').set(columns).where('id', '=', id).execute()
}

onBothDatabases(t, 'a run that was admitted is there for every process', async (t, open) => {
  const [one, two] = [processOn(t, await open()), processOn(t, await open())]
  const made = record()
  t.same(await one.store.admit(admission(made)), { kind: 'new' })
  t.same(await two.store.read(made.run.id), { record: made, run: made.run, isOwned: false })
  t.equal(await two.store.read(record().run.id), null)
})

const NO_IDS = [
  '',
  'x',
  '.',
  '..',
  '../../etc/passwd',
  'latest',
  '__proto__',
  `${uuidv7()}/..`,
  `${uuidv7()}\n`,
  ` ${uuidv7()}`,
  "' or 1=1 --",
  uuidv7().toUpperCase(),
  '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d',
  '\0',
  '%',
  'a'.repeat(10_000),
]

onBothDatabases(t, 'what is no id is the id of no run', async (t, open) => {
  const { store } = processOn(t, await open())
  await add(store, record('running'))
  for (const id of NO_IDS) {
    t.equal(isRunId(id), false, JSON.stringify(id.slice(0, 50)))
    t.equal(await store.read(id), null)
    await t.rejects(store.update(id, counted), { code: 'run_not_found' })
    await t.rejects(store.begin(id, begun), { code: 'run_not_found' })
  }
})

t.test('an id tells when its run was created', async (t) => {
  t.equal(createdAtMs(record('queued', 77).run.id), START_MS + 77)
})

onBothDatabases(t, 'a request of the largest size is stored, and found again', async (t, open) => {
  const { store } = processOn(t, await open())
  const albumIds = Array.from({ length: 1000 }, () => randomBytes(16).toString('hex').slice(0, 22))
  const large = { ...REQUEST, source: 'albums', albumIds } as const
  const first = record('queued', 0, large)
  t.same(await store.admit(admission(first)), { kind: 'new' })
  t.match(await store.admit(admission(record('queued', 1, large))), { kind: 'existing', id: first.run.id })
  t.match((await store.read(first.run.id))?.run.request, { albumIds })
})

onBothDatabases(t, 'an equal request gets the run that has not ended, any other a new run', async (t, open) => {
  const { store } = processOn(t, await open())
  const [first, equal, other] = [record(), record(), record('queued', 0, { ...REQUEST, limit: 7 })]
  await store.admit(admission(first))
  t.same(await store.admit(admission(equal)), { kind: 'existing', id: first.run.id, requestKey: keyOf(REQUEST) })
  t.equal(await store.read(equal.run.id), null)
  t.same(await store.admit(admission(other)), { kind: 'new' })
  for (const status of ['running', 'paused'] as const) {
    await store.update(first.run.id, (one) => ({ ...one, run: { ...one.run, status } }))
    t.match(await store.admit(admission(record())), { kind: 'existing', id: first.run.id }, status)
  }
  await store.update(first.run.id, ended)
  t.same(await store.admit(admission(equal)), { kind: 'new' })
})

onBothDatabases(t, 'a key gives its run until the key is too old or the run is deleted', async (t, open) => {
  const { store } = processOn(t, await open())
  const key = (name: string, validFromMs = START_MS - DAY_MS) => ({ key: { name, validFromMs } })
  const [first, another] = [record(), record('queued', 5)]
  t.same(await store.admit(admission(first, key('a'))), { kind: 'new' })
  t.same(
    await store.admit(admission(another, key('b'))),
    { kind: 'new' },
    'a new key gives a new run, also for an equal request'
  )
  const other = record('queued', 0, { ...REQUEST, limit: 7 })
  t.same(await store.admit(admission(other, key('a'))), {
    kind: 'existing',
    id: first.run.id,
    requestKey: keyOf(REQUEST),
  }, 'of which request tells the caller')
  await store.update(first.run.id, ended)
  t.match(await store.admit(admission(record(), key('a'))), { kind: 'existing', id: first.run.id })
  t.match(await store.admit(admission(record(), key('a', START_MS))), { kind: 'existing' }, 'to the millisecond')
  const later = record('queued', DAY_MS + 1)
  t.same(await store.admit(admission(later, key('a', START_MS + 1))), { kind: 'new' })
  t.match(
    await store.admit(admission(record(), key('a', START_MS + 1))),
    { kind: 'existing', id: later.run.id },
    'the key is that of the new run'
  )
  await store.remove(another.run.id)
  t.same(await store.admit(admission(record('queued', 9), key('b'))), { kind: 'new' })
})

onBothDatabases(t, 'old claims are removed, and younger ones stay', async (t, open) => {
  const { store } = processOn(t, await open())
  const [old, young] = [record(), record('queued', 1000)]
  await add(store, old, young)
  await store.removeClaimsBefore(START_MS + 1000)
  const admit = async ({ run: { id } }: RunRecord) =>
    await store.admit(admission(record(), { key: { name: id, validFromMs: 0 } }))
  t.match(await admit(young), { kind: 'existing', id: young.run.id })
  t.same(await admit(old), { kind: 'new' })
  t.not(await store.read(old.run.id), null, 'the run itself stays')
})

onBothDatabases(t, 'a damaged run that has not ended is given to nobody: an ' +
  'equal request gets a new one', async (t, open) => {
  const database = await open()
  const { store } = processOn(t, database)
  const [damaged, next] = [record(), record()]
  await store.admit(admission(damaged))
  await database.queries.updateTable('runs').set({ record: '{}' }).where('id', '=', damaged.run.id).execute()
  t.same(await store.admit(admission(next)), { kind: 'new' })
  t.match(await store.admit(admission(record())), { kind: 'existing', id: next.run.id })
})

onBothDatabases(t, 'a full queue refuses new runs, and still attaches equal requests', async (t, open) => {
  const { store } = processOn(t, await open())
  const [first, second] = [record('paused'), record('queued', 1, { ...REQUEST, limit: 2 })]
  await add(store, first, second, record('succeeded', 2), record('failed', 3))
  const other = record('queued', 4, { ...REQUEST, limit: 3 })
  t.same(await store.admit(admission(other, { maxPending: 2 })), { kind: 'full', pending: 2 })
  t.equal(await store.read(other.run.id), null)
  t.match(await store.admit(admission(record(), { maxPending: 2 })), { kind: 'existing', id: first.run.id })
  t.equal(await store.countPending(), 2)
  t.same(await store.admit(admission(other, { maxPending: 3 })), { kind: 'new' })
})

onBothDatabases(t, 'of many concurrent equal requests one creates the run, with a key or without', async (t, open) => {
  const processes = [processOn(t, await open()), processOn(t, await open())]
  for (const key of [null, { name: 'a', validFromMs: 0 }]) {
    const request = { ...REQUEST, limit: key === null ? 1 : 2 }
    const records = Array.from({ length: 12 }, () => record('queued', 0, request))
    const admitted = await Promise.all(
      records.map(async (made, number) => await processes[number % 2]?.store.admit(admission(made, { key })))
    )
    const made = records.filter((_, number) => admitted[number]?.kind === 'new').map(({ run }) => run.id)
    t.equal(made.length, 1)
    for (const one of admitted) t.match(one, one?.kind === 'new' ? {} : { kind: 'existing', id: made[0] })
  }
})

onBothDatabases(t, 'concurrent requests do not exceed the limit of pending runs', async (t, open) => {
  const processes = [processOn(t, await open()), processOn(t, await open())]
  const admitted = await Promise.all(Array.from({ length: 10 }, async (_, number) => {
    return await processes[number % 2]?.store.admit(
      admission(record('queued', 0, { ...REQUEST, limit: number + 1 }), { maxPending: 3 })
    )
  }))
  t.equal(admitted.filter((one) => one?.kind === 'new').length, 3)
  t.same(admitted.filter((one) => one?.kind === 'full').length, 7)
})

onBothDatabases(t, 'concurrent changes of one run are applied one after another, none is lost', async (t, open) => {
  const processes = [processOn(t, await open()), processOn(t, await open())]
  const made = record()
  await processes[0]?.store.admit(admission(made))
  const results = await Promise.all(
    Array.from({ length: 14 }, async (_, number) => await processes[number % 2]?.store.update(made.run.id, counted))
  )
  t.same(
    results.map((one) => one?.executions ?? 0).sort((a, b) => a - b),
    Array.from({ length: 14 }, (_, number) => number + 1)
  )
  t.equal((await processes[1]?.store.read(made.run.id))?.record.executions, 14)
})

onBothDatabases(t, 'a change that fails, or that changes nothing, writes nothing', async (t, open) => {
  const { store, database } = processOn(t, await open())
  const made = record()
  await store.admit(admission(made))
  const before = await database.queries.selectFrom('runs').selectAll().execute()
  await t.rejects(
    store.update(made.run.id, () => {
      throw new Error('no')
    }),
    { message: 'no' }
  )
  t.same(await store.update(made.run.id, (same) => same), made)
  t.same(await database.queries.selectFrom('runs').selectAll().execute(), before)
  await t.rejects(store.update(record().run.id, counted), { code: 'run_not_found' })
})

onBothDatabases(t, 'no other process begins or beats a run while its owner lives', async (t, open) => {
  const [mine, theirs] = [processOn(t, await open()), processOn(t, await open(), 'another machine')]
  const { run } = record()
  await mine.store.admit(admission({ ...record(), run }))
  const first = await mine.store.begin(run.id, begun)
  t.match(first, { kind: 'begun', record: { executions: 1, run: { status: 'running' } } })
  t.same(await theirs.store.begin(run.id, begun), { kind: 'owned' })
  t.equal((await theirs.store.read(run.id))?.isOwned, true)
  t.equal((await theirs.store.pending())[0]?.isOwned, true)
  t.same(await theirs.store.beat({ ...run, status: 'running' }, 1), { isOurs: false, isCancelWanted: false })
  t.same(await mine.store.beat({ ...run, status: 'running' }, 1), { isOurs: true, isCancelWanted: false })
  t.match(
    await mine.store.begin(run.id, begun),
    { kind: 'begun', record: { executions: 2 } },
    'the owner itself may begin it again'
  )
  await theirs.store.release(run.id)
  t.same(await theirs.store.begin(run.id, begun), { kind: 'owned' }, 'only its owner releases it')
  await mine.store.release(run.id)
  t.equal((await theirs.store.read(run.id))?.isOwned, false)
  t.match(await theirs.store.begin(run.id, begun), { kind: 'begun', record: { executions: 3 } })
  t.same(await mine.store.beat({ ...run, status: 'running' }, 2), { isOurs: false, isCancelWanted: false })
})

onBothDatabases(t, 'a run whose owner is dead or silent is begun by another process', async (t, open) => {
  const database = await open()
  const mine = processOn(t, database, 'here')
  const dead = processOn(t, database, 'here', NO_PID)
  const ownedBy = async ({ store }: Process): Promise<string> => {
    const { run } = record()
    await add(store, { ...record(), run })
    await store.begin(run.id, begun)
    return run.id
  }
  const beginHere = async (id: string): Promise<string> => (await mine.store.begin(id, begun)).kind
  t.equal(await beginHere(await ownedBy(dead)), 'begun', 'nobody need wait')
  const gone = await ownedBy(processOn(t, database, 'here'))
  t.equal(await beginHere(gone), 'owned', 'another owner of this process')
  for (const silentMs of [60_000, -60_000]) {
    const silent = await ownedBy(processOn(t, database, 'away'))
    t.equal(await beginHere(silent), 'owned')
    await change(database, silent, { beat_ms: await database.nowMs() - silentMs })
    t.equal((await mine.store.read(silent))?.isOwned, false)
    t.equal(await beginHere(silent), 'begun')
  }
})

onBothDatabases(t, 'of many that begin a run at the same time one does', async (t, open) => {
  const databases = [await open(), await open()]
  const processes = Array.from(
    { length: 8 },
    (_, number) => processOn(t, databases[number % 2] ?? databases[0] as Database, `machine ${number}`)
  )
  const made = record()
  await processes[0]?.store.admit(admission(made))
  const results = await Promise.all(processes.map(async ({ store }) => (await store.begin(made.run.id, begun)).kind))
  t.same(results.sort(), ['begun', ...Array.from({ length: 7 }, () => 'owned')])
  t.equal((await processes[0]?.store.read(made.run.id))?.record.executions, 1)
})

onBothDatabases(t, 'a run that has ended is not begun', async (t, open) => {
  const { store } = processOn(t, await open())
  for (const status of ENDED) {
    const made = record(status)
    await add(store, made)
    t.same(await store.begin(made.run.id, counted), { kind: 'ended', record: made })
  }
  await t.rejects(store.begin(record().run.id, begun), { code: 'run_not_found' })
})

onBothDatabases(t, 'the live state of a run is seen by every process until its record changes', async (t, open) => {
  const [mine, theirs] = [processOn(t, await open()), processOn(t, await open(), 'another machine')]
  const made = record()
  await mine.store.admit(admission(made))
  const { record: { run } } = await mine.store.begin(made.run.id, begun) as { record: RunRecord }
  const shown = { ...run, progress: { albumsListed: 9, albumsFetched: 5, tracks: 50 } }
  await mine.store.beat(shown, 1)
  t.same((await theirs.store.read(run.id))?.run, shown)
  t.same((await theirs.store.list({ statuses: null, limit: 1, before: null })).runs[0]?.run, shown)
  t.same((await theirs.store.read(run.id))?.record.run, run, 'what is stored is another thing')
  await mine.store.beat({ ...shown, progress: { ...shown.progress, tracks: 51 } }, 7)
  t.same((await theirs.store.read(run.id))?.run, run, 'of another execution')
  await mine.store.beat(shown, 1)
  await mine.store.update(run.id, ended, true)
  t.equal((await theirs.store.read(run.id))?.run.status, 'succeeded')
  t.same(await mine.store.beat(shown, 1), { isOurs: false, isCancelWanted: false }, 'it has no owner any more')
  t.equal((await theirs.store.read(run.id))?.run.status, 'succeeded')
})

onBothDatabases(t, 'a cancellation reaches the owner and ends with the run', async (t, open) => {
  const [mine, theirs] = [processOn(t, await open()), processOn(t, await open(), 'another machine')]
  const { run } = record()
  await mine.store.admit(admission({ ...record(), run }))
  await mine.store.begin(run.id, begun)
  await theirs.store.wantCancel(run.id)
  t.same(await mine.store.beat(run, 1), { isOurs: true, isCancelWanted: true })
  await mine.store.update(run.id, counted)
  t.same(
    await mine.store.beat(run, 1),
    { isOurs: true, isCancelWanted: true },
    'another change of the record leaves it'
  )
  await mine.store.update(run.id, ended, true)
  await theirs.store.wantCancel(run.id)
  await theirs.store.update(run.id, (one) => ({ ...one, run: { ...one.run, status: 'queued', finishedAt: null } }))
  await theirs.store.begin(run.id, begun)
  t.same(await theirs.store.beat(run, 3), { isOurs: true, isCancelWanted: false })
  await theirs.store.wantCancel('no id')
})

onBothDatabases(t, 'a cancellation or release during a change of the record is not lost', async (t, open) => {
  const [database, other] = [await open(), processOn(t, await open(), 'another machine')]
  let meanwhile = async (): Promise<void> => {}
  const transaction: Database['transaction'] = async (options, work) => {
    await meanwhile()
    return await database.transaction(options, work)
  }
  const mine = processOn(t, { ...database, transaction }, 'here')
  const { run } = record()
  await mine.store.admit(admission({ ...record(), run }))
  meanwhile = async () => await other.store.wantCancel(run.id)
  await mine.store.begin(run.id, begun)
  meanwhile = async () => {}
  t.same(await mine.store.beat(run, 1), { isOurs: true, isCancelWanted: true })
  meanwhile = async () => await mine.store.release(run.id)
  await mine.store.update(run.id, counted)
  meanwhile = async () => {}
  t.same(await mine.store.beat(run, 1), { isOurs: false, isCancelWanted: false })
})

onBothDatabases(t, 'pages go from the newest to the oldest, of some statuses or of all', async (t, open) => {
  const { store } = processOn(t, await open())
  const statuses = [...RUN_STATUSES, ...RUN_STATUSES.toReversed(), 'running', 'failed'] as const
  const records = statuses.map((status, number) => record(status, number, { ...REQUEST, limit: number + 1 }))
  await add(store, ...records)
  const all = async (filter: { statuses: readonly RunStatus[] | null, limit: number }): Promise<string[]> => {
    const ids: string[] = []
    for (let before: string | null = null; ;) {
      const { runs, next }: Awaited<ReturnType<RunStore['list']>> = await store.list({ ...filter, before })
      t.ok(runs.length <= filter.limit && (runs.length > 0 || next === null))
      ids.push(...runs.map(({ run }) => run.id))
      if (next === null) return ids
      t.equal(next, ids.at(-1))
      before = next
    }
  }
  const expected = (some: readonly RunStatus[] | null): string[] =>
    records.filter(({ run }) => some?.includes(run.status) ?? true).map(({ run }) => run.id).toReversed()
  for (const some of [null, ['running'], ['failed', 'queued'], [...RUN_STATUSES]] as Array<RunStatus[] | null>) {
    for (const limit of [1, 5, 16, 17]) {
      t.same(await all({ statuses: some, limit }), expected(some), `${some?.join() ?? 'all'}, ${limit} a page`)
    }
  }
  t.same(await all({ statuses: [], limit: 3 }), [])
  t.same(
    (await store.pending()).map(({ run }) => run.id),
    expected(['queued', 'running', 'paused']).toReversed(),
    'oldest first'
  )
  const lastQueued = records.findLast(({ run }) => run.status === 'queued')
  t.equal(await store.countAhead(lastQueued?.run.id ?? ''), 1 + 3, 'those that run, and the queued one before it')
})

onBothDatabases(t, 'the newest run with a document is the latest', async (t, open) => {
  const { store } = processOn(t, await open())
  t.equal(await store.latest(), null)
  const withFile = (one: RunRecord): RunRecord => ({ ...one, run: { ...one.run, file: FILE } })
  const [first, second] = [withFile(record('succeeded')), withFile(record('partial', 1))]
  await add(store, second, first, record('failed', 2), record('running', 3))
  t.equal((await store.latest())?.run.id, second.run.id)
  t.same([...await store.documentNames([FILE.name, 'album_items_20261122T134059Z_000000.json'])], [FILE.name])
  t.same([...await store.documentNames([])], [])
  await store.remove(second.run.id)
  t.equal((await store.latest())?.run.id, first.run.id)
  await store.remove(first.run.id)
  t.equal(await store.latest(), null)
  t.same([...await store.documentNames([FILE.name])], [])
})

onBothDatabases(t, 'runs expire by age, oldest end first, else by the limit of stored runs', async (t, open) => {
  const { store } = processOn(t, await open())
  const at = (endMs: number, status: RunStatus = 'succeeded'): RunRecord => {
    const made = record(status)
    return { ...made, run: { ...made.run, finishedAt: new Date(START_MS + endMs).toISOString() } }
  }
  const [second, first, third, fourth] = [at(2000), at(1000, 'failed'), at(3000, 'partial'), at(4000, 'canceled')]
  await add(store, second, first, third, fourth, record('paused'), record('queued'))
  const expired = async (beforeMs: number, maxStored: number): Promise<string[]> =>
    (await store.expired(START_MS + beforeMs, maxStored)).map(({ run }) => run.id)
  const ids = [first, second, third, fourth].map(({ run }) => run.id)
  t.same(await expired(0, 0), [])
  t.same(await expired(3000, 0), ids.slice(0, 2), 'not the one that ended at that time')
  t.same(await expired(9000, 0), ids)
  t.same(await expired(-Infinity, 6), [])
  t.same(await expired(0, 4), ids.slice(0, 2))
  t.same(await expired(0, 1), ids, 'what has not ended stays, though there is too much of it')
  t.same(await expired(2000, 1), ids.slice(0, 1), 'first the old ones, which may be enough')
})

onBothDatabases(t, 'a damaged run that is too old does not keep those above the limit', async (t, open) => {
  const { store, database } = processOn(t, await open())
  const [damaged, young, younger, youngest] = [
    record('succeeded'),
    record('failed', DAY_MS),
    record('partial', DAY_MS + 1),
    record('failed', DAY_MS + 2),
  ]
  await add(store, damaged, young, younger, youngest)
  await change(database, damaged.run.id, { checksum: 'x' })
  t.same((await store.expired(START_MS + 5000, 2)).map(({ run }) => run.id), [young.run.id])
})

onBothDatabases(t, 'a removed run is gone, and a late change does not bring it back', async (t, open) => {
  const { store } = processOn(t, await open())
  const [gone, stays] = [record('succeeded'), record('succeeded', 1)]
  await add(store, gone, stays)
  await store.remove(gone.run.id)
  await store.remove(gone.run.id)
  t.equal(await store.read(gone.run.id), null)
  await t.rejects(store.update(gone.run.id, counted), { code: 'run_not_found' })
  t.same((await store.list({ statuses: null, limit: 10, before: null })).runs.map(({ run }) => run.id), [stays.run.id])
})

/** What damage may make of each column, and whether it is seen; where it is not, the run itself must be right. */
const DAMAGES: Record<keyof RunRow, { values: (row: RunRow) => unknown[], isSeen: boolean }> = {
  id: { values: ({ id }) => [`${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`, ''], isSeen: true },
  status: { values: () => ['succeeded', 'queued', 'x', ''], isSeen: true },
  pending: { values: () => [0, 2, -1], isSeen: true },
  document_name: { values: () => ['album_items_20261122T134059Z_000000.json', ''], isSeen: true },
  finished_ms: { values: () => [0, START_MS, Number.MAX_SAFE_INTEGER], isSeen: true },
  request_key: { values: ({ request_key: key }) => ['', `${key} `, key.replace(/^./, 'x')], isSeen: true },
  record: {
    values: (
      { record }
    ) => ['', '{}', 'null', record.replace('"executions":1', '"executions":2'), record.slice(0, -1), `${record} `],
    isSeen: true,
  },
  checksum: { values: ({ checksum }) => ['', checksum.toLowerCase().toUpperCase(), `${checksum}x`], isSeen: true },
  version: { values: () => [0, -5, 2_000_000_000], isSeen: false },
  owner: { values: () => [null, '', 'x', 'x y z'], isSeen: false },
  beat_ms: { values: () => [null, 0, -1, Number.MAX_SAFE_INTEGER], isSeen: false },
  live: {
    values: (
      { live }
    ) => [
      null,
      '',
      'x',
      `${live ?? ''} `,
      (live ?? '').replace('"tracks":50', '"tracks":51'),
      seal('{"execution":1,"run":{"id":"another"}}'),
    ],
    isSeen: false,
  },
  cancel_wanted: { values: () => [1, -1, 7], isSeen: false },
  releases_done: { values: () => [1, -1, 7], isSeen: false },
}

onBothDatabases(t, 'a run with a damaged column is never shown as right, and harms no other', async (t, open) => {
  const database = await open()
  const mine = processOn(t, database)
  const made = record()
  const others = [record('succeeded', -5), record('succeeded', 5)]
  await add(mine.store, made, ...others)
  await mine.store.begin(made.run.id, begun)
  const whole = await mine.store.read(made.run.id)
  await mine.store.beat({ ...begun(made).run, progress: { albumsListed: 9, albumsFetched: 5, tracks: 50 } }, 1)
  const row = await database.queries.selectFrom('runs').selectAll().where('id', '=', made.run.id)
    .executeTakeFirstOrThrow()
  for (const [column, { values, isSeen }] of Object.entries(DAMAGES)) {
    for (const value of values(row)) {
      const { store, log } = processOn(t, database)
      await change(database, made.run.id, { [column]: value })
      const title = `${column} = ${String(value).slice(0, 60)}`
      const { runs } = await store.list({ statuses: null, limit: 10, before: null })
      const listed = runs.filter(({ run }) => !others.some((other) => other.run.id === run.id))
      if (isSeen) {
        await (column === 'id'
          ? t.resolveMatch(store.read(made.run.id), null, title)
          : t.rejects(store.read(made.run.id), { code: 'storage_failed', message: /damaged/ }, title))
        if (column !== 'id') await t.rejects(store.update(made.run.id, counted), { code: 'storage_failed' }, title)
        t.same(listed, [], title)
        t.same(log.lines, ['error skipping unreadable run'], title)
      } else {
        t.same((await store.read(made.run.id))?.record, whole?.record, title)
        t.same(listed.map(({ record }) => record), [whole?.record], title)
        if (column === 'live') t.same(listed[0]?.run, whole?.run, title)
        t.same(log.lines, [], title)
      }
      t.equal(runs.length - listed.length, others.length)
      await database.queries.updateTable('runs').set(row).where((where) =>
        where.or([where('id', '=', row.id), where('id', '=', column === 'id' ? String(value) : '')])
      ).execute()
    }
  }
  t.equal((await mine.store.read(made.run.id))?.run.progress.tracks, 50, 'undamaged it is shown as before')
})

t.test('any character changed in a record is seen', async (t) => {
  const database = await inMemory(t)
  const { store } = processOn(t, database)
  const made = record('succeeded')
  await add(store, made)
  const text = JSON.stringify(made)
  await fc.assert(fc.asyncProperty(fc.nat(text.length - 1), fc.integer({ min: 1, max: 0x7f }), async (place, mask) => {
    await change(database, made.run.id, {
      record: text.slice(0, place) + String.fromCharCode(text.charCodeAt(place) ^ mask) + text.slice(place + 1),
    })
    await t.rejects(store.read(made.run.id), { code: 'storage_failed' })
  }))
  await change(database, made.run.id, { record: text })
  t.same((await store.read(made.run.id))?.record, made)
})

onBothDatabases(t, 'pages, latest, pending and expired runs leave out what is damaged', async (t, open) => {
  const { store, database, log } = processOn(t, await open())
  const withFile = (status: RunStatus, laterMs: number): RunRecord => {
    const made = record(status, laterMs)
    return { ...made, run: { ...made.run, file: { ...FILE, name: `${laterMs}` } } }
  }
  const [oldest, damaged, newest] = [withFile('succeeded', 0), withFile('succeeded', 1), withFile('partial', 2)]
  const [queued, damagedQueued] = [record('queued', 3), record('queued', 4)]
  await add(store, oldest, damaged, newest, queued, damagedQueued)
  for (const { run: { id } } of [damaged, newest, damagedQueued]) await change(database, id, { checksum: 'x' })
  t.equal((await store.latest())?.run.id, oldest.run.id)
  t.same((await store.pending()).map(({ run }) => run.id), [queued.run.id])
  t.same((await store.expired(START_MS + DAY_MS, 0)).map(({ run }) => run.id), [oldest.run.id])
  const first = await store.list({ statuses: null, limit: 2, before: null })
  t.same(first.runs.map(({ run }) => run.id), [queued.run.id])
  const second = await store.list({ statuses: null, limit: 2, before: first.next })
  t.same(second, { runs: [], next: damaged.run.id }, 'a page may be empty, and yet not the last')
  t.same((await store.list({ statuses: null, limit: 2, before: second.next })).runs.map(({ run }) => run.id), [
    oldest.run.id,
  ])
  t.same(new Set(log.lines), new Set(['error skipping unreadable run']))
})

onBothDatabases(t, 'a damaged run can be removed, and only a damaged one by that', async (t, open) => {
  const { store, database } = processOn(t, await open())
  const [damaged, whole] = [record('succeeded'), record('failed', 1)]
  await add(store, damaged, whole)
  t.equal(await store.removeDamaged(damaged.run.id), false)
  await change(database, damaged.run.id, { finished_ms: 7 })
  for (const id of [whole.run.id, record().run.id, 'no id']) t.equal(await store.removeDamaged(id), false)
  t.equal(await store.removeDamaged(damaged.run.id), true)
  t.equal(await store.read(damaged.run.id), null)
  t.match(
    await store.admit(admission(damaged, { key: { name: damaged.run.id, validFromMs: 0 } })),
    { kind: 'new' },
    'with its claim'
  )
  t.not(await store.read(whole.run.id), null)
})

onBothDatabases(t, 'a run that has ended is read as stored, also after another process changed it', async (t, open) => {
  const [mine, theirs] = [processOn(t, await open()), processOn(t, await open())]
  const made = record('failed')
  await add(mine.store, made)
  for (let time = 0; time < 3; time++) {
    t.same(await mine.store.read(made.run.id), { record: made, run: made.run, isOwned: false })
  }
  await theirs.store.update(made.run.id, counted)
  t.equal((await mine.store.read(made.run.id))?.record.executions, 1)
  await change(mine.database, made.run.id, { checksum: 'x' })
  await t.rejects(mine.store.read(made.run.id), { code: 'storage_failed' })
  await theirs.store.remove(made.run.id)
  t.equal(await mine.store.read(made.run.id), null)
})

t.test('more runs that have ended than are remembered are read as stored', async (t) => {
  const { store } = processOn(t, await inMemory(t))
  const many = Array.from({ length: 70 }, (_, number) => record('failed', number))
  await add(store, ...many)
  for (let time = 0; time < 2; time++) for (const one of many) t.same((await store.read(one.run.id))?.record, one)
})
