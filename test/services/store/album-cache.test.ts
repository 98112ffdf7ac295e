import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { Database } from '../../../src/services/database/database.ts'
import { MEMORY, openSqlite } from '../../../src/services/database/sqlite.ts'
import {
  type AlbumCache,
  type AlbumCacheOptions,
  type CacheEntry,
  createAlbumCache,
} from '../../../src/services/store/album-cache.ts'
import { onBothDatabases } from '../../database.ts'
import { START_MS } from '../../fake-clock.ts'
import { createRecordingLog } from '../recording-log.ts'

const HOUR_MS = 3_600_000
const BODY = '{"id":"a","name":"夜に駆ける"}'
const ENTRY: CacheEntry<unknown> = { storedAtMs: START_MS, meta: { tracks: 2 }, body: BODY }

function cacheOn (t: Test, database: Database, options: Partial<AlbumCacheOptions> = {}): AlbumCache<unknown> {
  const cache = createAlbumCache<unknown>({
    database,
    maxAgeMs: 24 * HOUR_MS,
    maxEntries: 100,
    maxBytes: 1_000_000,
    clock: { now: () => START_MS },
    log: createRecordingLog(),
    ...options,
  })
  t.teardown(async () => await cache.close())
  return cache
}

async function inMemory (t: Test): Promise<Database> {
  const database = await openSqlite(MEMORY, { now: Date.now })
  t.teardown(async () => await database.close())
  return database
}

async function put (
  cache: AlbumCache<unknown>,
  key: string,
  { storedAtMs, meta, body }: CacheEntry<unknown> = ENTRY
): Promise<void> {
  await cache.write(storedAtMs, [{ key, meta, body }])
}

async function countOf ({ queries }: Database): Promise<number> {
  return (await queries.selectFrom('cached_albums').select('key').execute()).length
}

onBothDatabases(t, 'an entry is read by every process under its key, and replaced as a whole', async (t, open) => {
  const [one, two] = [cacheOn(t, await open()), cacheOn(t, await open())]
  t.equal(await two.read('a'), null)
  await put(one, 'a')
  await put(one, 'b', { ...ENTRY, body: '2' })
  t.strictSame(await two.read('a'), ENTRY)
  t.equal((await two.read('b'))?.body, '2')
  const newer = { storedAtMs: START_MS + 1, meta: null, body: '[]' }
  await put(two, 'a', newer)
  t.strictSame(await one.read('a'), newer)
  for (const key of ['A', '', 'a ']) t.equal(await one.read(key), null)
})

onBothDatabases(t, 'many entries are written together; of two for one key the last one counts', async (t, open) => {
  const cache = cacheOn(t, await open(), { maxEntries: 1000 })
  const entries = Array.from(
    { length: 200 },
    (_, number) => ({ key: `key ${number % 150}`, meta: { number }, body: JSON.stringify('ü'.repeat(number)) })
  )
  await cache.write(START_MS, [])
  await cache.write(START_MS, entries)
  for (const number of [0, 49, 50, 149, 199]) {
    const last = number < 50 ? number + 150 : number
    t.strictSame((await cache.read(`key ${number % 150}`))?.meta, { number: last })
  }
})

onBothDatabases(t, 'whatever is put comes back equal, whatever its key', async (t, open) => {
  const cache = cacheOn(t, await open())
  const json = fc.jsonValue().map((value) => JSON.stringify(value))
  const anyText = fc.array(fc.nat(0xffff)).map((codes) => String.fromCharCode(...codes))
  await fc.assert(
    fc.asyncProperty(anyText, json, json, fc.nat(), async (key, meta, body, storedAtMs) => {
      const entry = { storedAtMs, meta: JSON.parse(meta) as unknown, body }
      await put(cache, key, entry)
      t.strictSame(await cache.read(key), entry)
    }),
    { numRuns: 25 }
  )
})

onBothDatabases(t, 'written at the same time by several processes, each entry is whole', async (t, open) => {
  const caches = [cacheOn(t, await open()), cacheOn(t, await open())]
  const bodies = Array.from({ length: 12 }, (_, number) => JSON.stringify(String(number).repeat(20_000)))
  await Promise.all(
    bodies.map(async (body, number) => await caches[number % 2]?.write(START_MS, [{ key: 'a', meta: number, body }]))
  )
  const entry = await caches[0]?.read('a')
  t.equal(entry?.body, bodies[Number(entry?.meta)])
})

const DAMAGES: Array<[column: string, value: unknown]> = [
  ['stored_ms', START_MS + 1],
  ['stored_ms', 0],
  ['meta', '{"tracks":3}'],
  ['meta', ''],
  ['meta', 'no JSON'],
  ['body', '{"id":"b"}'],
  ['body', ''],
  ['body', ENTRY.body.slice(1)],
  ['checksum', 1],
]

onBothDatabases(t, 'a damaged entry is none, until it is written again', async (t, open) => {
  const database = await open()
  const cache = cacheOn(t, database)
  for (const [column, value] of DAMAGES) {
    await put(cache, 'a')
    t.strictSame(await cache.read('a'), ENTRY)
    await database.queries.updateTable('cached_albums').set({ [column]: value }).execute()
    t.equal(await cache.read('a'), null, `${column}: ${String(value)}`)
  }
  await put(cache, 'a')
  await put(cache, 'b', { ...ENTRY, body: '2' })
  const [a = '', b = ''] =
    (await database.queries.selectFrom('cached_albums').select(['key', 'body']).orderBy('body', 'desc').execute()).map((
      { key }
    ) => key)
  await database.queries.deleteFrom('cached_albums').where('key', '=', b).execute()
  await database.queries.updateTable('cached_albums').set({ key: b }).where('key', '=', a).execute()
  t.equal(await cache.read('b'), null, 'one in the place of another')
})

