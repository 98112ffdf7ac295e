import { CompiledQuery } from 'kysely'
import { type Run, type RunStatus } from '../../schemas/run.ts'
import { ServiceError } from '../../errors.ts'
import { type Database, type Queries } from '../database/database.ts'
import { isAway } from '../database/failure.ts'
import { type RunRow } from '../database/tables.ts'
import { type Log } from '../log.ts'
import { type Owners } from './owner.ts'
import { isRunId } from './run-id.ts'
import { columnsOf, isWhole, liveRun, liveText, newRow, recordOf } from './run-row.ts'
import { ENDED, type RunRecord, keyOf } from '../run-record.ts'

/** A run as it was read: `run` as its owner shows it, `record` as it is stored. */
export interface StoredRun {
  record: RunRecord
  run: Run
  /** Whether another process, which lives, executes it. */
  isOwned: boolean
}

/** A request for a run that is admitted unless there is one for it. */
export interface Admission {
  record: RunRecord
  /** The Idempotency-Key: its hash, and from when on it holds (epoch milliseconds); null: the request has none. */
  key: { name: string, validFromMs: number } | null
  /** Runs that may be waiting or under way. */
  maxPending: number
}

export type Admitted =
  | { kind: 'new' }
  | { kind: 'existing', id: string, requestKey: string }
  | { kind: 'full', pending: number }

/** An attempt to execute a run. */
export type Begun =
  | { kind: 'begun', record: RunRecord }
  | { kind: 'ended', record: RunRecord }
  /** Another process executes it. */
  | { kind: 'owned' }

export interface ListFilter {
  /** null: any. */
  statuses: readonly RunStatus[] | null
  limit: number
  /** Runs older than this one; null: from the newest on. */
  before: string | null
}

/** The truth about runs, for any number of processes. */
export interface RunStore {
  /** Stores a run, or tells which one there is for the key or, without one, for an equal request that has not ended. Durable when it resolves. */
  admit: (admission: Admission) => Promise<Admitted>
  /**
   * Reads a run; null: no such run, or an id that is none. While the database is away, a run that has ended is the one that
   * was read last. Throws `storage_failed` where it is damaged.
   */
  read: (id: string) => Promise<StoredRun | null>
  /**
   * Replaces the record by what `change` makes of it. Where it gives the record that it was given, nothing is written.
   * @param change asked again when another process was faster
   * @param release true: the run has no owner from now on
   * @param also written in the same transaction as the record, or not at all
   */
  update: (id: string, change: (record: RunRecord) => RunRecord, release?: boolean, also?: (within: Queries) => Promise<void>) => Promise<RunRecord>
  /** Becomes the owner of a run that has not ended, unless a process that lives owns it, and stores what `change` makes of its record. */
  begin: (id: string, change: (record: RunRecord) => RunRecord) => Promise<Begun>
  /** The run has no owner from now on, if it was this process. */
  release: (id: string) => Promise<void>
  /** Stores the run as it is shown, and that its owner lives; tells whether a client wants it to end, and whether it is still ours. */
  beat: (run: Run, execution: number) => Promise<{ isOurs: boolean, isCancelWanted: boolean }>
  wantCancel: (id: string) => Promise<void>
  /** The runs that have not ended, oldest first. */
  pending: () => Promise<StoredRun[]>
  countPending: () => Promise<number>
  /** Runs that are executed, or queued before this one. */
  countAhead: (id: string) => Promise<number>
  /** A page of the runs, newest first, without those that are damaged; `next` is the id to go on `before`, null at the end. */
  list: (filter: ListFilter) => Promise<{ runs: StoredRun[], next: string | null }>
  /** The newest run that has a document, or null. */
  latest: () => Promise<StoredRun | null>
  /** The newest run before that one which has an equal request and a document, or null. */
  comparable: (run: Run) => Promise<StoredRun | null>
  remove: (id: string) => Promise<void>
  /** Deletes a run whose record is damaged; false: it is not. */
  removeDamaged: (id: string) => Promise<boolean>
  /** Ended runs, oldest end first: those that ended before that time (-Infinity: none did), else those above the limit of stored runs (0: no limit). */
  expired: (timeMs: number, maxStored: number) => Promise<RunRecord[]>
  /** Which of these are names of documents. */
  documentNames: (names: string[]) => Promise<Set<string>>
  removeClaimsBefore: (timeMs: number) => Promise<void>
}

/** Each time somebody else has succeeded: so often in a row does not happen. */
const MAX_TRIES = 1000
const EXPIRED_TOGETHER = 50
/** Runs that have ended, in memory: at most 4 MiB of JSON. */
const MAX_REMEMBERED = 256
const LONGEST_REMEMBERED = 16 * 1024

