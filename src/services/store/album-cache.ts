import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Clock } from '../clock.ts'
import { type Log } from '../log.ts'

/** What is kept under one key. */
export interface CacheEntry<Meta> {
  /** From when its age counts, epoch milliseconds. */
  storedAtMs: number
  /** Facts about the body, as JSON has them. */
  meta: Meta
  /** JSON as text. */
  body: string
}

/**
 * Texts that may be lost at any time, and are never wrong: one file for each key, with a checksum. Two that write
 * the same key, in one process or on one shared volume, both write whole files, and the last one stays.
 */
export interface AlbumCache<Meta> {
  /** The entry, or null where there is none or it is damaged. Throws where the disk cannot be read. */
  read: (key: string) => Promise<CacheEntry<Meta> | null>
  /** Replace what is there. Throws where the disk cannot be written; then nothing is left of it. */
  write: (key: string, entry: CacheEntry<Meta>) => Promise<void>
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

/** A sweep of what is too much leaves some room: else each entry after it would need one. */
const ROOM_LEFT = 0.9

export function createAlbumCache<Meta> (options: AlbumCacheOptions): AlbumCache<Meta> {
  const { folder, maxAgeMs, clock, log } = options
  const most: Size = { entries: options.maxEntries, bytes: options.maxBytes }
  let swept = NOTHING
  /** What was written since the last sweep began. */
  let grown = NOTHING
  let sweeping: Promise<void> | null = null
  let isClosed = false

  /** The only place where a key becomes a path. */
  function pathOf (key: string): string {
    const hash = sha256(key)
    return join(folder, hash.slice(0, 2), `${hash.slice(2)}.album`)
  }

  async function sweep (): Promise<void> {
    grown = NOTHING
    const entries: Found[] = []
    for (const shard of await namesIn(folder)) {
      if (isClosed) return
      const found = await findIn(join(folder, shard))
      const nowMs = clock.now()
      await removeAll(found.filter((file) => isOld(file, nowMs)))
      entries.push(...found.filter((file) => file.isEntry && !isOld(file, nowMs)))
    }
    const surplus = surplusOf(entries, most)
    await removeAll(surplus)
    swept = sum(entries.slice(surplus.length))
    if (isOver(add(swept, grown), most)) await sweep()
  }

  /** Also what a clock that was wrong has dated into the future; what is being written is not an hour old. */
  function isOld ({ modifiedMs, isEntry }: Found, nowMs: number): boolean {
    return Math.abs(nowMs - modifiedMs) >= (isEntry ? maxAgeMs : HOUR_MS)
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
    sweep: sweepOnce,

    async read (key) {
      try {
        return parseEntry(await readFile(pathOf(key)), sha256(key))
      } catch (error) {
        if (isMissing(error)) return null
        throw error
      }
    },

    async write (key, entry) {
      const path = pathOf(key)
      const data = formatEntry(entry, sha256(key))
      await mkdir(dirname(path), { recursive: true })
      await replaceFile(path, data, entry.storedAtMs)
      grown = add(grown, { entries: 1, bytes: data.length })
      if (isOver(add(swept, grown), most)) sweepInBackground()
    },

    async close () {
      isClosed = true
      clearInterval(timer)
      await sweeping?.catch(() => {})
    },
  }
}

interface Size { entries: number, bytes: number }

const NOTHING: Size = { entries: 0, bytes: 0 }

function add (a: Size, b: Size): Size {
  return { entries: a.entries + b.entries, bytes: a.bytes + b.bytes }
}

function isOver (size: Size, most: Size): boolean {
  return size.entries > most.entries || size.bytes > most.bytes
}

interface Found {
  path: string
  bytes: number
  modifiedMs: number
  /** Else it is one that is being written, or was when its writer died. */
  isEntry: boolean
}

const ENTRY_NAME = /^[0-9a-f]{62}\.album$/
const ASIDE_NAME = /^[0-9a-f]{62}\.album\.[0-9a-f-]{36}\.tmp$/

async function findIn (shard: string): Promise<Found[]> {
  const names = (await namesIn(shard)).filter((name) => ENTRY_NAME.test(name) || ASIDE_NAME.test(name))
  const found = await Promise.all(names.map(async (name) => {
    const path = join(shard, name)
    const stats = await stat(path).catch(() => null)
    return stats === null ? [] : [{ path, bytes: stats.size, modifiedMs: stats.mtimeMs, isEntry: ENTRY_NAME.test(name) }]
  }))
  return found.flat()
}

/** The oldest, which come first in `entries` afterwards: so many that the rest has room. */
function surplusOf (entries: Found[], most: Size): Found[] {
  entries.sort((a, b) => a.modifiedMs - b.modifiedMs)
  const total = sum(entries)
  if (!isOver(total, most)) return []
  let { bytes } = total
  const first = entries.findIndex((file, place) => {
    const fits = entries.length - place <= most.entries * ROOM_LEFT && bytes <= most.bytes * ROOM_LEFT
    bytes -= file.bytes
    return fits
  })
  return first === -1 ? entries : entries.slice(0, first)
}

function sum (files: Found[]): Size {
  return { entries: files.length, bytes: files.reduce((bytes, file) => bytes + file.bytes, 0) }
}

async function removeAll (files: Found[]): Promise<void> {
  for (const { path } of files) await rm(path, { force: true })
}

/** The names in a folder; none where there is no such folder. */
async function namesIn (folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/**
 * Not synced: what a power cut tears is found by its checksum. The name aside is unique also where two containers
 * with the same process ids share the folder; the time makes a sweep possible that reads no file.
 */
async function replaceFile (path: string, data: Buffer, modifiedMs: number): Promise<void> {
  const aside = `${path}.${randomUUID()}.tmp`
  try {
    await writeFile(aside, data, { flag: 'wx' })
    await utimes(aside, modifiedMs / 1000, modifiedMs / 1000)
    await rename(aside, path)
  } catch (error) {
    await rm(aside, { force: true }).catch(() => {})
    throw error
  }
}

const LINE_FEED = 0x0a
const SUM_LENGTH = 64

/** `sha256 LF head LF body`: the sum is of all that follows, the head has the hash of the key, the time and the facts. */
function formatEntry<Meta> ({ storedAtMs, meta, body }: CacheEntry<Meta>, keyHash: string): Buffer {
  const rest = Buffer.from(`${JSON.stringify({ key: keyHash, storedAtMs, meta })}\n${body}`)
  return Buffer.concat([Buffer.from(`${sha256(rest)}\n`), rest])
}

/** null where anything is not as it was written, or was written for another key. */
function parseEntry<Meta> (data: Buffer, keyHash: string): CacheEntry<Meta> | null {
  const rest = data.subarray(SUM_LENGTH + 1)
  if (data[SUM_LENGTH] !== LINE_FEED || data.toString('latin1', 0, SUM_LENGTH) !== sha256(rest)) return null
  const end = rest.indexOf(LINE_FEED)
  const { key, storedAtMs, meta } = JSON.parse(rest.toString('utf8', 0, end)) as { key: string, storedAtMs: number, meta: Meta }
  return key === keyHash ? { storedAtMs, meta, body: rest.toString('utf8', end + 1) } : null
}

function sha256 (data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}

function isMissing (error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
