import { mkdir, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { type AlbumCache, type AlbumCacheOptions, createAlbumCache } from '../../../src/services/store/album-cache.ts'
import { type CacheEntry } from '../../../src/services/store/cache-entry.ts'
import { MOST_PACKED } from '../../../src/services/store/pack.ts'
import { START_MS } from '../../fake-clock.ts'
import { createRecordingLog } from '../recording-log.ts'

const HOUR_MS = 3_600_000
const ENTRY: CacheEntry<unknown> = { storedAtMs: START_MS, meta: { tracks: 2 }, body: '{"id":"a","name":"夜に駆ける"}' }

interface Opened extends AlbumCache<unknown> {
  /** Keep one entry, in a file of its own. */
  put: (key: string, entry: CacheEntry<unknown>) => Promise<void>
  /** A process that is another one. */
  other: (options?: Partial<AlbumCacheOptions>) => AlbumCache<unknown>
  folder: string
  log: ReturnType<typeof createRecordingLog>
  files: () => Promise<string[]>
  /** The file of the only entry. */
  file: () => Promise<string>
}

function open (t: Test, options: Partial<AlbumCacheOptions> = {}): Opened {
  const folder = join(t.testdir(), 'cache', 'albums')
  const log = createRecordingLog()
  const other = (more: Partial<AlbumCacheOptions> = {}): AlbumCache<unknown> => {
    const opened = createAlbumCache<unknown>({ folder, maxAgeMs: 24 * HOUR_MS, maxEntries: 100, maxBytes: 1_000_000, clock: { now: () => START_MS }, log, ...options, ...more })
    t.teardown(async () => await opened.close())
    return opened
  }
  const cache = other()
  const files = async (): Promise<string[]> => (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort()
  return { ...cache, put: async (key, entry) => await put(cache, key, entry), other, folder, log, files, file: async () => (await files())[0] ?? '' }
}

async function put (cache: AlbumCache<unknown>, key: string, { storedAtMs, meta, body }: CacheEntry<unknown>): Promise<void> {
  await cache.write(storedAtMs, [{ key, meta, body: Buffer.from(body) }])
}

t.test('what is written is read, under its key alone, and replaced as a whole', async (t) => {
  const cache = open(t)
  t.equal(await cache.read('a'), null)
  await cache.put('a', ENTRY)
  await cache.put('b', { ...ENTRY, body: '2' })
  t.strictSame(await cache.read('a'), ENTRY)
  t.equal((await cache.read('b'))?.body, '2')
  await cache.put('a', { ...ENTRY, storedAtMs: START_MS + 1, body: '[]' })
  t.strictSame(await cache.read('a'), { ...ENTRY, storedAtMs: START_MS + 1, body: '[]' })
  t.equal(await cache.read('A'), null)
  t.equal((await cache.files()).length, 3, 'what was replaced is there until the next sweep')
  await cache.sweep()
  t.equal((await cache.files()).length, 2, 'nothing beside them')
})

t.test('many entries are one file, and each is read alone', async (t) => {
  const cache = open(t, { maxEntries: MOST_PACKED })
  const entries = Array.from({ length: MOST_PACKED }, (_, number) => ({ key: `key ${number}`, meta: { number }, body: JSON.stringify('ü'.repeat(number)) }))
  const bytes = entries.map((entry) => ({ ...entry, body: Buffer.from(entry.body) }))
  await cache.write(START_MS, bytes)
  t.equal((await cache.files()).length, 1)
  for (const reader of [cache, cache.other()]) {
    for (const { key, meta, body } of entries) t.strictSame(await reader.read(key), { storedAtMs: START_MS, meta, body })
  }
  await t.rejects(cache.write(START_MS, [...bytes, ...bytes.slice(0, 1)]), RangeError)
})

t.test('what another process writes, replaces and deletes is seen without a restart', async (t) => {
  const one = open(t)
  const two = one.other()
  t.equal(await two.read('a'), null)
  await one.put('a', ENTRY)
  t.strictSame(await two.read('a'), ENTRY)
  const newer = { ...ENTRY, storedAtMs: START_MS + 1000, body: '"newer"' }
  await one.put('a', newer)
  await one.sweep()
  t.strictSame(await two.read('a'), newer, 'what it knew is gone')
  t.strictSame(await one.other().read('a'), newer)
  for (const path of await one.files()) await rm(path)
  t.equal(await two.read('a'), null)
  t.equal(await one.read('a'), null)
})

t.test('whatever is put comes back equal, and a key is never a path', async (t) => {
  const cache = open(t)
  const json = fc.jsonValue().map((value) => JSON.stringify(value))
  await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary' }), json, json, fc.nat(), async (key, meta, body, storedAtMs) => {
    const entry = { storedAtMs, meta: JSON.parse(meta) as unknown, body }
    await cache.put(key, entry)
    t.strictSame(await cache.read(key), entry)
  }), { numRuns: 100 })
  for (const key of ['../../x', '/etc/passwd', '', 'a/b', '\0', 'x'.repeat(10_000)]) await cache.put(key, ENTRY)
  t.strictSame((await cache.files()).filter((path) => !/^[/\\][0-9a-f-]{36}\.pack$/.test(path.slice(cache.folder.length))), [])
})