export function createRunStore (database: Pick<Database, 'kind' | 'queries' | 'transaction' | 'nowMs'>, owners: Owners, log: Log): RunStore {
  const { queries, transaction } = database
  const remembered = new Map<string, { version: number, checksum: string, run: StoredRun }>()

  /** What was read of a run that has ended, if it is stored like that still: far cheaper than to read and check it again. */
  async function recall (id: string): Promise<StoredRun | null> {
    const known = remembered.get(id)
    if (known === undefined) return null
    const { rows: [row] } = await queries.executeQuery<Pick<RunRow, 'version' | 'checksum'>>(CompiledQuery.raw(`select version, checksum from runs where id = ${database.kind === 'sqlite' ? '?' : '$1'}`, [id]))
    if (row?.version === known.version && row.checksum === known.checksum) return known.run
    remembered.delete(id)
    return null
  }

  function remember ({ id, version, checksum, record: text }: RunRow, run: StoredRun): void {
    if (!ENDED.includes(run.record.run.status) || text.length > LONGEST_REMEMBERED) return
    remembered.set(id, { version, checksum, run })
    if (remembered.size > MAX_REMEMBERED) remembered.delete(remembered.keys().next().value ?? '')
  }

  async function rowOf (id: string, within: Queries = queries): Promise<RunRow | null> {
    if (!isRunId(id)) return null
    return await within.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst() ?? null
  }

  function stored (row: RunRow, nowMs: number): StoredRun {
    const record = recordOf(row)
    const isOwned = row.owner !== null && row.owner !== owners.me && row.beat_ms !== null && owners.isAlive(row.owner, nowMs - row.beat_ms)
    return { record, run: liveRun(row, record) ?? record.run, isOwned }
  }

  /** Leaves out, with a line in the log, what is damaged. */
  async function readable (rows: RunRow[]): Promise<StoredRun[]> {
    if (rows.length === 0) return []
    const nowMs = await database.nowMs()
    return rows.flatMap((row) => {
      try {
        return [stored(row, nowMs)]
      } catch (error) {
        log.error({ err: error, runId: row.id }, 'skipping unreadable run')
        return []
      }
    })
  }

  /** False: another process has changed the record since. What is not in `columns` stays as it is now: a beat or a wish to cancel may just have come. */
  async function replace (row: RunRow, record: RunRecord, columns: Partial<Pick<RunRow, 'owner' | 'beat_ms' | 'cancel_wanted' | 'releases_done'>>, within: Queries): Promise<boolean> {
    const { numUpdatedRows } = await within.updateTable('runs').set({ ...columnsOf(record), version: row.version + 1, live: null, ...columns })
      .where('id', '=', row.id).where('version', '=', row.version).executeTakeFirst()
    return numUpdatedRows === 1n
  }

  return {
    async admit ({ record, key, maxPending }) {
      const { run } = record
      const requestKey = keyOf(run.request)
      return await transaction({ lock: 'admission', isDurable: true }, async (within) => {
        const existing = key === null
          ? await equalPending(requestKey, within)
          : await within.selectFrom('claims').select(['run_id', 'request_key']).where('name', '=', key.name).where('claimed_ms', '>=', key.validFromMs).executeTakeFirst()
        if (existing !== undefined) return { kind: 'existing', id: existing.run_id, requestKey: existing.request_key }
        const pending = await countPending(within)
        if (pending >= maxPending) return { kind: 'full', pending }
        await within.insertInto('runs').values(newRow(record)).execute()
        if (key !== null) {
          const claim = { run_id: run.id, request_key: requestKey, claimed_ms: Date.parse(run.createdAt) }
          await within.insertInto('claims').values({ name: key.name, ...claim }).onConflict((row) => row.column('name').doUpdateSet(claim)).execute()
        }
        return { kind: 'new' }
      })
    },

    async read (id) {
      const known = await recall(id).catch((error: unknown) => {
        if (!isAway(error)) throw error
        return remembered.get(id)?.run ?? null // what has ended does not change unless somebody resumes it
      })
      if (known !== null) return known
      const row = await rowOf(id)
      if (row === null) return null
      const run = stored(row, row.owner === null ? 0 : await database.nowMs())
      remember(row, run)
      return run
    },

    async update (id, change, release = false, also) {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const row = await rowOf(id)
        if (row === null) throw new ServiceError('run_not_found', `the record of run ${id} is gone: it was deleted`)
        const before = recordOf(row)
        const after = change(before)
        if (after === before) return after
        const owner = release ? { owner: null, beat_ms: null, cancel_wanted: 0 } : {}
        const releases = after.run.file === before.run.file ? {} : { releases_done: 0 }
        const isReplaced = await transaction({ lock: null, isDurable: true }, async (within) => {
          const isOurs = await replace(row, after, { ...owner, ...releases }, within)
          if (isOurs) await also?.(within)
          return isOurs
        })
        if (isReplaced) return after
      }
      throw new ServiceError('storage_failed', `the record of run ${id} cannot be changed: other processes change it all the time`)
    },

    async begin (id, change) {
      for (;;) {
        const row = await rowOf(id)
        if (row === null) throw new ServiceError('run_not_found', `the record of run ${id} is gone: it was deleted`)
        const nowMs = await database.nowMs()
        const { record, isOwned } = stored(row, nowMs)
        if (ENDED.includes(record.run.status)) return { kind: 'ended', record }
        if (isOwned) return { kind: 'owned' }
        const after = change(record)
        if (await transaction({ lock: null, isDurable: true }, async (within) => await replace(row, after, { owner: owners.me, beat_ms: nowMs }, within))) return { kind: 'begun', record: after }
      }
    },

    async release (id) {
      await queries.updateTable('runs').set({ owner: null, beat_ms: null }).where('id', '=', id).where('owner', '=', owners.me).execute()
    },

    async beat (run, execution) {
      const live = liveText(run, execution)
      const nowMs = await database.nowMs()
      const row = await transaction({ lock: null, isDurable: false }, async (within) => await within.updateTable('runs').set({ beat_ms: nowMs, live })
        .where('id', '=', run.id).where('owner', '=', owners.me).returning('cancel_wanted').executeTakeFirst())
      return { isOurs: row !== undefined, isCancelWanted: row?.cancel_wanted === 1 }
    },

    async wantCancel (id) {
      await queries.updateTable('runs').set({ cancel_wanted: 1 }).where('id', '=', id).where('pending', '=', 1).execute()
    },

    pending: async () => await readable(await queries.selectFrom('runs').selectAll().where('pending', '=', 1).orderBy('id').execute()),
    countPending: async () => await countPending(queries),

    async countAhead (id) {
      const row = await queries.selectFrom('runs').select(({ fn }) => fn.countAll<number>().as('count')).where('pending', '=', 1).where('id', '!=', id)
        .where((row) => row.or([row('status', '=', 'running'), row.and([row('status', '=', 'queued'), row('id', '<', id)])])).executeTakeFirstOrThrow()
      return Number(row.count)
    },

    async list ({ statuses, limit, before }) {
      const rows = await newest(statuses, limit + 1, before)
      const page = rows.slice(0, limit)
      return { runs: await readable(page), next: rows.length > limit ? page.at(-1)?.id ?? null : null }
    },

    latest: async () => await newestDocument(null, null),
    comparable: async ({ id, request }) => await newestDocument(keyOf(request), id),

    remove,

    async removeDamaged (id) {
      const row = await rowOf(id)
      if (row === null || isWhole(row)) return false
      await remove(id)
      return true
    },

    async expired (timeMs, maxStored) {
      const old = timeMs === -Infinity ? [] : await readable(await endedBefore(timeMs))
      const expired = old.length > 0 || maxStored === 0 ? old : await readable(await oldestAbove(maxStored))
      return expired.map(({ record }) => record)
    },

    async documentNames (names) {
      const rows = names.length === 0 ? [] : await queries.selectFrom('runs').select('document_name').where('document_name', 'in', names).execute()
      return new Set(rows.flatMap(({ document_name: name }) => name ?? []))
    },

    async removeClaimsBefore (timeMs) {
      await queries.deleteFrom('claims').where('claimed_ms', '<', timeMs).execute()
    },
  }

  /** The newest readable run with a document that is older than `before` and has that request; null: any. */
  async function newestDocument (requestKey: string | null, before: string | null): Promise<StoredRun | null> {
    for (let olderThan = before; ;) {
      let query = queries.selectFrom('runs').selectAll().where('document_name', 'is not', null).orderBy('id', 'desc').limit(1)
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

  /** A damaged run is given to nobody. */
  async function equalPending (requestKey: string, within: Queries): Promise<{ run_id: string, request_key: string } | undefined> {
    const rows = await within.selectFrom('runs').selectAll().where('pending', '=', 1).where('request_key', '=', requestKey).orderBy('id').execute()
    const whole = rows.find(isWhole)
    return whole === undefined ? undefined : { run_id: whole.id, request_key: whole.request_key }
  }

  async function remove (id: string): Promise<void> {
    remembered.delete(id)
    await transaction({ lock: null, isDurable: true }, async (within) => {
      await within.deleteFrom('runs').where('id', '=', id).execute()
      await within.deleteFrom('claims').where('run_id', '=', id).execute()
      await within.deleteFrom('quality_reports').where('run_id', '=', id).execute()
    })
  }

  async function countPending (within: Queries): Promise<number> {
    const row = await within.selectFrom('runs').select(({ fn }) => fn.countAll<number>().as('count')).where('pending', '=', 1).executeTakeFirstOrThrow()
    return Number(row.count)
  }

  async function endedBefore (timeMs: number): Promise<RunRow[]> {
    return await queries.selectFrom('runs').selectAll().where('pending', '=', 0).where('finished_ms', '<', timeMs)
      .orderBy('finished_ms').limit(EXPIRED_TOGETHER).execute()
  }

  async function oldestAbove (maxStored: number): Promise<RunRow[]> {
    const { count } = await queries.selectFrom('runs').select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow()
    const excess = Math.min(EXPIRED_TOGETHER, Number(count) - maxStored)
    return excess <= 0 ? [] : await queries.selectFrom('runs').selectAll().where('pending', '=', 0).orderBy('finished_ms').limit(excess).execute()
  }
}
