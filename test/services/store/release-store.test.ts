import { sql } from 'kysely'
import t, { type Test } from 'tap'
import type { Database } from '../../../src/services/database/database.ts'
import { contentOf } from '../../../src/services/releases/release.ts'
import { discard } from '../../../src/services/runs/transitions.ts'
import { createOwners } from '../../../src/services/store/owner.ts'
import { type ReleaseStore, createReleaseStore } from '../../../src/services/store/release-store.ts'
import { type RunStore, createRunStore } from '../../../src/services/store/run-store.ts'
import { onBothDatabases, onSqlite } from '../../database.ts'
import { createRecordingLog } from '../recording-log.ts'
import { endRun } from '../releases/documented-run.ts'

const FILE = { name: 'album_items_20261122T134059Z_2fe747.json', bytes: 2, sha256: 'a'.repeat(64) }

function storesOf (t: Test, database: Database): { store: RunStore, releases: ReleaseStore } {
  const owners = createOwners()
  t.teardown(() => owners.close())
  return { store: createRunStore(database, owners, createRecordingLog()), releases: createReleaseStore(database) }
}

function albums (...ids: string[]) {
  return new Map(ids.map((id) => [id, contentOf({ id, name: `Album ${id}` })]))
}

async function idsAfter (releases: ReleaseStore, seq = 0): Promise<string[]> {
  return (await releases.after(seq, 1000)).map(({ albumId }) => albumId)
}

onBothDatabases(t, 'each album is recorded once, in its order, with its content and its run', async (t, open) => {
  const { store, releases } = storesOf(t, await open())
  const [first, second] = [await endRun(store, FILE), await endRun(store, FILE)]
  const [due, other] = [await releases.due(first), await releases.due(second)]
  if (due === null || other === null) throw new Error('both are due')
  t.equal(await releases.record(due, albums('b', 'a'), false), true)
  t.not(await releases.due(first), null, 'it is due until the last of them')
  t.equal(await releases.record(due, albums('c', 'a'), true), true)
  t.equal(await releases.due(first), null)
  t.equal(await releases.record(other, albums('d', 'b', 'e'), true), true)
  const all = await releases.after(0, 1000)
  t.same(
    all.map(({ seq, albumId, runId }) => [seq, albumId, runId]),
    [
      [1, 'b', first],
      [2, 'a', first],
      [3, 'c', first],
      [4, 'd', second],
      [5, 'e', second],
    ]
  )
  t.match(all[0], { content: { name: 'Album b', artists: [], url: null } })
  t.same(all.map(({ firstSeenMs }) => firstSeenMs), all.map(({ firstSeenMs }) => firstSeenMs).sort((a, b) => a - b))
  t.same(await idsAfter(releases, 3), ['d', 'e'])
  t.same((await releases.after(1, 2)).map(({ albumId }) => albumId), ['a', 'c'])
  t.same((await releases.newest(2)).map(({ albumId }) => albumId), ['e', 'd'])
  t.equal(await releases.albumAt(3), 'c')
  t.equal(await releases.albumAt(6), null)
})

onBothDatabases(t, 'a run is due from its end with a document until it is recorded, and ' +
  'again when it gets another one', async (t, open) => {
  const { store, releases } = storesOf(t, await open())
  t.equal(await releases.due(await endRun(store, null)), null, 'no document')
  const ids = [await endRun(store, FILE), await endRun(store, FILE), await endRun(store, FILE)].sort()
  t.same((await releases.allDue('', 2)).map(({ id }) => id), ids.slice(0, 2))
  t.same((await releases.allDue(ids[1] ?? '', 2)).map(({ id }) => id), ids.slice(2))
  const [id = ''] = ids
  const due = await releases.due(id)
  if (due === null) throw new Error('it is due')
  await releases.record(due, albums('a'), true)
  await store.update(id, (record) => ({ ...record, executions: 2 }))
  t.equal(await releases.due(id), null, 'the document is the same')
  await store.update(id, (record) => ({ ...record, run: { ...record.run, file: { ...FILE, sha256: 'b'.repeat(64) } } }))
  t.not(await releases.due(id), null)
})

onBothDatabases(t, 'nothing is recorded of a run that was deleted or resumed since', async (t, open) => {
  const { store, releases } = storesOf(t, await open())
  const id = await endRun(store, FILE)
  const due = await releases.due(id)
  if (due === null) throw new Error('it is due')
  await store.update(id, discard)
  t.equal(await releases.record(due, albums('a'), true), false)
  await store.remove(id)
  t.equal(await releases.record(due, albums('a'), true), false)
  t.same(await idsAfter(releases), [])
})

