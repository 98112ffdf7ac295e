import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { MEMORY, openSqlite } from '../../../src/services/database/sqlite.ts'
import { type ReleaseRecorder, createReleaseRecorder } from '../../../src/services/releases/recorder.ts'
import { createReleaseCollector } from '../../../src/services/releases/collector.ts'
import { contentOf } from '../../../src/services/releases/release.ts'
import { createReleases } from '../../../src/services/releases/releases.ts'
import { discard } from '../../../src/services/runs/transitions.ts'
import { createOwners } from '../../../src/services/store/owner.ts'
import {
  type ReleaseContent,
  type ReleaseStore,
  createReleaseStore,
} from '../../../src/services/store/release-store.ts'
import { createRunStore } from '../../../src/services/store/run-store.ts'
import { temporaryFolder } from '../../service.ts'
import { createRecordingLog } from '../recording-log.ts'
import { endRun, storeDocument } from './documented-run.ts'

const RETRY_MS = 600_000

/** A database with runs, and the processes that record their releases, one after the other. */
async function createWorld (t: Test, folder: string) {
  const database = await openSqlite(MEMORY, { now: Date.now })
  const owners = createOwners()
  t.teardown(async () => {
    owners.close()
    await database.close()
  })
  const log = createRecordingLog()
  const store = createRunStore(database, owners, log)
  const releases = createReleaseStore(database)
  const clock = { nowMs: 0 }
  const start = (over: Partial<ReleaseStore> = {}): ReleaseRecorder => createReleaseRecorder({
    releases: { ...releases, ...over },
    store,
    documents: { path: async (_id, _execution, { sha256 }) => join(folder, sha256) },
    monotonicMs: () => clock.nowMs,
    log,
    albumsTogether: 2,
  })
  return { database, store, releases, reader: createReleases(releases, Date.now), log, clock, start }
}

type World = Awaited<ReturnType<typeof createWorld>>

/** A process that is killed at its n-th transaction, before or after the commit. */
function killedAt ({ releases, start }: World, n: number, isCommitted: boolean): ReleaseRecorder {
  let left = n
  return start({
    async record (run, albums, isLast) {
      if (--left > 0) return await releases.record(run, albums, isLast)
      if (isCommitted) await releases.record(run, albums, isLast)
      throw new Error('killed')
    },
  })
}

const albumIds = fc.uniqueArray(fc.constantFrom(...'abcdefghijklmnop'), { maxLength: 7 })
const choice = fc.nat({ max: 50 })

/** What may happen to runs, processes and readers, in any order. */
const event = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('end' as const), albums: albumIds }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('record' as const), run: choice }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('kill' as const),
      at: fc.integer({ min: 1, max: 4 }),
      isCommitted: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('catch up' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), run: choice }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('resume' as const), run: choice, albums: albumIds }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('read' as const), limit: fc.integer({ min: 1, max: 5 }) }) }
)

t.test('over any sequence of runs, kills, resumptions and deletions, a reader sees each release once', async (t) => {
  const folder = await temporaryFolder(t)
  await fc.assert(fc.asyncProperty(fc.array(event, { maxLength: 25 }), async (events) => {
    const world = await createWorld(t, folder)
    const { store, releases, reader, start } = world
    const documented = new Set<string>()
    const runs: string[] = []
    const seen: string[] = []
    let cursor: string | null = null
    let recorder = start()
    const runOf = (n: number): string | undefined => runs.length === 0 ? undefined : runs[n % runs.length]
    const documentWith = async (albums: string[]) => {
      for (const id of albums) documented.add(id)
      return await storeDocument(folder, albums)
    }
    async function read (limit: number): Promise<number> {
      const page = await reader.page(cursor, limit)
      cursor = page.nextCursor
      seen.push(...page.releases.map(({ albumId }) => albumId))
      return page.releases.length
    }

    for (const one of events) {
      switch (one.kind) {
        case 'end':
          runs.push(await endRun(store, await documentWith(one.albums)))
          break
        case 'record': {
          const id = runOf(one.run)
          if (id !== undefined) await recorder.record(id)
          break
        }
        case 'kill':
          await killedAt(world, one.at, one.isCommitted).catchUp()
          recorder = start()
          break
        case 'catch up':
          await recorder.catchUp()
          break
        case 'delete': {
          const id = runOf(one.run)
          if (id === undefined) break
          await recorder.record(id)
          await store.update(id, discard)
          await recorder.forget(id)
          await store.remove(id)
          runs.splice(runs.indexOf(id), 1)
          break
        }
        case 'resume': {
          const id = runOf(one.run)
          if (id === undefined) break
          await recorder.record(id)
          const file = await documentWith(one.albums)
          await store.update(id, (record) => ({ ...record, run: { ...record.run, file } }))
          break
        }
        case 'read':
          await read(one.limit)
      }
    }
    await start().catchUp()
    while (await read(3) > 0);
    t.strictSame([...seen].sort(), [...documented].sort())
    t.strictSame((await releases.after(0, 100)).map(({ seq }) => seq), seen.map((_, n) => n + 1))
    t.strictSame(await releases.allDue('', 100), [])
    t.ok(
      (await releases.after(0, 100)).every(({ runId, content }) =>
        runId === null ? content === null : runs.includes(runId)
      )
    )
  }), { numRuns: 60 })
})

