import pLimit from 'p-limit'
import { type RunRequest } from '../../schemas/run.ts'
import { type Clock } from '../clock.ts'
import { type Log } from '../log.ts'
import { type EndpointMemory } from '../spotify/endpoint.ts'
import { type ListedAlbum } from '../spotify/item-check.ts'
import { type Meter } from '../spotify/meter.ts'
import { type AlbumCache, type CacheEntry } from '../store/album-cache.ts'
import { type CachedAlbum, cacheKey, isUsable, readCachedAlbum, tierEvidence } from './cached-album.ts'
import { albumText } from './document.ts'
import { type Ledger, albumPart } from './ledger.ts'
import { settleAll } from './settle.ts'

/** The albums that all runs share. */
export interface AlbumCaching {
  store: AlbumCache<CachedAlbum>
  /** The API and the app that the albums come from. */
  scope: string
  maxAgeMs: number
  log: Log
}

/** The cache as one execution of a run uses it. It never fails a run: what cannot be read or written is told once. */
export interface RunCache {
  /** Take over into the ledger what is cached; gives the albums that are to be fetched, in their order. */
  take: (albums: ListedAlbum[], signal: AbortSignal) => Promise<ListedAlbum[]>
  /** Keep an album that was just fetched for later runs, in the background, if it is complete. */
  keep: (id: string) => void
  /** All that was to be kept is; what was not begun is given up when the signal is aborted. */
  settle: () => Promise<void>
}

export interface RunCacheOptions {
  caching: AlbumCaching
  request: Pick<RunRequest, 'market' | 'refresh'>
  ledger: Ledger
  memory: EndpointMemory
  meter: Meter
  clock: Clock
  signal: AbortSignal
}

export const NO_CACHE: RunCache = { take: async (albums) => albums, keep: () => {}, settle: async () => {} }

const READS_AT_ONCE = 20
const WRITES_AT_ONCE = 4

export function createRunCache ({ caching, request, ledger, memory, meter, clock, signal }: RunCacheOptions): RunCache {
  const { store, scope, maxAgeMs, log } = caching
  const { market, refresh } = request
  const reading = pLimit(READS_AT_ONCE)
  const writing = pLimit(WRITES_AT_ONCE)
  /** An album counts as old as the execution that fetched it, never younger than it is. */
  const startedAtMs = clock.now()
  /** When these were fetched, an earlier execution knew; those that were kept are added. */
  const settled = new Set([...ledger.listed.keys()].filter((id) => ledger.album(id) !== undefined))
  const writes: Array<Promise<void>> = []
  let isWritable = true
  let isTold = false

  function tell (error: unknown): null {
    if (!isTold) log.warn({ err: error }, 'the album cache cannot be used: albums are fetched again')
    isTold = true
    return null
  }

  async function read (album: ListedAlbum): Promise<CacheEntry<CachedAlbum> | null> {
    const entry = await store.read(cacheKey(scope, album.id, market)).catch(tell)
    const present = { listed: album, nowMs: clock.now(), maxAgeMs, tier: tierEvidence(memory) }
    return entry !== null && isUsable(entry, present) ? entry : null
  }

  async function write (id: string): Promise<void> {
    const state = ledger.album(id)
    if (state === undefined || signal.aborted || !isWritable) return
    try {
      const body = await albumText(state, ledger)
      const meta = readCachedAlbum(body, tierEvidence(memory))
      if (meta !== null) await store.write(cacheKey(scope, id, market), { storedAtMs: startedAtMs, meta, body })
    } catch (error) {
      isWritable = false
      tell(error)
    }
  }

  return {
    async take (albums, stopping) {
      if (refresh) return albums
      await settleAll(albums.map(async (album) => await reading(async () => {
        stopping.throwIfAborted()
        const entry = await read(album)
        if (entry === null) return
        meter.cached()
        await ledger.record(albumPart(album.id, entry.meta.head, meter.read()), entry.body)
      })))
      return albums.filter(({ id }) => ledger.album(id) === undefined)
    },

    keep (id) {
      if (settled.has(id) || !ledger.isComplete(id)) return
      settled.add(id)
      writes.push(writing(async () => await write(id)))
    },

    settle: async () => { await Promise.all(writes) },
  }
}