onBothDatabases(t, 'of a run that is gone, ids and times stay', async (t, open) => {
  const { store, releases } = storesOf(t, await open())
  const many = Array.from({ length: 1001 }, (_, n) => `a${n}`)
  for (const ids of [['x'], many]) {
    const due = await releases.due(await endRun(store, FILE))
    if (due !== null) await releases.record(due, albums(...ids), true)
  }
  const before = await releases.after(0, 2000)
  const [{ runId: kept } = { runId: '' }, { runId: gone } = { runId: '' }] = before
  await releases.forget(gone ?? '')
  const after = await releases.after(0, 2000)
  t.strictSame(
    after.map(({ seq, albumId, firstSeenMs }) => [seq, albumId, firstSeenMs]),
    before.map(({ seq, albumId, firstSeenMs }) => [seq, albumId, firstSeenMs])
  )
  t.match(after[0], { albumId: 'x', runId: kept, content: { name: 'Album x' } })
  t.strictSame([...new Set(after.slice(1).flatMap(({ runId, content }) => [runId, content]))], [null])
})

onBothDatabases(t, 'content that is damaged, or belongs to another album, is not shown', async (t, open) => {
  const database = await open()
  const { store, releases } = storesOf(t, database)
  const due = await releases.due(await endRun(store, FILE))
  if (due !== null) await releases.record(due, albums('a', 'b', 'c'), true)
  const { queries } = database
  const { content } = await queries
    .selectFrom('releases')
    .select('content')
    .where('album_id', '=', 'a')
    .executeTakeFirstOrThrow()
  await queries.updateTable('releases').set({ content: `${content ?? ''} ` }).where('album_id', '=', 'a').execute()
  await queries.updateTable('releases').set({ content }).where('album_id', '=', 'b').execute()
  t.strictSame((await releases.after(0, 10)).map(({ content }) => content?.name ?? null), [null, null, 'Album c'])
})

onBothDatabases(t, 'a release any column of which is damaged is told apart', async (t, open) => {
  const database = await open()
  const { store, releases } = storesOf(t, database)
  const due = await releases.due(await endRun(store, FILE))
  if (due !== null) await releases.record(due, albums('a', 'b', 'c', 'd', 'e'), true)
  const damages = { a: { album_id: 'A' }, b: { first_seen_ms: 7 }, c: { run_id: 'another' }, d: { content: null } }
  for (const [album, damage] of Object.entries(damages)) {
    await database.queries.updateTable('releases').set(damage).where('album_id', '=', album).execute()
  }
  t.strictSame((await releases.after(0, 10)).map(({ isDamaged }) => isDamaged), [true, true, true, true, false])
})

onBothDatabases(t, 'processes that record at the same time leave no hole, and a reader that goes on from its ' +
  'last number misses nothing', async (t, open) => {
  const writers = [storesOf(t, await open()), storesOf(t, await open()), storesOf(t, await open())]
  const reader = storesOf(t, await open()).releases
  const read: Array<[seq: number, albumId: string]> = []
  const over = new AbortController()
  async function readPage (limit: number): Promise<number> {
    const page = await reader.after(read.at(-1)?.[0] ?? 0, limit)
    read.push(...page.map(({ seq, albumId }): [number, string] => [seq, albumId]))
    return page.length
  }
  const reading = (async () => {
    while (!over.signal.aborted) {
      await readPage(3)
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  await Promise.all(writers.map(async ({ store, releases }, writer) => {
    for (let round = 0; round < 8; round++) {
      const due = await releases.due(await endRun(store, FILE))
      if (due === null) throw new Error('it is due')
      const own = Array.from({ length: 5 }, (_, n) => `own${writer}x${round}x${n}`)
      const common = Array.from({ length: 5 }, (_, n) => `common${round}x${n}`)
      await releases.record(due, albums(...own, ...common), true)
    }
  }))
  over.abort()
  await reading
  while (await readPage(100) > 0);
  t.equal(read.length, 3 * 8 * 5 + 8 * 5)
  t.equal(new Set(read.map(([, albumId]) => albumId)).size, read.length)
  t.same(read.map(([seq]) => seq), read.map((_, n) => n + 1))
})

onSqlite(t, 'runs that are due, and pages of releases, are found by an index', async (t, open) => {
  const { queries } = await open()
  const planOf = async (query: string): Promise<string> =>
    (await sql<{ detail: string }>`explain query plan ${sql.raw(query)}`.execute(queries)).rows
      .map(({ detail }) => detail)
      .join()
  t.match(
    await planOf(
      'select id, version from runs where document_name is not null and releases_done = 0 and id ' +
        "> 'a' order by id limit 20"
    ),
    /runs_releases_due/
  )
  t.match(
    await planOf(
      "select * from runs where document_name is not null and request_key = 'x' and id < 'y' order by id desc limit 1"
    ),
    /runs_comparable/
  )
  t.match(
    await planOf('select * from releases where seq > 5 order by seq limit 100'),
    /^SEARCH releases USING (?:INDEX|INTEGER PRIMARY KEY)/
  )
  t.match(await planOf("select seq from releases where run_id = 'x' order by seq limit 500"), /releases_run/)
})