t.test('any character changed in the body is a miss', async (t) => {
  const database = await inMemory(t)
  const cache = cacheOn(t, database)
  await put(cache, 'a')
  await fc.assert(
    fc.asyncProperty(fc.nat(ENTRY.body.length - 1), fc.integer({ min: 1, max: 0x7f }), async (place, mask) => {
      const body = ENTRY.body.slice(0, place) + String.fromCharCode(ENTRY.body.charCodeAt(place) ^ mask) +
        ENTRY.body.slice(place + 1)
      await database.queries.updateTable('cached_albums').set({ body }).execute()
      t.equal(await cache.read('a'), null)
    })
  )
})

onBothDatabases(t, 'what is too old is deleted, also what a wrong clock has dated into the future', async (t, open) => {
  const now = { ms: START_MS }
  const cache = cacheOn(t, await open(), { clock: { now: () => now.ms } })
  const ages = { young: 0, older: 23 * HOUR_MS, old: 24 * HOUR_MS, skewed: -1000, future: -25 * HOUR_MS }
  for (const [key, ageMs] of Object.entries(ages)) await put(cache, key, { ...ENTRY, storedAtMs: START_MS - ageMs })
  const kept = async (): Promise<string[]> => {
    await cache.sweep()
    const keys = await Promise.all(Object.keys(ages).map(async (key) => await cache.read(key) === null ? [] : [key]))
    return keys.flat()
  }
  t.same(await kept(), ['young', 'older', 'skewed'])
  now.ms += HOUR_MS
  t.same(await kept(), ['young', 'skewed'])
  now.ms += 30 * HOUR_MS
  t.same(await kept(), [])
})

onBothDatabases(t, 'the whole is bounded, in entries and in bytes, and the oldest go', async (t, open) => {
  const database = await open()
  for (const bound of [{ maxEntries: 300 }, { maxBytes: 300 * 1000 }, { maxEntries: 300, maxBytes: 300 * 1000 }]) {
    const cache = cacheOn(t, database, { maxEntries: 100_000, maxBytes: 1e9, ...bound })
    const body = JSON.stringify('x'.repeat(998))
    for (let number = 0; number < 700; number += 100) {
      await cache.write(
        START_MS - 700 + number,
        Array.from({ length: 100 }, (_, more) => ({ key: `key ${number + more}`, meta: 0, body }))
      )
    }
    await cache.sweep()
    const left = await countOf(database)
    t.ok(left <= 300 && left >= 280, `${left} are left`)
    t.equal(await cache.read('key 399'), null)
    t.not(await cache.read('key 699'), null)
    await cache.sweep()
    t.equal(await countOf(database), left, 'what is within its bounds stays')
  }
})

onBothDatabases(t, 'without an age, all of it goes', async (t, open) => {
  const database = await open()
  const cache = cacheOn(t, database, { maxAgeMs: 0 })
  for (const ageMs of [-HOUR_MS, 0, HOUR_MS]) {
    await put(cache, String(ageMs), { ...ENTRY, storedAtMs: START_MS - ageMs })
  }
  await cache.sweep()
  t.equal(await countOf(database), 0)
})

t.test('what grows is swept by itself', async (t) => {
  const database = await inMemory(t)
  const cache = cacheOn(t, database, { maxEntries: 10 })
  for (let group = 0; group < 20; group++) {
    await cache.write(
      START_MS + group,
      Array.from({ length: 50 }, (_, number) => ({ key: `${group} ${number}`, meta: 0, body: '1' }))
    )
  }
  await until(async () => await countOf(database) <= 10)
  t.same(await database.queries.selectFrom('cached_albums').select('stored_ms').distinct().execute(), [{
    stored_ms: START_MS + 19,
  }], 'the newest are left')
})

t.test('a sweep that others wait for is one, and ends with the cache', async (t) => {
  const database = await inMemory(t)
  const cache = cacheOn(t, database, { maxAgeMs: 0 })
  await cache.write(START_MS, Array.from({ length: 900 }, (_, number) => ({ key: String(number), meta: 0, body: '1' })))
  const sweeps = [cache.sweep(), cache.sweep()]
  await cache.close()
  await Promise.all(sweeps)
  t.ok(await countOf(database) > 0, 'it did not go on')
  await cache.sweep()
  t.ok(await countOf(database) > 0, 'and does not begin again')
})

t.test('a database that fails is an error for callers, and a log line for a background sweep', async (t) => {
  const [database, broken] = [await inMemory(t), await openSqlite(MEMORY, { now: Date.now })]
  await broken.close()
  const cache = cacheOn(t, broken)
  for (const ask of [async () => await cache.read('a'), async () => await put(cache, 'a'), cache.sweep]) {
    await t.rejects(async () => {
      await ask()
    })
  }
  const log = createRecordingLog()
  const writing = cacheOn(t, { ...database, queries: broken.queries }, { log })
  await writing.write(
    START_MS,
    Array.from({ length: 1000 }, (_, number) => ({ key: String(number), meta: 0, body: '1' }))
  )
  await until(() => log.lines.length > 0)
  t.same(log.lines, ['warn album cache sweep failed'])
})

async function until (holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const givesUpAtMs = performance.now() + 10_000; !await holds();) {
    if (performance.now() > givesUpAtMs) throw new Error('it does not come to that')
    await delay(1)
  }
}
