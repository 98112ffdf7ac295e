import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock } from '../clock.ts'
import { type Log } from '../log.ts'
import { type CacheEntry, type NewEntry, formatEntry, hashOf, parseEntry } from './cache-entry.ts'
import { hasErrno } from './errno.ts'
import { MOST_PACKED, formatPack, readPacked, readTable, sizeOf } from './pack.ts'
import { type Size, createPackIndex } from './pack-index.ts'

/**
 * Texts that may be lost at any time, and are never wrong: each has a checksum. What is written at once is one file,
 * which never changes: any number may write, in one process or on one shared volume.
 */
export interface AlbumCache<Meta> {
  /** It is kept down to that. */
  most: Size
  /** The entry, or null where there is none or it is damaged. Throws where the disk cannot be read. */
  read: (key: string) => Promise<CacheEntry<Meta> | null>
  /** Keep them, at most `MOST_PACKED`, in the place of what has their keys. Throws where the disk cannot be written; then nothing is left of them. */
  write: (storedAtMs: number, entries: Array<NewEntry<Meta>>) => Promise<void>
  /** Delete what is too old, and the oldest where there is too much. Done at the start and every hour anyway. */
  sweep: () => Promise<void>
  close: () => Promise<void>
}

export interface AlbumCacheOptions {
  folder: string
  /** Older entries are deleted; 0: all are, and there should be none. */
  maxAgeMs: number
  maxEntries: number
  maxBytes: number
  clock: Pick<Clock, 'now'>
  log: Log
}

const HOUR_MS = 3_600_000

export function createAlbumCache<Meta> (options: AlbumCacheOptions): AlbumCache<Meta> {
  const { folder, maxAgeMs, clock, log } = options
  const most: Size = { entries: options.maxEntries, bytes: options.maxBytes }
  const packs = createPackIndex()
  let looking: Promise<void> | null = null
  let sweeping: Promise<void> | null = null
  let isClosed = false

  /** See what others have written and deleted. */
  async function look (): Promise<void> {
    const known = packs.names()
    const names = new Set((await namesIn(folder)).filter((name) => PACK_NAME.test(name)))
    for (const name of known) if (!names.has(name)) packs.forget(name)
    for (const name of names) {
      if (isClosed) return
      if (packs.has(name)) continue
      const table = await readTable(join(folder, name)).catch(nullIfMissing)
      if (table !== null) packs.add(name, table, 'if newer')
    }
  }

  async function lookOnce (): Promise<void> {
    looking ??= look().finally(() => { looking = null })
    await looking
  }

  async function sweep (): Promise<void> {
    await removeAsides()
    await lookOnce()
    const nowMs = clock.now()
    for (const { name, modifiedMs } of packs.oldestFirst()) {
      if (isClosed) return
      if (isOld(modifiedMs, maxAgeMs, nowMs) || packs.isUseless(name) || isOver(packs.size(), most)) await remove(name)
    }
  }

  async function remove (name: string): Promise<void> {
    await rm(join(folder, name), { force: true })
    packs.forget(name)
  }

  /** What a writer left when it died. */
  async function removeAsides (): Promise<void> {
    for (const name of (await namesIn(folder)).filter((name) => ASIDE_NAME.test(name))) {
      const path = join(folder, name)
      const stats = await stat(path).catch(nullIfMissing)
      if (stats !== null && isOld(stats.mtimeMs, HOUR_MS, clock.now())) await rm(path, { force: true })
    }
  }

  async function sweepOnce (): Promise<void> {
    sweeping ??= sweep().finally(() => { sweeping = null })
    await sweeping
  }

  function sweepInBackground (): void {
    sweepOnce().catch((error: unknown) => log.warn({ err: error, folder }, 'the album cache cannot be tidied up'))
  }

  sweepInBackground()
  const timer = setInterval(sweepInBackground, HOUR_MS).unref()

  return {
    most,
    sweep: sweepOnce,

    async read (key) {
      const hash = hashOf(key)
      for (const isLast of [false, true]) {
        if (isLast || packs.find(hash) === undefined) await lookOnce()
        const found = packs.find(hash)
        if (found === undefined) return null
        const data = await readPacked(join(folder, found.name), found.entry).catch(nullIfMissing)
        if (data !== null) return parseEntry(data, hash)
        packs.forget(found.name) // another process has swept it
      }
      return null
    },

    async write (storedAtMs, entries) {
      if (entries.length > MOST_PACKED) throw new RangeError(`at most ${MOST_PACKED} entries at once`)
      const pack = formatPack(entries.map((entry) => formatEntry(entry, storedAtMs)))
      const name = `${randomUUID()}.pack`
      await mkdir(folder, { recursive: true })
      await writeAside(join(folder, name), pack.data, storedAtMs)
      packs.add(name, { bytes: sizeOf(pack.data), modifiedMs: storedAtMs, entries: pack.entries }, 'in any case')
      if (isOver(packs.size(), most)) sweepInBackground()
    },

    async close () {
      isClosed = true
      clearInterval(timer)
      await sweeping?.catch(() => {})
    },
  }
}

const PACK_NAME = /^[0-9a-f-]{36}\.pack$/
const ASIDE_NAME = /^[0-9a-f-]{36}\.pack\.tmp$/

function isOver (size: Size, most: Size): boolean {
  return size.entries > most.entries || size.bytes > most.bytes
}

/** Also what a clock that was wrong has dated into the future. */
function isOld (modifiedMs: number, maxAgeMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - modifiedMs) >= maxAgeMs
}

/** The names in a folder; none where there is no such folder. */
async function namesIn (folder: string): Promise<string[]> {
  return await readdir(folder).catch(nullIfMissing) ?? []
}

function nullIfMissing (error: unknown): null {
  if (hasErrno(error, 'ENOENT')) return null
  throw error
}

/** Not synced: what a power cut tears is found by its checksum. The time makes a sweep possible that reads no file. */
async function writeAside (path: string, data: Buffer[], modifiedMs: number): Promise<void> {
  const aside = `${path}.tmp`
  try {
    const file = await open(aside, 'wx')
    try {
      await writeAll(file, data)
      await file.utimes(modifiedMs / 1000, modifiedMs / 1000)
    } finally {
      await file.close()
    }
    await rename(aside, path)
  } catch (error) {
    await rm(aside, { force: true }).catch(() => {})
    throw error
  }
}

async function writeAll (file: FileHandle, data: Buffer[]): Promise<void> {
  const { bytesWritten } = await file.writev(data)
  if (bytesWritten !== sizeOf(data)) throw new Error('the disk took only a part of the album cache')
}
