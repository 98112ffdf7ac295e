import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import { crcOf } from '../database/checksum.ts'
import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'

/** What is kept under one key. */
export interface CacheEntry<Meta> {
  /** From when its age counts, epoch milliseconds. */
  storedAtMs: number
  /** Facts about the body. */
  meta: Meta
  /** JSON as text. */
  body: string
}

/** What is to be kept. */
export interface NewEntry<Meta> {
  key: string
  meta: Meta
  body: string
}

/** Texts that may be lost at any time, and are never wrong: each has a checksum. */
export interface AlbumCache<Meta> {
  /** It is kept down to that. */
  most: Size
  /** The entry, or null where there is none or it is damaged. */
  read: (key: string) => Promise<CacheEntry<Meta> | null>
  /** Keeps them in the place of what has their keys: all or none. */
  write: (storedAtMs: number, entries: Array<NewEntry<Meta>>) => Promise<void>
  /** Deletes what is too old, and the oldest where there is too much. Done every hour anyway. */
  sweep: () => Promise<void>
  close: () => Promise<void>
}

interface Size { entries: number, bytes: number }

export interface AlbumCacheOptions {
  database: Pick<Database, 'queries' | 'transaction'>
  /** Older entries are deleted; 0: all are, and there should be none. */
  maxAgeMs: number
  maxEntries: number
  maxBytes: number
  clock: Pick<Clock, 'now'>
  log: Log
}

const HOUR_MS = 3_600_000
const DELETED_TOGETHER = 200
/** Entries that are written between two sweeps, at most. */
const SWEPT_AFTER = 1000

export function createAlbumCache<Meta> (
  { database, maxAgeMs, maxEntries, maxBytes, clock, log }: AlbumCacheOptions
): AlbumCache<Meta> {
  const { queries } = database
  const most: Size = { entries: maxEntries, bytes: maxBytes }
  let sweeping: Promise<void> | null = null
  let isClosed = false
  let written = 0

  async function sweep (): Promise<void> {
    const nowMs = clock.now()
    /** Also what a clock that was wrong has dated into the future. */
    await remove(async () => await queries.selectFrom('cached_albums').select('key')
      .where(
        (row) => row.or([row('stored_ms', '<=', nowMs - maxAgeMs), row('stored_ms', '>=', nowMs + maxAgeMs)])
      ).limit(DELETED_TOGETHER).execute())
    await remove(async () => {
      const { entries, bytes } = await queries.selectFrom('cached_albums').select(
        ({ fn }) => [fn.countAll<number>().as('entries'), fn.sum<number | null>('bytes').as('bytes')]
      ).executeTakeFirstOrThrow()
      const excess = Math.max(
        Number(entries) - most.entries, Number(bytes ?? 0) > most.bytes ? DELETED_TOGETHER / 10 : 0
      )
      return excess <= 0
        ? []
        : await queries.selectFrom('cached_albums').select('key').orderBy('stored_ms').limit(
          Math.min(excess, DELETED_TOGETHER)
        ).execute()
    })
  }

  async function remove (portion: () => Promise<Array<{ key: string }>>): Promise<void> {
    for (;;) {
      const keys = isClosed ? [] : (await portion()).map(({ key }) => key)
      if (keys.length === 0) return
      await queries.deleteFrom('cached_albums').where('key', 'in', keys).execute()
      await nextTurn()
    }
  }

  async function sweepOnce (): Promise<void> {
    sweeping ??= sweep().finally(() => { sweeping = null })
    await sweeping
  }

  function sweepInBackground (): void {
    written = 0
    sweepOnce().catch((error: unknown) => log.warn({ err: error }, 'album cache sweep failed'))
  }

  const timer = setInterval(sweepInBackground, HOUR_MS).unref()

  return {
    most,
    sweep: sweepOnce,

    async read (key) {
      const row = await queries.selectFrom('cached_albums').selectAll().where(
        'key', '=', hashOf(key)
      ).executeTakeFirst()
      if (row === undefined || crcOf(`${row.key} ${row.stored_ms} ${row.meta}`, row.body) !== row.checksum) return null
      return { storedAtMs: row.stored_ms, meta: JSON.parse(row.meta) as Meta, body: row.body }
    },

    async write (storedAtMs, entries) {
      if (entries.length === 0) return
      const last = new Map(entries.map((entry) => [entry.key, entry])) // PostgreSQL refuses a row that comes twice
      const rows = [...last.values()].map(({ key, meta, body }) => {
        const [hash, text] = [hashOf(key), JSON.stringify(meta)]
        return {
          key: hash,
          stored_ms: storedAtMs,
          bytes: body.length,
          meta: text,
          body,
          checksum: crcOf(`${hash} ${storedAtMs} ${text}`, body),
        }
      })
      await database.transaction({ lock: null, isDurable: false }, async (within) => {
        await within.insertInto('cached_albums').values(
          rows
        ).onConflict((conflict) => conflict.column('key').doUpdateSet((row) => ({
          stored_ms: row.ref('excluded.stored_ms'),
          bytes: row.ref(
            'excluded.bytes'
          ),
          meta: row.ref('excluded.meta'),
          body: row.ref('excluded.body'),
          checksum: row.ref('excluded.checksum'),
        }))).execute()
      })
      written += rows.length
      if (written >= SWEPT_AFTER) sweepInBackground()
    },

    async close () {
      isClosed = true
      clearInterval(timer)
      await sweeping?.catch(() => {})
    },
  }
}

function hashOf (key: string): string {
  return createHash('sha256').update(key).digest('base64url')
}
