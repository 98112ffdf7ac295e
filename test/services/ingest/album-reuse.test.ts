import t from 'tap'
import type { CachedAlbum } from '../../../src/services/ingest/cached-album.ts'
import { type Ledger, albumEvent, openLedger } from '../../../src/services/ingest/ledger.ts'
import { type RunCache, createRunCache } from '../../../src/services/ingest/album-reuse.ts'
import { createTestCapabilities } from '../spotify/test-capabilities.ts'
import { type ListedAlbum, readAlbumHead } from '../../../src/services/spotify/item-check.ts'
import type { AlbumCache, CacheEntry } from '../../../src/services/store/album-cache.ts'
import { createFakeClock } from '../../fake-clock.ts'
import { never } from '../../never.ts'
import { createRecordingLog } from '../recording-log.ts'
import { createMemoryLedger } from './memory-ledger.ts'

const IDS = Array.from({ length: 30 }, (_, place) => `album${place}`)
const bodyOf = (id: string): string =>
  JSON.stringify({
    id,
    total_tracks: 1,
    tracks: { total: 1, next: null, items: [{ id: `t${id}`, name: 'One', track_number: 1 }] },
  })

interface Run { cache: RunCache, ledger: Ledger, fetch: (id: string) => Promise<void> }

/** A run that has listed all albums, on the entries that earlier runs have left. */
async function startRun (
  store: AlbumCache<CachedAlbum>,
  { log = createRecordingLog(), refresh = false, signal = never, before = [] as string[] } = {}
): Promise<Run> {
  const clock = createFakeClock()
  const ledger = await openLedger(createMemoryLedger(), { limit: 100, monotonic: clock.monotonic })
  const albums = IDS.map((id): ListedAlbum => ({ id, name: null, releaseDate: null, totalTracks: 1 }))
  await ledger.record({ kind: 'listed', albums, losses: [], next: null })
  const fetch = async (id: string): Promise<void> => {
    const head = readAlbumHead(JSON.parse(bodyOf(id)))
    if (head !== null) await ledger.record(albumEvent(id, head), bodyOf(id))
  }
  for (const id of before) await fetch(id)
  const caching = { store, maxAgeMs: 3_600_000, log }
  return {
    ledger,
    fetch,
    cache: createRunCache({
      caching,
      request: { market: null, refresh },
      ledger,
      memory: createTestCapabilities(),
      clock,
      signal,
    }),
  }
}

function createMemoryCache (
  faults: Partial<AlbumCache<CachedAlbum>> = {}
): AlbumCache<CachedAlbum> & { entries: Map<string, CacheEntry<CachedAlbum>> } {
  const entries = new Map<string, CacheEntry<CachedAlbum>>()
  return {
    entries,
    most: { entries: 1000, bytes: 10_000_000 },
    read: async (key) => entries.get(key) ?? null,
    write: async (storedAtMs, group) => {
      for (const { key, meta, body } of group) entries.set(key, { storedAtMs, meta, body })
    },
    sweep: async () => {},
    close: async () => {},
    ...faults,
  }
}

async function keep ({ cache, fetch }: Run, ids: string[]): Promise<void> {
  for (const id of ids) {
    await fetch(id)
    cache.keep(id)
  }
  await cache.settle()
}

const listed = ({ ledger }: Run): ListedAlbum[] => [...ledger.listed.values()]

t.test('what one run keeps, the next one takes, in one event each; the rest is given back in its order', async (t) => {
  const store = createMemoryCache()
  await keep(await startRun(store), IDS.filter((_id, place) => place % 3 === 0))
  const run = await startRun(store)
  const missing = await run.cache.take(listed(run), never)
  t.same(missing.map(({ id }) => id), IDS.filter((_id, place) => place % 3 !== 0))
  t.same([run.ledger.cost.read().cached, run.ledger.progress().albumsFetched], [10, 10])
  t.ok(run.ledger.isComplete('album0'))
})

