import { type SqlBool, sql } from 'kysely'
import { sealJson, unsealJson } from '../database/checksum.ts'
import type { Database, Queries } from '../database/database.ts'
import type { ReleaseRow } from '../database/tables.ts'

/** What is kept of a release besides its id, as long as the run that documented it first is kept. */
export interface ReleaseContent {
  name: string | null
  artists: Array<{ id: string | null, name: string | null }>
  /** A day, a month or a year. */
  releaseDate: string | null
  url: string | null
  /** The first cover, which is the largest. */
  imageUrl: string | null
}

/** An album that a document had, and that none had before. */
export interface Release {
  /** Its place in the order in which releases were first seen. */
  seq: number
  albumId: string
  firstSeenMs: number
  /** null: that run is gone. */
  runId: string | null
  /** null: the run is gone, or what is stored is damaged. */
  content: ReleaseContent | null
  /** Whether anything of it is not as it was written; known as long as its run is kept. */
  isDamaged: boolean
}

/** A run whose document has releases that may not be recorded yet. */
export interface DueRun {
  id: string
  /** Of its record: a run that was resumed or deleted since has another. */
  version: number
}

/** The releases that any document ever had. */
export interface ReleaseStore {
  /** The run, where the releases of its document are still to be recorded. */
  due: (id: string) => Promise<DueRun | null>
  /** Such runs, oldest first, that are newer than `after`. */
  allDue: (after: string, limit: number) => Promise<DueRun[]>
  /**
   * Records those of the albums that are new, in their order and after all that are recorded; with `isLast` the run is
   * done. False: the run was resumed or deleted since, and nothing was recorded. Durable when it resolves.
   */
  record: (run: DueRun, albums: ReadonlyMap<string, ReleaseContent>, isLast: boolean) => Promise<boolean>
  /** Removes all but ids and times of what that run documented first. */
  forget: (runId: string) => Promise<void>
  /** Those after that place, in the order in which they were first seen. */
  after: (seq: number, limit: number) => Promise<Release[]>
  newest: (limit: number) => Promise<Release[]>
  /** Those before that place, the latest first. */
  before: (seq: number, limit: number) => Promise<Release[]>
  /** How many each of the runs documented first; a run without any is missing. */
  countsOf: (runIds: readonly string[]) => Promise<Map<string, number>>
  /** The album at that place, or null. */
  albumAt: (seq: number) => Promise<string | null>
}

/**
 * The lock under which numbers are given and rows appear: a reader that has seen a number has seen all smaller ones.
 */
const LOCK = { lock: 'releases', isDurable: true }
/** Rows of one statement: a few numbers of them make few statements to prepare. */
const ROWS_TOGETHER = 50
const FORGET_TOGETHER = 500

export function createReleaseStore (database: Pick<Database, 'queries' | 'transaction' | 'nowMs'>): ReleaseStore {
  const { queries, transaction, nowMs } = database
  const dueRuns = (within: Queries = queries) => within.selectFrom('runs').select(['id', 'version'])
    // literally: else SQLite has no use for the index
    .where(sql<SqlBool>`document_name is not null and releases_done = 0`)

  async function insert (runId: string, albums: ReadonlyMap<string, ReleaseContent>, within: Queries): Promise<void> {
    const last = await within.selectFrom('releases').select(['seq', 'first_seen_ms']).orderBy('seq', 'desc').limit(1)
      .executeTakeFirst()
    const firstSeenMs = Math.max(await nowMs(within), last?.first_seen_ms ?? 0)
    let seq = last?.seq ?? 0
    for (const ids of portions([...albums.keys()], ROWS_TOGETHER)) {
      const recorded = await within.selectFrom('releases').select('album_id').where('album_id', 'in', ids).execute()
      const known = new Set(recorded.map((row) => row.album_id))
      const rows = ids.filter((id) => !known.has(id)).map((id): ReleaseRow => ({
        seq: ++seq,
        album_id: id,
        first_seen_ms: firstSeenMs,
        run_id: runId,
        content: sealJson({ id, firstSeenMs, runId, ...albums.get(id) }),
      }))
      if (rows.length > 0) await within.insertInto('releases').values(rows).execute()
    }
  }

  return {
    due: async (id) => await dueRuns().where('id', '=', id).executeTakeFirst() ?? null,
    allDue: async (after, limit) => await dueRuns().where('id', '>', after).orderBy('id').limit(limit).execute(),

    async record ({ id, version }, albums, isLast) {
      return await transaction(LOCK, async (within) => {
        const run = await within.selectFrom('runs').select('id').where('id', '=', id).where('version', '=', version)
          .executeTakeFirst()
        if (run === undefined) return false
        await insert(id, albums, within)
        if (isLast) {
          await within.updateTable('runs').set({ releases_done: 1 }).where('id', '=', id).where('version', '=', version)
            .execute()
        }
        return true
      })
    },

    async forget (runId) {
      for (let forgotten = FORGET_TOGETHER; forgotten === FORGET_TOGETHER;) {
        forgotten = await transaction(LOCK, async (within) => {
          const some = within.selectFrom('releases').select('seq').where('run_id', '=', runId).orderBy('seq')
            .limit(FORGET_TOGETHER)
          const { numUpdatedRows } = await within.updateTable('releases').set({ run_id: null, content: null })
            .where('seq', 'in', some).executeTakeFirst()
          return Number(numUpdatedRows)
        })
      }
    },

    async after (seq, limit) {
      const rows = await queries.selectFrom('releases').selectAll().where('seq', '>', seq).orderBy('seq').limit(limit)
        .execute()
      return rows.map(releaseOf)
    },

    async newest (limit) {
      const rows = await queries.selectFrom('releases').selectAll().orderBy('seq', 'desc').limit(limit).execute()
      return rows.map(releaseOf)
    },

    async before (seq, limit) {
      const rows = await queries.selectFrom('releases').selectAll().where('seq', '<', seq).orderBy('seq', 'desc').limit(
        limit
      ).execute()
      return rows.map(releaseOf)
    },

    async countsOf (runIds) {
      if (runIds.length === 0) return new Map()
      const rows =
        await queries.selectFrom('releases').select(['run_id', ({ fn }) => fn.countAll<number>().as('count')])
          .where('run_id', 'in', [...runIds]).groupBy('run_id').execute()
      return new Map(rows.map(({ run_id: runId, count }) => [runId ?? '', Number(count)]))
    },

    async albumAt (seq) {
      const row = await queries.selectFrom('releases').select('album_id').where('seq', '=', seq).executeTakeFirst()
      return row?.album_id ?? null
    },
  }
}

function releaseOf (row: ReleaseRow): Release {
  const { seq, album_id: albumId, first_seen_ms: firstSeenMs, run_id: runId } = row
  const content = row.content === null ? null : readContent(row, row.content)
  const isDamaged = content === null && (row.content !== null || runId !== null)
  return { seq, albumId, firstSeenMs, runId, content, isDamaged }
}

/** Reads the content; null: it is damaged, or belongs to another row. */
function readContent (row: ReleaseRow, sealed: string): ReleaseContent | null {
  const stored = unsealJson<ReleaseContent & { id: string, firstSeenMs: number, runId: string }>(sealed)
  if (stored === null) return null
  const { id, firstSeenMs, runId, ...content } = stored
  return id === row.album_id && firstSeenMs === row.first_seen_ms && runId === row.run_id ? content : null
}

function * portions<T> (items: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}
