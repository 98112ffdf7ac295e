import type { Run, RunStatus } from '../../schemas/run.ts'
import type { Database, Queries } from '../database/database.ts'
import type { RunRow } from '../database/tables.ts'
import { type RunRecord, keyOf } from '../run-record.ts'
import type { RunReader, StoredRun } from './run-reader.ts'

export interface ListFilter {
  /** null: any. */
  statuses: readonly RunStatus[] | null
  limit: number
  /** Runs older than this one; null: from the newest on. */
  before: string | null
}

/** Which runs there are. */
export interface RunLists {
  /** The runs that have not ended, oldest first. */
  pending: () => Promise<StoredRun[]>
  countPending: () => Promise<number>
  /** Runs that are executed, or queued before this one. */
  countAhead: (id: string) => Promise<number>
  /**
   * A page of the runs, newest first, without those that are damaged; `next` is the id to go on `before`, null at the
   * end.
   */
  list: (filter: ListFilter) => Promise<{ runs: StoredRun[], next: string | null }>
  /** The newest run that has a document, or null. */
  latest: () => Promise<StoredRun | null>
  /** The newest run before that one which has an equal request and a document, or null. */
  comparable: (run: Run) => Promise<StoredRun | null>
  /**
   * Ended runs, oldest end first: those that ended before that time (-Infinity: none did), else those above the limit
   * of stored runs (0: no limit).
   */
  expired: (timeMs: number, maxStored: number) => Promise<RunRecord[]>
  /** Which of these are names of documents. */
  documentNames: (names: string[]) => Promise<Set<string>>
}

const EXPIRED_TOGETHER = 50

export function createRunLists (
  { queries }: Pick<Database, 'queries'>, { readable }: Pick<RunReader, 'readable'>
): RunLists {
  return {
    pending: async () =>
      await readable(await queries.selectFrom('runs').selectAll().where('pending', '=', 1).orderBy('id').execute()),
    countPending: async () => await countPending(queries),

    async countAhead (id) {
      const row = await queries.selectFrom('runs').select(({ fn }) => fn.countAll<number>().as('count')).where(
        'pending', '=', 1
      ).where('id', '!=', id)
        .where(
          (row) => row.or([row('status', '=', 'running'), row.and([row('status', '=', 'queued'), row('id', '<', id)])])
        ).executeTakeFirstOrThrow()
      return Number(row.count)
    },

    async list ({ statuses, limit, before }) {
      const rows = await newest(statuses, limit + 1, before)
      const page = rows.slice(0, limit)
      return { runs: await readable(page), next: rows.length > limit ? page.at(-1)?.id ?? null : null }
    },

    latest: async () => await newestDocument(null, null),
    comparable: async ({ id, request }) => await newestDocument(keyOf(request), id),

    async expired (timeMs, maxStored) {
      const old = timeMs === -Infinity ? [] : await readable(await endedBefore(timeMs))
      const expired = old.length > 0 || maxStored === 0 ? old : await readable(await oldestAbove(maxStored))
      return expired.map(({ record }) => record)
    },

    async documentNames (names) {
      const rows = names.length === 0
        ? []
        : await queries.selectFrom('runs').select('document_name').where('document_name', 'in', names).execute()
      return new Set(rows.flatMap(({ document_name: name }) => name ?? []))
    },
  }

  /** The newest readable run with a document that is older than `before` and has that request; null: any. */
  async function newestDocument (requestKey: string | null, before: string | null): Promise<StoredRun | null> {
    for (let olderThan = before; ;) {
      let query = queries.selectFrom('runs').selectAll().where('document_name', 'is not', null).orderBy(
        'id', 'desc'
      ).limit(1)
      if (requestKey !== null) query = query.where('request_key', '=', requestKey)
      if (olderThan !== null) query = query.where('id', '<', olderThan)
      const rows: RunRow[] = await query.execute()
      const [found] = await readable(rows)
      if (found !== undefined || rows[0] === undefined) return found ?? null
      olderThan = rows[0].id
    }
  }

  /** One query per status: an index has them in order. */
  async function newest (statuses: ListFilter['statuses'], limit: number, before: string | null): Promise<RunRow[]> {
    const query = (status: RunStatus | null): Promise<RunRow[]> => {
      let rows = queries.selectFrom('runs').selectAll().orderBy('id', 'desc').limit(limit)
      if (before !== null) rows = rows.where('id', '<', before)
      if (status !== null) rows = rows.where('status', '=', status)
      return rows.execute()
    }
    if (statuses === null) return await query(null)
    const rows: RunRow[] = []
    for (const status of statuses) rows.push(...await query(status))
    return rows.sort((a, b) => a.id < b.id ? 1 : -1).slice(0, limit)
  }

  async function endedBefore (timeMs: number): Promise<RunRow[]> {
    return await queries.selectFrom('runs').selectAll().where('pending', '=', 0).where('finished_ms', '<', timeMs)
      .orderBy('finished_ms').limit(EXPIRED_TOGETHER).execute()
  }

  async function oldestAbove (maxStored: number): Promise<RunRow[]> {
    const {
      count,
    } = await queries.selectFrom('runs').select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow()
    const excess = Math.min(EXPIRED_TOGETHER, Number(count) - maxStored)
    return excess <= 0
      ? []
      : await queries.selectFrom('runs').selectAll().where('pending', '=', 0).orderBy(
        'finished_ms'
      ).limit(excess).execute()
  }
}

export async function countPending (within: Queries): Promise<number> {
  const row = await within.selectFrom('runs').select(({ fn }) => fn.countAll<number>().as('count')).where(
    'pending', '=', 1
  ).executeTakeFirstOrThrow()
  return Number(row.count)
}