t.test('what waits is written in groups, the rest at the end, and no more than the cache holds', async (t) => {
  const groups: number[] = []
  const ids = Array.from({ length: 130 }, (_, place) => `new${place}`)
  for (const [most, expected] of [[1000, [50, 50, 30]], [100, [50, 50]], [70, [50, 20]]] as const) {
    groups.length = 0
    const store = createMemoryCache({
      most: { entries: most, bytes: 1_000_000 },
      write: async (_storedAtMs, group) => {
        groups.push(group.length)
      },
    })
    await keep(await startRun(store), ids)
    t.same(groups, expected, `${most}`)
  }
  groups.length = 0
  const small = createMemoryCache({
    most: { entries: 1000, bytes: 1000 },
    write: async (_storedAtMs, group) => {
      groups.push(group.length)
    },
  })
  await keep(await startRun(small), ids)
  t.same(groups, [50], 'as many bytes as it holds')
})

t.test('an album of several pages is kept as the document has it, one that is longer than a group too', async (t) => {
  const store = createMemoryCache()
  const run = await startRun(store)
  const track = (number: number, name = 'x'): object => ({
    id: `t${number}`,
    name,
    disc_number: 1,
    track_number: number,
  })
  const album = (id: string, total: number, items: unknown[], next: string | null): string =>
    JSON.stringify({ id, total_tracks: total, tracks: { total, next, items } })
  const long = album('long', 1, [track(1, 'ü'.repeat(600_000))], null)
  const answers = [album('several', 3, [track(1), track(2)], 'https://api.spotify.com/v1/next'), long, bodyOf('album0')]
  for (const text of answers) {
    const head = readAlbumHead(JSON.parse(text))
    if (head !== null) await run.ledger.record(albumEvent(String(head.album['id']), head), text)
  }
  run.cache.keep('several')
  await run.ledger.record(
    { kind: 'tracks', id: 'several', offset: 2, places: 1, valid: 1, hasNext: false, keys: ['9'] },
    JSON.stringify([track(3)])
  )
  for (const id of ['several', 'long', 'album0']) run.cache.keep(id)
  await run.cache.settle()
  const kept = [...store.entries.values()]
  t.same(
    kept.map(({ body }) => body),
    [album('several', 3, [track(1), track(2), track(3)], null), long, bodyOf('album0')]
  )
  t.match(kept[0]?.meta.head, { places: 3, valid: 3, expected: 3, hasNext: false })
})

t.test('refresh takes nothing, and keeps', async (t) => {
  const store = createMemoryCache()
  await keep(await startRun(store), ['album0'])
  store.entries.clear()
  const run = await startRun(store, { refresh: true })
  t.equal((await run.cache.take(listed(run), never)).length, IDS.length)
  await keep(run, ['album1'])
  t.equal(store.entries.size, 1)
})

t.test('an album that an earlier execution fetched is not kept: nobody knows how old it is', async (t) => {
  const store = createMemoryCache()
  await keep(await startRun(store, { before: ['album0'] }), ['album0', 'album1', 'album1'])
  t.equal(store.entries.size, 1)
})

t.test('a disk that fails is told once; no album is lost by it, and no more is written', async (t) => {
  const tried = { reads: 0, writes: 0 }
  const store = createMemoryCache({
    async read () { tried.reads++; throw new Error('EIO') },
    async write () { tried.writes++; throw new Error('ENOSPC') },
  })
  const log = createRecordingLog()
  const run = await startRun(store, { log })
  t.equal((await run.cache.take(listed(run), never)).length, IDS.length)
  await keep(run, IDS)
  t.equal(tried.reads, IDS.length)
  t.ok(tried.writes <= 4, `${tried.writes} writes were tried`)
  t.same(log.lines, ['warn album cache unavailable; fetching albums again'])
})

t.test('a run that is stopped takes and keeps no more', async (t) => {
  const store = createMemoryCache()
  const stopped = AbortSignal.abort(new Error('stopped'))
  const run = await startRun(store, { signal: stopped })
  await t.rejects(run.cache.take(listed(run), stopped), { message: 'stopped' })
  await keep(run, ['album0'])
  t.equal(store.entries.size, 0)
})