t.test('a document that cannot be read keeps no other from being recorded, and is tried again later', async (t) => {
  const folder = await temporaryFolder(t)
  const world = await createWorld(t, folder)
  const { store, releases, log, clock, start } = world
  const lost = await storeDocument(folder, ['a'])
  const broken = await endRun(store, lost)
  await rm(join(folder, lost.sha256))
  for (let n = 0; n < 25; n++) await endRun(store, await storeDocument(folder, [`b${n}`]))
  const recorder = start()
  await recorder.catchUp()
  t.equal((await releases.after(0, 100)).length, 25)
  t.same(log.lines, ['error releases of a document not recorded; retrying'])
  t.match(log.text(), broken)
  await storeDocument(folder, ['a'])
  await recorder.catchUp()
  t.equal((await releases.after(0, 100)).length, 25, 'not at each sweep')
  clock.nowMs += RETRY_MS
  await recorder.catchUp()
  t.equal((await releases.after(25, 100))[0]?.albumId, 'a')
  t.equal(log.lines.length, 1)
})

t.test('what is known of the document is recorded without reading it, and of ' +
  'another document is not used', async (t) => {
  const folder = await temporaryFolder(t)
  const world = await createWorld(t, folder)
  const { store, releases, start } = world
  const collector = createReleaseCollector()
  for (const id of ['a', 'b', 'c', 'd', 'e']) collector.add({ id, name: `Album ${id}` })
  const albums = collector.albums() ?? new Map<string, ReleaseContent>()
  const file = await storeDocument(folder, [...albums.keys()])
  await rm(join(folder, file.sha256))
  const id = await endRun(store, file)
  await start().record(id, { sha256: file.sha256, albums })
  const recorded = await releases.after(0, 100)
  t.strictSame(recorded.map(({ albumId }) => albumId), ['a', 'b', 'c', 'd', 'e'])
  t.match(recorded[4], { runId: id, content: { name: 'Album e' } })
  t.equal(await releases.due(id), null)

  const other = await endRun(store, await storeDocument(folder, ['f']))
  await start().record(other, { sha256: file.sha256, albums: new Map([['g', contentOf({ id: 'g' })]]) })
  t.strictSame((await releases.after(5, 100)).map(({ albumId }) => albumId), ['f'])

  const none = await endRun(store, await storeDocument(folder, []))
  await start().record(none, { sha256: (await store.read(none))?.run.file?.sha256 ?? '', albums: new Map() })
  t.equal(await releases.due(none), null)
})

t.test('a collector keeps the releases of a thousand albums, and of more none', (t) => {
  const collector = createReleaseCollector()
  for (let n = 0; n < 1000; n++) collector.add({ id: `${n}`, name: null })
  t.equal(collector.albums()?.size, 1000)
  collector.add({ id: '999', name: 'again' })
  t.equal(collector.albums()?.get('999')?.name, 'again')
  collector.add({ id: '1000' })
  t.equal(collector.albums(), null)
  t.end()
})

t.test('closing ends it between two albums, and what it left is recorded by the next', async (t) => {
  const folder = await temporaryFolder(t)
  const world = await createWorld(t, folder)
  const { store, releases, start, log } = world
  const id = await endRun(store, await storeDocument(folder, Array.from({ length: 50 }, (_, n) => `a${n}`)))
  const recorder: ReleaseRecorder = start({
    async record (run, albums, isLast) {
      void recorder.close()
      return await releases.record(run, albums, isLast)
    },
  })
  await recorder.catchUp()
  t.equal((await releases.after(0, 100)).length, 2)
  t.not(await releases.due(id), null)
  await start().catchUp()
  t.equal((await releases.after(0, 100)).length, 50)
  t.same(log.lines, [])
})
