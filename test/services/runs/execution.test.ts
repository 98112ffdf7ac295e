import { cp, readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import root, { type Test } from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { ServiceError } from '../../../src/errors.ts'
import type { Run } from '../../../src/schemas/run.ts'
import type { Database } from '../../../src/services/database/database.ts'
import { openSqlite } from '../../../src/services/database/sqlite.ts'
import type { LedgerEvent } from '../../../src/services/ingest/ledger.ts'
import { type ExecuteOptions, MAX_FRUITLESS, execute } from '../../../src/services/runs/execution.ts'
import { createQuality } from '../../../src/services/quality/quality.ts'
import { documentName, newRecord, resume } from '../../../src/services/runs/transitions.ts'
import type { SpotifyClient } from '../../../src/services/spotify/client.ts'
import { type DocumentStore, createDocumentStore } from '../../../src/services/store/documents/document-store.ts'
import { type LedgerStore, openLedgerStore, removeLedger } from '../../../src/services/store/ledger-store.ts'
import { type Owners, createOwners } from '../../../src/services/store/owner.ts'
import { createReportStore } from '../../../src/services/store/report-store.ts'
import { type RunStore, createRunStore } from '../../../src/services/store/run-store.ts'
import { createTimelineStore } from '../../../src/services/store/timeline-store.ts'
import { never } from '../../never.ts'
import { type Service, startService, temporaryFolder } from '../../service.ts'
import { createGate } from '../gate.ts'
import { type RecordingLog, createRecordingLog } from '../recording-log.ts'

const REQUEST = {
  source: 'search' as const,
  limit: 12,
  pagination: 'next' as const,
  market: null,
  refresh: false,
  query: 'tag:new',
}
const DONE = { kind: 'done' }

/** What an execution works with. */
type Means = Pick<ExecuteOptions, 'quality' | 'timelines' | 'openLedgerStore' | 'removeLedger'> & {
  store: RunStore
  documents: DocumentStore
}

/** A process that has begun to execute runs. */
interface Process extends Means {
  owners: Owners
  log: RecordingLog
  /** What was shown of the run, in its order. */
  shown: Run[]
  /** Executes the run of the trial. */
  execute: (more?: Partial<ExecuteOptions>, signal?: AbortSignal) => ReturnType<typeof execute>
}

interface Trial {
  service: Service
  folder: string
  database: Database
  id: string
  /** A process that lives, or one that is dead to the others, which may go on all the same. */
  start: (kind?: 'alive' | 'dead') => Process
}

const HOST = 'this-machine'
/** No process can have this id. */
const DEAD_PID = 99_999_999

let shared: Promise<Service> | null = null

/** The calls of a trial are made through a service; one of its own where they are counted. */
async function startTrial (t: Test, isCounted = false): Promise<Trial> {
  const service = isCounted ? await startService(t) : await (shared ??= startService(root))
  service.sandbox.sandbox.change({ faults: [] })
  const folder = await temporaryFolder(t)
  const database = await open(t, folder)
  const documents = await createDocumentStore(folder, database, createRecordingLog())
  const id = uuidv7()
  const { dependencies: { clock, random }, retryPolicy: retry, spotify } = service.app
  await createRunStore(database, createOwners(), createRecordingLog()).admit({
    record: newRecord(id, REQUEST, clock.now()),
    key: null,
    maxPending: 10,
  })
  return {
    service,
    folder,
    database,
    id,
    start (kind = 'alive') {
      const owners = createOwners(HOST, kind === 'alive' ? process.pid : DEAD_PID)
      const [log, shown] = [createRecordingLog(), [] as Run[]]
      const means: Means = {
        store: createRunStore(database, owners, log),
        documents,
        quality: createQuality(createReportStore(database)),
        timelines: createTimelineStore(database),
        openLedgerStore: async (runId, execution) => await openLedgerStore(database, runId, execution),
        removeLedger: async (runId) => await removeLedger(database, runId),
      }
      return {
        ...means,
        owners,
        log,
        shown,
        execute: async (more = {}, signal = never) => await execute(id, signal, {
          ...means,
          clock,
          log,
          onChange: (run) => shown.push(run),
          abort: () => {},
          onBegin: () => {},
          recordReleases: async () => {},
          resumesPaused: true,
          ingest: { spotify, clock, random, retry, concurrency: 5, caching: null },
          ...more,
        }),
      }
    },
  }
}

async function open (t: Test, folder: string): Promise<Database> {
  const database = await openSqlite(join(folder, 'service.db'), { now: Date.now })
  t.teardown(async () => await database.close())
  return database
}

/** Before what an execution stands still. */
const STEPS = ['append', 'stage', 'commit', 'publish', 'clean up'] as const
type Step = typeof STEPS[number]
const isAfterEnd = (step: Step): boolean => step === 'publish' || step === 'clean up'

/** What an execution works with that stands still before a step until `goOn` is called. */
function stalling ({ store, documents, quality, timelines, openLedgerStore, removeLedger }: Means, step: Step) {
  const [reached, open] = [createGate(), createGate()]
  let appends = 0
  const at = async (here: Step, isNow = true): Promise<void> => {
    if (here !== step || !isNow) return
    reached.resolve()
    await open.promise
  }
  const means: Means = {
    quality,
    timelines,
    store: {
      ...store,
      async update (...args) {
        await at('commit')
        return await store.update(...args)
      },
    },
    documents: {
      ...documents,
      async stage (...args) {
        await at('stage')
        return await documents.stage(...args)
      },
      async publish (...args) {
        await at('publish')
        await documents.publish(...args)
      },
    },
    openLedgerStore: async (...args) =>
      withAppend(await openLedgerStore(...args), async () => await at('append', ++appends > 8)),
    async removeLedger (id) {
      await at('clean up')
      await removeLedger(id)
    },
  }
  return { means, reached: reached.promise, goOn: () => open.resolve() }
}

/** The ledger store, as one sees it before whose every event something happens. */
function withAppend (ledger: LedgerStore<LedgerEvent>, before: () => Promise<void>): LedgerStore<LedgerEvent> {
  return {
    ...ledger,
    async append (event, body) {
      await before()
      return await ledger.append(event, body)
    },
  }
}

/** All that a reader can see of a run that has ended. */
async function seen ({
  database,
  folder,
  id,
}: Pick<Trial, 'database' | 'folder' | 'id'>): Promise<{
  record: { executions: number, run: Run }
  document: string
  copy: string
  files: string[]
  events: number
}> {
  const stored = await createRunStore(database, createOwners(), createRecordingLog()).read(id)
  if (stored === null || stored.record.run.file === null) throw new Error(`no document: ${JSON.stringify(stored?.run)}`)
  const { record } = stored
  const documents = await createDocumentStore(folder, database, createRecordingLog())
  const path = await documents.path(id, record.executions, stored.record.run.file)
  const rows = await database.queries.selectFrom('ledger_events').select('seq').execute()
  return {
    record,
    document: await readFile(path, 'utf8'),
    copy: gunzipSync(await readFile(`${path}.gz`)).toString(),
    files: await filesIn(folder),
    events: rows.length,
  }
}

/** The files of documents. */
async function filesIn (folder: string): Promise<string[]> {
  const entries = await readdir(join(folder, 'documents'), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name).sort()
}

function agrees (t: Test, { record, document, copy, files }: Awaited<ReturnType<typeof seen>>): void {
  const { file, ...run } = record.run
  const { albums, ...head } = JSON.parse(document) as { albums: unknown[] }
  t.strictSame(head, { ...run, quality: null }, 'the document is that of the record')
  t.equal(albums.length, run.progress.albumsFetched)
  t.equal(Buffer.byteLength(document), file?.bytes)
  t.equal(copy, document, 'and so is the compressed copy')
  t.strictSame(files, [documentName(record.run), `${documentName(record.run)}.gz`], 'nothing else is left')
}

for (const step of STEPS) {
  root.test(`an execution that stands still before its ${step}, and goes on when a newer one has ended the run: all ` +
    'that is seen is the newer one\'s', async (t) => {
    const trial = await startTrial(t)
    const { service: { sandbox: { sandbox } }, id } = trial
    const isResumed = step === 'publish'
    if (isResumed) {
      sandbox.change({
        faults: [{ kind: 'not-found', endpoint: 'album', albumId: sandbox.catalogue.searchOrder[3] ?? '' }],
      })
    }
    const older = trial.start('dead')
    const stalled = stalling(older, step)
    const first = older.execute(stalled.means)
    await stalled.reached

    const newer = trial.start()
    sandbox.change({ faults: [] })
    if (isResumed) await newer.store.update(id, resume)
    t.same(await newer.execute(), DONE)
    const before = await seen(trial)
    agrees(t, before)
    t.match(before.record, { executions: step === 'clean up' ? 1 : 2, run: { status: 'succeeded', complete: true } })

    stalled.goOn()
    t.same(await first, DONE)
    const after = await seen(trial)
    t.strictSame({ ...after, events: 0 }, { ...before, events: 0 })
    t.ok(after.events <= (step === 'append' ? 20 : 0), 'at most its own late events lie there')
    t.equal(
      older.log.lines.filter((line) => line.includes('run taken over by another execution')).length,
      isAfterEnd(step) ? 0 : 1
    )
    if (!isAfterEnd(step)) t.equal(older.shown.at(-1)?.status, 'succeeded', 'it shows what the newer one has done')
    t.notMatch(older.log.lines, [/^error/])
  })

  root.test(`a crash before the ${step}: the next process ends the run, and ` +
    'the document is the record\'s', async (t) => {
    const trial = await startTrial(t)
    const dying = trial.start('dead')
    const stalled = stalling(dying, step)
    const first = dying.execute(stalled.means)
    await stalled.reached
    const copy = await temporaryFolder(t)
    await cp(trial.folder, copy, { recursive: true })
    stalled.goOn()
    await first

    const after: Trial = { ...trial, folder: copy, database: await open(t, copy) }
    const owners = createOwners(HOST)
    const store = createRunStore(after.database, owners, createRecordingLog())
    const pending = await store.pending()
    t.same(
      pending.map(({ record: { run }, isOwned }) => [run.id, isOwned]),
      isAfterEnd(step) ? [] : [[trial.id, false]]
    )
    if (pending.length > 0) {
      const documents = await createDocumentStore(copy, after.database, createRecordingLog())
      t.same(await trial.start().execute({
        store,
        documents,
        timelines: createTimelineStore(after.database),
        openLedgerStore: async (runId, execution) => await openLedgerStore(after.database, runId, execution),
        removeLedger: async (runId) => await removeLedger(after.database, runId),
      }), DONE)
    }
    const ended = await seen(after)
    agrees(t, ended)
    t.match(ended.record, { run: { status: 'succeeded', complete: true } })
    if (!isAfterEnd(step)) t.equal(ended.events, 0)
  })
}

root.test('an execution that was thought dead and comes to its end while a newer ' +
  'one is under way ends nothing', async (t) => {
  const trial = await startTrial(t)
  const [older, newer] = [trial.start('dead'), trial.start()]
  const [first, second] = [stalling(older, 'commit'), stalling(newer, 'stage')]
  const olderEnds = older.execute(first.means)
  await first.reached
  const newerEnds = newer.execute(second.means)
  await second.reached
  first.goOn()
  t.same(await olderEnds, DONE)
  t.match((await newer.store.read(trial.id))?.record, { executions: 2, run: { status: 'running' } })
  second.goOn()
  t.same(await newerEnds, DONE)
  const after = await seen(trial)
  agrees(t, after)
  t.match(after.record, { executions: 2, run: { status: 'succeeded' } })
})

root.test('two processes from the beginning: one of them executes the run, ' +
  'the other one leaves it alone', async (t) => {
  const trial = await startTrial(t)
  const [one, other] = [trial.start(), trial.start()]
  t.same(await Promise.all([one.execute(), other.execute()]), [DONE, DONE])
  const after = await seen(trial)
  agrees(t, after)
  t.match(after.record, { executions: 1, run: { status: 'succeeded' } })
  t.same(
    [one.log, other.log].map(({ lines }) => lines.filter((line) => line.includes('run ended')).length).sort(),
    [0, 1]
  )
})

root.test('a run whose owner lives is left alone; one whose owner is silent is not', async (t) => {
  const { start, database, id } = await startTrial(t)
  const elsewhere = createRunStore(database, createOwners('another-machine', 1), createRecordingLog())
  await elsewhere.begin(id, (before) => ({ ...before, executions: 1, run: { ...before.run, status: 'running' } }))
  const process = start()
  t.same(await process.execute(), DONE)
  t.match(await process.store.read(id), { isOwned: true, record: { executions: 1, run: { status: 'running' } } })
  await database.queries.updateTable('runs').set({ beat_ms: Date.now() - 9000 }).execute()
  t.same(await process.execute(), DONE)
  t.match(await process.store.read(id), { isOwned: false, record: { executions: 2, run: { status: 'succeeded' } } })
})

root.test('what an earlier execution staged is gone before a newer one writes: whoever was ' +
  'about to name it comes too late', async (t) => {
  const { service, folder, id, start } = await startTrial(t)
  service.sandbox.sandbox.change({
    faults: [{ kind: 'not-found', endpoint: 'album', albumId: service.sandbox.sandbox.catalogue.searchOrder[3] ?? '' }],
  })
  const process = start()
  await process.execute({ documents: { ...process.documents, publish: async () => {} } })
  const staged = async (): Promise<string[]> => (await filesIn(folder)).filter((name) => name.includes('.staged'))
  t.equal((await staged()).length, 2)
  await process.store.update(id, resume)
  const newer = stalling(process, 'stage')
  const ended = process.execute(newer.means)
  await newer.reached
  t.same(await staged(), [])
  newer.goOn()
  await ended
})

/**
 * An execution that is under way, and what decides about it: the signal that it is aborted by, and its next heartbeat.
 */
async function underWay (process: Process, step: Step) {
  const controller = new AbortController()
  const stalled = stalling(process, step)
  let look = (): void => {}
  const execution = process.execute(
    {
      ...stalled.means,
      abort: (reason) => controller.abort(reason),
      onBegin: (asked) => {
        look = asked
      },
    },
    controller.signal
  )
  void execution.catch(() => {})
  await stalled.reached
  async function beat (): Promise<void> {
    look()
    if (!controller.signal.aborted) await new Promise((resolve) => controller.signal.addEventListener('abort', resolve))
  }
  return { execution, signal: controller.signal, look: () => look(), beat, goOn: stalled.goOn }
}

root.test('a process that was thought dead is told so by its next heartbeat: it ends its execution, and ' +
  'leaves what the newer one has', async (t) => {
  const trial = await startTrial(t)
  const older = trial.start('dead')
  const { execution, signal, beat, goOn } = await underWay(older, 'append')
  t.same(await trial.start().execute(), DONE)
  const before = await seen(trial)
  await beat()
  t.match(signal.reason, { code: 'shutting_down', message: /another process has taken the run over/ })
  goOn()
  await t.rejects(execution, { code: 'shutting_down' })
  t.strictSame({ ...await seen(trial), events: 0 }, { ...before, events: 0 })
})

root.test('a heartbeat says without being asked that the process lives and how far the run is, and hears ' +
  'that a client wants it to end', async (t) => {
  const { start, id } = await startTrial(t)
  const [process, other] = [start(), start()]
  const { execution, signal, goOn } = await underWay(process, 'append')
  await other.store.wantCancel(id)
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
  const read = await other.store.read(id)
  t.match(read, { isOwned: true, run: { status: 'running' }, record: { run: { progress: { albumsListed: 0 } } } })
  t.ok((read?.run.progress.albumsListed ?? 0) > 0, 'its progress, which its record does not have')
  t.match(signal.reason, { code: 'canceled' })
  goOn()
  t.same(await execution, DONE)
  t.match(await other.store.read(id), { isOwned: false, run: { status: 'canceled', error: { code: 'canceled' } } })
})

root.test('a run that a client wants to end is canceled with what it has, as soon as its process looks', async (t) => {
  const trial = await startTrial(t)
  const process = trial.start()
  const { execution, signal, beat, goOn } = await underWay(process, 'append')
  await trial.start().store.wantCancel(trial.id)
  await beat()
  t.match(signal.reason, { code: 'canceled' })
  goOn()
  t.same(await execution, DONE)
  const { run } = (await process.store.read(trial.id))?.record ?? {}
  t.match(run, { status: 'canceled', complete: false, error: { code: 'canceled', detail: /resume the run/ } })
  await process.store.update(trial.id, resume)
  const again = await underWay(process, 'stage')
  t.same(
    await process.store.beat((await process.store.read(trial.id))?.run as Run, 2),
    { isOurs: true, isCancelWanted: false },
    'the wish is over with the end'
  )
  again.goOn()
  t.same(await again.execution, DONE)
  t.match((await seen(trial)).record.run, { status: 'succeeded', progress: { albumsFetched: 12 } })
})

root.test('an abort for another reason is thrown, and leaves the run to the next execution, ' +
  'which fetches nothing again', async (t) => {
  const trial = await startTrial(t, true)
  const process = trial.start()
  const controller = new AbortController()
  const stalled = stalling(process, 'append')
  const execution = process.execute(stalled.means, controller.signal)
  await stalled.reached
  controller.abort(new ServiceError('shutting_down', 'the service is shutting down', { affectsEveryCall: true }))
  stalled.goOn()
  await t.rejects(execution, { code: 'shutting_down' })
  const stored = await storedAlbums(trial)
  t.ok(stored.length > 0)
  t.same(await process.execute(), DONE)
  t.same(answers(trial, stored), stored.map(() => 1))
  t.match((await seen(trial)).record, { executions: 2, run: { status: 'succeeded' } })
})

/** How often Spotify has answered each of these albums. */
function answers ({ service: { sandbox: { sandbox } } }: Trial, ids: string[]): number[] {
  const { served } = sandbox.stats()
  return ids.map((id) => served[id] ?? 0)
}

/** The ids of the albums in the ledger. */
async function storedAlbums ({ database }: Trial): Promise<string[]> {
  const rows = await database.queries.selectFrom('ledger_events').select('event').execute()
  return rows
    .map(({ event }) => JSON.parse(event) as LedgerEvent)
    .flatMap((event) => (event.kind === 'album' ? [event.id] : []))
}

const AWAY = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' })

for (const [title, step] of [
  ['an event of the ledger', 'append'],
  ['the document', 'stage'],
  ['the end', 'commit'],
] as const) {
  root.test(`a database that was away when ${title} was to be stored: the run is shown as paused, is tried again in ` +
    'a second, and nothing is lost or fetched again', async (t) => {
    const trial = await startTrial(t, true)
    const process = trial.start()
    const interrupted = interrupting(process, step, async () => { throw AWAY })
    const delivery = await process.execute(interrupted)
    t.ok(delivery.kind === 'postponed' && delivery.untilMs - Date.now() <= 1000 && delivery.untilMs - Date.now() > 0)
    t.match(process.shown.at(-1), {
      status: 'paused',
      error: { code: 'storage_failed', detail: /PostgreSQL does not answer[\s\S]*by itself/ },
    })
    t.match((await process.store.read(trial.id))?.record.run, { status: 'running' }, 'the record says nothing of it')
    const stored = await storedAlbums(trial)
    t.ok(stored.length > 0)
    t.same(await process.execute(), DONE)
    t.same(answers(trial, stored), stored.map(() => 1))
    const after = await seen(trial)
    agrees(t, after)
    t.match(after.record, { executions: 2, run: { status: 'succeeded', progress: { albumsFetched: 12 } } })
  })
}

/** What an execution works with that fails at a step. */
function interrupting (
  { store, documents, openLedgerStore }: Means,
  step: 'append' | 'stage' | 'commit',
  fail: () => Promise<never>
): Partial<Means> {
  let appends = 0
  switch (step) {
    case 'append':
      return {
        openLedgerStore: async (...args) =>
          withAppend(await openLedgerStore(...args), async () => {
            if (++appends > 8) await fail()
          }),
      }
    case 'stage':
      return { documents: { ...documents, stage: fail } }
    case 'commit':
      return { store: { ...store, update: fail } }
  }
}

root.test('a database that stays away: the execution throws, and once it is ' +
  'back the run is executed again', async (t) => {
  const trial = await startTrial(t)
  const process = trial.start()
  const away = async (): Promise<never> => { throw AWAY }
  await t.rejects(
    process.execute({
      ...interrupting(process, 'commit', away),
      store: { ...process.store, update: away, read: away },
    }),
    { code: 'ECONNREFUSED' }
  )
  await t.rejects(process.execute({ store: { ...process.store, begin: away, read: away } }), { code: 'ECONNREFUSED' })
  t.match(await process.store.pending(), [{ isOwned: false, record: { run: { id: trial.id } } }], 'a sweep delivers it')
  t.same(await process.execute(), DONE)
  t.match((await seen(trial)).record, { executions: 2, run: { status: 'succeeded' } })
})

const FULL = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })

root.test('a document that cannot be written fails the run, which is then ' +
  'resumed, and fetches nothing again', async (t) => {
  const trial = await startTrial(t, true)
  const process = trial.start()
  t.same(await process.execute(interrupting(process, 'stage', async () => { throw FULL })), DONE)
  t.match((await process.store.read(trial.id))?.run, {
    status: 'failed',
    file: null,
    progress: { albumsFetched: 12 },
    error: { code: 'storage_failed', detail: /ENOSPC[\s\S]*disk is full/ },
  })
  const stored = await storedAlbums(trial)
  await process.store.update(trial.id, resume)
  t.same(await process.execute(), DONE)
  t.same(answers(trial, stored), Array(12).fill(1))
  agrees(t, await seen(trial))
})

root.test('a record that cannot be written is only shown as paused, and tried again in a minute', async (t) => {
  const trial = await startTrial(t)
  const process = trial.start()
  const delivery = await process.execute(interrupting(process, 'commit', async () => { throw FULL }))
  t.ok(delivery.kind === 'postponed' && Math.abs(delivery.untilMs - Date.now() - 60_000) < 5000)
  t.match(process.shown.at(-1), {
    status: 'paused',
    error: { code: 'storage_failed', detail: /ENOSPC[\s\S]*tried again by itself/ },
  })
  t.equal(process.log.lines.filter((line) => line.startsWith('error')).length, 1)
  t.same(await process.execute(), DONE)
  agrees(t, await seen(trial))
})