t.test('one byte changed, anywhere, or any part of it missing, is a miss', async (t) => {
  const cache = open(t)
  await cache.put('a', ENTRY)
  const path = await cache.file()
  const whole = await readFile(path)
  const table = whole.indexOf('\n') + 1
  const damages = Array.from(whole, (byte, place) => [[`byte ${place}`, Buffer.from(whole).fill(byte ^ 0x20, place, place + 1)], [`${place} bytes`, whole.subarray(0, place)]] as const).flat()
  for (const [title, damaged] of damages) {
    await writeFile(path, damaged)
    const isTable = damaged.length === whole.length && damaged.subarray(table).equals(whole.subarray(table))
    t.strictSame(await cache.read('a'), isTable ? ENTRY : null, `${title}: who knows where the entry is needs no table`)
  }
  for (const [title, damaged] of damages) {
    await writeFile(path, damaged)
    t.equal(await cache.other().read('a'), null, `${title}, for another process`)
  }
  await writeFile(path, Buffer.alloc(whole.length))
  t.equal(await cache.read('a'), null, 'zeros, as after a power cut')
  await writeFile(path, whole)
  t.strictSame(await cache.read('a'), ENTRY)
})

t.test('an entry in the place of another is a miss', async (t) => {
  const cache = open(t)
  await cache.put('a', ENTRY)
  const whole = await readFile(await cache.file())
  await cache.put('b', { ...ENTRY, body: '2' })
  const table = (hash: string): Buffer => Buffer.concat([Buffer.from(hash), whole.subarray(hash.length)])
  const hashOf = (data: Buffer): string => data.toString('latin1', 0, '[["'.length + 43)
  for (const path of await cache.files()) await writeFile(path, table(hashOf(await readFile(path))))
  for (const reader of [cache, cache.other()]) {
    t.strictSame(await reader.read('a'), ENTRY)
    t.equal(await reader.read('b'), null)
  }
})

