import pLimit from 'p-limit'
import type { RunRequest } from '../../schemas/run.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Capabilities } from '../spotify/capabilities.ts'
import type { ListedAlbum } from '../spotify/item-check.ts'
import type { AlbumCache, CacheEntry, NewEntry } from '../store/album-cache.ts'
import { type CachedAlbum, cacheKey, cachedAlbum, isUsable, tierEvidence } from './cached-album.ts'
import { albumText } from './document.ts'
import { type Ledger, albumEvent } from './ledger.ts'
import { settleAll } from './failures.ts'

/** The albums that all runs share. */
export interface AlbumCaching {
  store: AlbumCache<CachedAlbum>
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
  memory: Capabilities
  clock: Clock
  signal: AbortSignal
}

export const NO_CACHE: RunCache = { take: async (albums) => albums, keep: () => {}, settle: async () => {} }

const READS_TOGETHER = 20
/** A resumed run delivers all its albums together: they are looked up in portions, so that nothing else waits. */
const LOOKED_UP = 200
/** Written in one transaction, at most. */
const GROUP_ALBUMS = 50
const GROUP_CHARACTERS = 1024 * 1024

export function createRunCache ({ caching, request, ledger, memory, clock, signal }: RunCacheOptions): RunCache {
  const { store, maxAgeMs, log } = caching
  const { market, refresh } = request
  const reading = pLimit(READS_TOGETHER)
  /** An album counts as old as the execution that fetched it, never younger than it is. */
  const startedAtMs = clock.now()
  /** When these were fetched, an earlier execution knew; those that were kept are added. */
  const settled = new Set([...ledger.listed.keys()].filter((id) => ledger.album(id) !== undefined))
  /** What is to be kept, by its id alone: where it is written later than it comes, that costs no memory. */
  let waiting: string[] = []
  let writing: Promise<void> | null = null
  /**
   * By this execution, entries with those that wait. It stops at what the cache holds: beyond that, each of its albums
   * would drive out another of them.
   */
  const kept = { entries: 0, bytes: 0 }
  let isWritable = true
  let isTold = false

  function tell (error: unknown): null {
    if (!isTold) log.warn({ err: error }, 'album cache unavailable; fetching albums again')
    isTold = true
    return null
  }

  async function read (album: ListedAlbum): Promise<CacheEntry<CachedAlbum> | null> {
    const entry = await store.read(cacheKey(memory.scope, album.id, market)).catch(tell)
    const present = { listed: album, nowMs: clock.now(), maxAgeMs, tier: tierEvidence(memory) }
    return entry !== null && isUsable(entry, present) ? entry : null
  }

  function hasRoom (): boolean {
    return isWritable && !signal.aborted && kept.bytes < store.most.bytes
  }

  /** Write what waits until fewer than `least` do. */
  async function write (least: number): Promise<void> {
    try {
      while (waiting.length >= least && hasRoom()) await writeGroup(await nextGroup())
    } catch (error) {
      isWritable = false
      tell(error)
    }
  }

  async function nextGroup (): Promise<Array<NewEntry<CachedAlbum>>> {
    const group: Array<NewEntry<CachedAlbum>> = []
    let taken = 0
    for (let characters = 0; taken < Math.min(waiting.length, GROUP_ALBUMS) && characters < GROUP_CHARACTERS; taken++) {
      const id = waiting[taken] ?? ''
      const state = ledger.album(id)
      if (state === undefined) continue
      const body = await albumText(state, ledger)
      group.push({ key: cacheKey(memory.scope, id, market), meta: cachedAlbum(state, tierEvidence(memory)), body })
      characters += body.length
    }
    waiting = waiting.slice(taken)
    return group
  }

  async function writeGroup (group: Array<NewEntry<CachedAlbum>>): Promise<void> {
    for (const { body } of group) kept.bytes += body.length
    await store.write(startedAtMs, group)
  }

  return {
    async take (albums, stopping) {
      if (refresh) return albums
      const takeOver = async (album: ListedAlbum): Promise<void> => {
        stopping.throwIfAborted()
        const entry = await read(album)
        if (entry === null) return
        ledger.cost.cached()
        await ledger.record(albumEvent(album.id, entry.meta.head), entry.body)
      }
      for (let done = 0; done < albums.length; done += LOOKED_UP) {
        await settleAll(albums.slice(done, done + LOOKED_UP).map(async (album) => await reading(takeOver, album)))
      }
      return albums.filter(({ id }) => ledger.album(id) === undefined)
    },

    keep (id) {
      if (settled.has(id) || !ledger.isComplete(id)) return
      settled.add(id)
      if (!hasRoom() || kept.entries >= store.most.entries) return
      kept.entries++
      waiting.push(id)
      if (waiting.length >= GROUP_ALBUMS) writing ??= write(GROUP_ALBUMS).finally(() => { writing = null })
    },

    async settle () {
      await writing
      await write(1)
    },
  }
}