root.test('an execution of a run that was deleted is done', async (t) => {
  const { id, start } = await startTrial(t)
  const process = start()
  await process.store.remove(id)
  t.same(await process.execute(), DONE)
})

root.test('a run that ends its process each time is given up with what it has, and ' +
  'goes on if a user wants it', async (t) => {
  const { database, id, start } = await startTrial(t)
  const process = start()
  await process.execute(interrupting(process, 'stage', async () => { throw FULL })) // all is fetched
  await process.store.update(id, (before) => ({
    ...before,
    run: { ...before.run, status: 'running', finishedAt: null },
  }))
  for (let executions = 0; executions < MAX_FRUITLESS; executions++) {
    const ledger = await openLedgerStore<LedgerEvent>(database, id, 2 + executions)
    await ledger.append({ kind: 'started' })
    await ledger.close()
  }
  await process.store.update(id, (before) => ({ ...before, executions: before.executions + MAX_FRUITLESS }))
  t.same(await process.execute(), DONE)
  t.match(process.shown.at(-1), {
    status: 'failed',
    complete: false,
    error: { code: 'internal_error', detail: /^20 executions in a row.*resume/ },
    progress: { albumsFetched: 12 },
    gaps: [],
    file: null,
  })
  t.equal(process.log.lines.filter((line) => line.startsWith('error run given up')).length, 1)
  await process.store.update(id, resume)
  t.same(await process.execute(), DONE)
  t.match((await process.store.read(id))?.run, { status: 'succeeded', complete: true, progress: { albumsFetched: 12 } })
})