t.test('what is too old is deleted, also what a wrong clock has dated into the future', async (t) => {
  const now = { ms: START_MS }
  const cache = open(t, { clock: { now: () => now.ms } })
  const ages = { young: 0, older: 23 * HOUR_MS, old: 24 * HOUR_MS, skewed: -1000, future: -25 * HOUR_MS }
  for (const [key, ageMs] of Object.entries(ages)) await cache.put(key, { ...ENTRY, storedAtMs: START_MS - ageMs })
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

t.test('what a writer left when it died is deleted after an hour, what is no entry stays', async (t) => {
  const cache = open(t)
  await cache.put('a', ENTRY)
  const path = await cache.file()
  const aside = (digit: number): string => join(cache.folder, `0000000${digit}-0000-4000-8000-000000000000.pack.tmp`)
  for (const [digit, ageMs] of [[1, HOUR_MS + 1000], [2, HOUR_MS - 1000]] as const) {
    await writeFile(aside(digit), 'half')
    await utimes(aside(digit), (START_MS - ageMs) / 1000, (START_MS - ageMs) / 1000)
  }
  await writeFile(`${path}.note`, 'mine')
  await utimes(`${path}.note`, 0, 0)
  await cache.sweep()
  t.same(await cache.files(), [aside(2), path, `${path}.note`].toSorted())
})

t.test('the whole is bounded, in entries and in bytes, and the oldest go', async (t) => {
  for (const bound of [{ maxEntries: 20 }, { maxBytes: 20 * 1200 }]) {
    const cache = open(t, bound)
    const body = JSON.stringify('x'.repeat(1000))
    for (let number = 0; number < 60; number++) {
      await cache.put(`key ${number}`, { ...ENTRY, storedAtMs: START_MS - (60 - number) * 1000, body })
      await cache.sweep()
      const count = (await cache.files()).length
      t.ok(count <= 20, `${count} after ${number + 1}`)
    }
    const left = await Promise.all(Array.from({ length: 60 }, async (_, number) => await cache.read(`key ${number}`) === null ? [] : [number]))
    const numbers = left.flat()
    t.ok(numbers.length >= 18, `${numbers.length} are left: as many as there is room for`)
    t.same(numbers, Array.from({ length: numbers.length }, (_, place) => 60 - numbers.length + place), 'the newest')
  }
})

t.test('it is tidied up by itself when it grows over its bound, and at the start', async (t) => {
  const cache = open(t, { maxEntries: 10 })
  for (let number = 0; number < 40; number++) await cache.put(`key ${number}`, ENTRY)
  await untilAtMost(cache, 10)
  const off = createAlbumCache({ folder: cache.folder, maxAgeMs: 0, maxEntries: 10, maxBytes: 1000, clock: { now: () => START_MS }, log: cache.log })
  await untilAtMost(cache, 0)
  await off.close()
  t.pass('and all of it where it is off')
})

async function untilAtMost ({ files }: Opened, count: number): Promise<void> {
  for (const deadline = Date.now() + 10_000; (await files()).length > count;) if (Date.now() > deadline) throw new Error(`${(await files()).length} are left`)
}

t.test('writers at the same time all succeed, and leave the entry of one of them, whole', async (t) => {
  const one = open(t)
  const other = createAlbumCache({ folder: one.folder, maxAgeMs: HOUR_MS, maxEntries: 10, maxBytes: 1_000_000, clock: { now: () => START_MS }, log: one.log })
  const bodies = Array.from({ length: 20 }, (_, number) => JSON.stringify(String(number).repeat(20_000)))
  await Promise.all(bodies.map(async (body, number) => await put(number % 2 === 0 ? one : other, 'a', { ...ENTRY, body })))
  t.ok(bodies.includes((await one.read('a'))?.body ?? ''))
  await one.sweep()
  t.equal((await one.files()).length, 1)
  await other.close()
})

t.test('a disk that cannot be written or read is an error, and leaves nothing', async (t) => {
  const cache = open(t)
  await cache.put('a', ENTRY)
  const path = await cache.file()
  await rm(path)
  await mkdir(path)
  await t.rejects(cache.read('a'), { code: 'EISDIR' })
  await rm(cache.folder, { recursive: true })
  await writeFile(cache.folder, 'no folder')
  await t.rejects(cache.put('a', ENTRY))
  await rm(cache.folder)
  await cache.put('a', ENTRY)
  t.strictSame(await cache.read('a'), ENTRY)
})

t.test('a folder that is none is told, and harms nothing else', async (t) => {
  const folder = join(t.testdir({ file: 'text' }), 'file')
  const log = createRecordingLog()
  const cache = createAlbumCache({ folder, maxAgeMs: HOUR_MS, maxEntries: 10, maxBytes: 1000, clock: { now: () => START_MS }, log })
  await t.rejects(cache.sweep(), { code: 'ENOTDIR' })
  await cache.close()
  t.same(log.lines, ['warn the album cache cannot be tidied up'])
})
