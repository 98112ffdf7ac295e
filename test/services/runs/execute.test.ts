import { cp, readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { type Run } from '../../../src/schemas/run.ts'
import { type Part } from '../../../src/services/ingest/ledger.ts'
import { type ExecuteOptions, MOST_FRUITLESS, execute } from '../../../src/services/runs/execute.ts'
import { newRecord, resume } from '../../../src/services/runs/transitions.ts'
import { type SpotifyService } from '../../../src/services/spotify/spotify-service.ts'
import { type RunStore, createRunStore } from '../../../src/services/store/run-store.ts'
import { never } from '../../never.ts'
import { type Service, startService, temporaryFolder } from '../../service.ts'
import { createGate } from '../gate.ts'
import { createRecordingLog } from '../recording-log.ts'

const REQUEST = { source: 'search' as const, limit: 12, pagination: 'next' as const, market: null, refresh: false, query: 'tag:new' }

/** Before what an execution stands still. Its first change of the record is the beginning, its second one the end. */
const STEPS = ['append', 'stage', 'commit', 'publish', 'clean up'] as const
type Step = typeof STEPS[number]
const isAfterEnd = (step: Step): boolean => step === 'publish' || step === 'clean up'

/** The store, as one sees it who stands still before a step until `goOn` is called. */
function stalling (store: RunStore, step: Step) {
  const [reached, open] = [createGate(), createGate()]
  let updates = 0
  let appends = 0
  const at = async (here: Step, isNow = true): Promise<void> => {
    if (here !== step || !isNow) return
    reached.resolve()
    await open.promise
  }
  const stalled: RunStore = {
    ...store,
    async openCheckpoint<Part> (id: string, execution: number) {
      const checkpoint = await store.openCheckpoint<Part>(id, execution)
      return {
        ...checkpoint,
        async append (meta: Part, body?: string) {
          await at('append', ++appends > 5)
          return await checkpoint.append(meta, body)
        },
      }
    },
    async stage (...args) {
      await at('stage')
      return await store.stage(...args)
    },
    async update (id, change) {
      await at('commit', ++updates === 2)
      return await store.update(id, change)
    },
    async publish (id) {
      await at('publish')
      await store.publish(id)
    },
    async removeCheckpoint (id) {
      await at('clean up')
      await store.removeCheckpoint(id)
    },
  }
  return { store: stalled, reached: reached.promise, goOn: () => open.resolve() }
}

interface Trial {
  service: Service
  folder: string
  id: string
  execute: (store: RunStore, log?: ExecuteOptions['log'], onChange?: (run: Run) => void, spotify?: SpotifyService) => ReturnType<typeof execute>
}

async function startTrial (t: Test): Promise<Trial> {
  const service = await startService(t)
  const folder = await temporaryFolder(t)
  const { parts: { clock, random }, retryPolicy: retry } = service.app
  const id = uuidv7()
  await (await open(folder)).create(newRecord(id, REQUEST, clock.now()))
  return {
    service,
    folder,
    id,
    execute: async (store, log = createRecordingLog(), onChange = () => {}, spotify = service.app.spotify) => await execute(id, never, {
      store, clock, log, onChange, resumesPaused: true, ingest: { spotify, clock, random, retry, concurrency: 5, caching: null },
    }),
  }
}

async function open (folder: string): Promise<RunStore> {
  return await createRunStore(folder, createRecordingLog())
}

/** All that a reader can see of a run that has ended. */
async function seen (folder: string, id: string): Promise<{ record: unknown, document: string, copy: string, files: string[] }> {
  const store = await open(folder)
  const record = await store.read(id)
  if (record === null || record.run.file === null) throw new Error(`no document: ${JSON.stringify(record?.run)}`)
  const path = await store.documentPath(id, record.run.file)
  if (path === null) throw new Error('no document')
  const files = (await readdir(join(folder, 'runs', id))).filter((name) => !name.startsWith('checkpoint.')).sort()
  return { record, document: await readFile(path, 'utf8'), copy: gunzipSync(await readFile(`${path}.gz`)).toString(), files }
}

function agrees (t: Test, { record, document, copy }: Awaited<ReturnType<typeof seen>>): void {
  const { run: { file, ...run } } = record as { run: Run }
  const { albums, ...head } = JSON.parse(document) as { albums: unknown[] }
  t.strictSame(head, run, 'the document is that of the record')
  t.equal(albums.length, run.progress.albumsFetched)
  t.equal(Buffer.byteLength(document), file?.bytes)
  t.equal(copy, document, 'and so is the compressed copy')
}

for (const step of STEPS) {
  t.test(`an execution that stands still before its ${step}, and goes on when a newer one has ended the run: all that is seen is the newer one's`, async (t) => {
    const { service, folder, id, execute } = await startTrial(t)
    const lost = service.sandbox.sandbox.catalogue.searchOrder[3] ?? ''
    const isResumed = step === 'publish'
    if (isResumed) service.sandbox.sandbox.change({ faults: [{ kind: 'not-found', endpoint: 'album', albumId: lost }] })
    const older = stalling(await open(folder), step)
    const log = createRecordingLog()
    const first = execute(older.store, log)
    await older.reached

    const newer = await open(folder)
    service.sandbox.sandbox.change({ faults: [] })
    if (isResumed) await newer.update(id, resume)
    t.same(await execute(newer), { kind: 'done' })
    const before = await seen(folder, id)
    agrees(t, before)
    t.match(before.record, { executions: step === 'clean up' ? 1 : 2, run: { status: 'succeeded', complete: true } })

    older.goOn()
    t.same(await first, { kind: 'done' })
    t.strictSame(await seen(folder, id), before)
    t.equal(log.lines.filter((line) => line.includes('another execution has taken the run over')).length, isAfterEnd(step) ? 0 : 1)
    t.notMatch(log.lines, [/^error/])
  })

  t.test(`a crash before the ${step}: the next process ends the run, and the document is the record's`, async (t) => {
    const { folder, id, execute } = await startTrial(t)
    const dying = stalling(await open(folder), step)
    const first = execute(dying.store)
    await dying.reached
    const copy = await temporaryFolder(t)
    await cp(folder, copy, { recursive: true })
    dying.goOn()
    await first

    const store = await open(copy)
    const pending = await store.pending()
    t.same(pending.map(({ run }) => run.id), isAfterEnd(step) ? [] : [id])
    if (pending.length > 0) t.same(await execute(store), { kind: 'done' })
    const after = await seen(copy, id)
    agrees(t, after)
    t.match(after.record, { run: { status: 'succeeded', complete: true } })
    t.strictSame((await readdir(join(copy, 'runs', id))).filter((name) => !/^run\.\d+\.json$/.test(name)).sort(), [documentAmong(after.files), `${documentAmong(after.files)}.gz`], 'nothing else is left')
  })
}

/** The document among the files. */
function documentAmong (files: string[]): string {
  return files.find((name) => name.startsWith('album_items_')) ?? ''
}

t.test('two executions at once from the beginning: one of them ends the run, the other one says that it was taken over', async (t) => {
  const { folder, id, execute } = await startTrial(t)
  const log = createRecordingLog()
  t.same(await Promise.all([execute(await open(folder), log), execute(await open(folder), log)]), [{ kind: 'done' }, { kind: 'done' }])
  const after = await seen(folder, id)
  agrees(t, after)
  t.match(after.record, { executions: 2, run: { status: 'succeeded' } })
  t.equal(log.lines.filter((line) => line.includes('run ended')).length, 1)
  t.equal(log.lines.filter((line) => line.includes('taken the run over')).length, 1)
})

t.test('what an earlier execution staged is gone before a newer one writes: whoever was about to name it comes too late', async (t) => {
  const { service, folder, id, execute } = await startTrial(t)
  service.sandbox.sandbox.change({ faults: [{ kind: 'not-found', endpoint: 'album', albumId: service.sandbox.sandbox.catalogue.searchOrder[3] ?? '' }] })
  const store = await open(folder)
  await execute({ ...store, publish: async () => {} })
  const staged = async (): Promise<string[]> => (await readdir(join(folder, 'runs', id))).filter((name) => name.includes('.staged'))
  t.equal((await staged()).length, 2)
  await store.update(id, resume)
  const newer = stalling(store, 'stage')
  const ended = execute(newer.store)
  await newer.reached
  t.same(await staged(), [])
  newer.goOn()
  await ended
})

t.test('an execution of a run that was deleted is done', async (t) => {
  const { folder, id, execute } = await startTrial(t)
  const store = await open(folder)
  await store.remove(id)
  t.same(await execute(store), { kind: 'done' })
})

t.test('a run that ends its process each time is given up with what it has, and goes on if a user wants it', async (t) => {
  const { folder, id, execute } = await startTrial(t)
  const store = await open(folder)
  await execute({ ...store, stage: async () => await Promise.reject(new Error('disk full')) }) // all is fetched
  await store.update(id, (before) => ({ ...before, run: { ...before.run, status: 'running', finishedAt: null } }))
  for (let executions = 0; executions < MOST_FRUITLESS; executions++) {
    const checkpoint = await store.openCheckpoint<Part>(id, 2 + executions)
    await checkpoint.append({ kind: 'begun' })
    await checkpoint.close()
  }
  await store.update(id, (before) => ({ ...before, executions: before.executions + MOST_FRUITLESS }))
  const log = createRecordingLog()
  const shown: Run[] = []
  t.same(await execute(store, log, (run) => shown.push(run)), { kind: 'done' })
  t.match(shown.at(-1), { status: 'failed', complete: false, error: { code: 'internal_error', detail: /^20 executions in a row.*resume/ }, progress: { albumsFetched: 12 }, gaps: [], file: null })
  t.equal(log.lines.filter((line) => line.startsWith('error the run is given up')).length, 1)
  await store.update(id, resume)
  t.same(await execute(store), { kind: 'done' })
  t.match((await store.read(id))?.run, { status: 'succeeded', complete: true, progress: { albumsFetched: 12 } })
})

t.test('an execution that finds the run ended shows it, and changes nothing', async (t) => {
  const { folder, id, execute } = await startTrial(t)
  const store = await open(folder)
  await execute(store)
  const before = await seen(folder, id)
  const shown: Run[] = []
  t.same(await execute(store, createRecordingLog(), (run) => shown.push(run)), { kind: 'done' })
  t.strictSame(await seen(folder, id), before)
  t.match(shown, [{ status: 'succeeded' }])
})

t.test('a bug that one album meets is the gap of that album, and is logged with its stack', async (t) => {
  const { service, folder, id, execute } = await startTrial(t)
  const { spotify } = service.app
  const unlucky = service.sandbox.sandbox.catalogue.searchOrder[3] ?? ''
  const buggy: SpotifyService = {
    ...spotify,
    album: async (albumId, ...rest) => albumId === unlucky ? await Promise.reject(new TypeError('no such method')) : await spotify.album(albumId, ...rest),
  }
  const log = createRecordingLog()
  const store = await open(folder)
  t.same(await execute(store, log, () => {}, buggy), { kind: 'done' })
  t.match((await store.read(id))?.run, { status: 'partial', progress: { albumsFetched: 11 }, gaps: [{ albumId: unlucky, code: 'internal_error' }] })
  const errors = log.lines.filter((line) => line.startsWith('error'))
  t.equal(errors.length, 2, 'once in each pass')
  t.match(errors, [/internal error while ingesting/])
})

t.test('a bug that ends the run is logged once, and Node\'s own codes are not called a full disk', async (t) => {
  const { folder, id, execute, service } = await startTrial(t)
  const log = createRecordingLog()
  const store = await open(folder)
  const bug = Object.assign(new Error('the argument is wrong'), { code: 'ERR_INVALID_ARG_TYPE' })
  await execute(store, log, () => {}, { ...service.app.spotify, listingPage: async () => await Promise.reject(bug) })
  t.match((await store.read(id))?.run, { status: 'failed', error: { code: 'internal_error' } })
  t.equal(log.lines.filter((line) => line.startsWith('error')).length, 1)
})