root.test('a run whose ledger cannot even be read without an end of the process is given up unread, and ' +
  'goes on if a user wants it', async (t) => {
  const { id, start } = await startTrial(t)
  const process = start()
  await process.store.update(id, (before) => ({ ...before, executions: MAX_FRUITLESS }))
  t.same(
    await process.execute({
      openLedgerStore: async (...args) => ({
        ...(await process.openLedgerStore(...args)),
        replay () {
          throw new Error('read')
        },
      }),
    }),
    DONE
  )
  t.match(process.shown.at(-1), {
    status: 'failed',
    error: { code: 'internal_error', detail: /^20 executions in a row were cut off before they had read/ },
    file: null,
  })
  await process.store.update(id, resume)
  t.same(await process.execute(), DONE)
  t.match((await process.store.read(id))?.run, { status: 'succeeded', progress: { albumsFetched: 12 } })
})

root.test('an execution that finds the run ended shows it, and changes nothing', async (t) => {
  const trial = await startTrial(t)
  await trial.start().execute()
  const before = await seen(trial)
  const later = trial.start()
  t.same(await later.execute(), DONE)
  t.strictSame(await seen(trial), before)
  t.match(later.shown, [{ status: 'succeeded' }])
})

root.test('a bug that one album meets is the gap of that album, and is logged with its stack', async (t) => {
  const { service, id, start } = await startTrial(t)
  const { app: { spotify, dependencies: { clock, random }, retryPolicy: retry } } = service
  const unlucky = service.sandbox.sandbox.catalogue.searchOrder[3] ?? ''
  const buggy: SpotifyClient = {
    ...spotify,
    album: async (albumId, ...rest) =>
      albumId === unlucky
        ? await Promise.reject(new TypeError('no such method'))
        : await spotify.album(albumId, ...rest),
  }
  const process = start()
  t.same(
    await process.execute({ ingest: { spotify: buggy, clock, random, retry, concurrency: 5, caching: null } }),
    DONE
  )
  t.match((await process.store.read(id))?.run, {
    status: 'partial',
    progress: { albumsFetched: 11 },
    gaps: [{ albumId: unlucky, code: 'internal_error' }],
  })
  const errors = process.log.lines.filter((line) => line.startsWith('error'))
  t.equal(errors.length, 2, 'once in each pass')
  t.match(errors, [/internal error while ingesting/])
})

root.test('a bug that ends the run is logged once, and Node\'s own codes are not called a full disk', async (t) => {
  const { service, id, start } = await startTrial(t)
  const { app: { spotify, dependencies: { clock, random }, retryPolicy: retry } } = service
  const bug = Object.assign(new Error('the argument is wrong'), { code: 'ERR_INVALID_ARG_TYPE' })
  const process = start()
  await process.execute({
    ingest: {
      spotify: { ...spotify, listingPage: async () => await Promise.reject(bug) },
      clock,
      random,
      retry,
      concurrency: 5,
      caching: null,
    },
  })
  t.match((await process.store.read(id))?.run, { status: 'failed', error: { code: 'internal_error' } })
  t.equal(process.log.lines.filter((line) => line.startsWith('error')).length, 1)
})
