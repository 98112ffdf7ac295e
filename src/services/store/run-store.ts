import type { Run } from '../../schemas/run.ts'
import { ServiceError } from '../../errors.ts'
import type { Database, Queries } from '../database/database.ts'
import type { RunRow } from '../database/tables.ts'
import type { Log } from '../log.ts'
import type { Owners } from './owner.ts'
import { type RunLists, countPending, createRunLists } from './run-lists.ts'
import { type StoredRun, createRunReader } from './run-reader.ts'
import { columnsOf, isWhole, liveText, newRow, recordOf } from './run-row.ts'
import { type RunRecord, hasEnded, keyOf } from '../run-record.ts'

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

/** The truth about runs, for any number of processes. */
export interface RunStore extends RunLists {
  /**
   * Stores a run, or tells which one there is for the key or, without one, for an equal request that has not ended.
   * Durable when it resolves.
   */
  admit: (admission: Admission) => Promise<Admitted>
  /**
   * Reads a run, or returns null where there is none of this id. While the database is away, a run that has ended is
   * returned as it was read last. Throws `storage_failed` where it is damaged.
   */
  read: (id: string) => Promise<StoredRun | null>
  /**
   * Replaces the record by what `change` makes of it. Where it gives the record that it was given, nothing is written.
   * @param change asked again when another process was faster
   * @param release true: the run has no owner from now on
   * @param also written in the same transaction as the record, or not at all
   */
  update: (
    id: string, change: (record: RunRecord) => RunRecord, release?: boolean, also?: (within: Queries) => Promise<void>
  ) => Promise<RunRecord>
  /**
   * Becomes the owner of a run that has not ended, unless a process that lives owns it, and stores what `change` makes
   * of its record.
   */
  begin: (id: string, change: (record: RunRecord) => RunRecord) => Promise<Begun>
  /** The run has no owner from now on, if it was this process. */
  release: (id: string) => Promise<void>
  /**
   * Stores the run as it is shown, and that its owner lives; tells whether a client wants it to end, and whether it is
   * still ours.
   * @param also written in the same transaction where the run is ours
   */
  beat: (
    run: Run, execution: number, also?: (within: Queries) => Promise<void>
  ) => Promise<{ isOurs: boolean, isCancelWanted: boolean }>
  wantCancel: (id: string) => Promise<void>
  remove: (id: string) => Promise<void>
  /** Deletes a run whose record is damaged; false: it is not. */
  removeDamaged: (id: string) => Promise<boolean>
  removeClaimsBefore: (timeMs: number) => Promise<void>
}

/** Each time somebody else has succeeded: so often in a row does not happen. */
const MAX_TRIES = 1000

export function createRunStore (
  database: Pick<Database, 'kind' | 'queries' | 'transaction' | 'nowMs'>, owners: Owners, log: Log
): RunStore {
  const { queries, transaction } = database
  const reader = createRunReader(database, owners, log)
  const { rowOf, stored } = reader

  /**
   * False: another process has changed the record since. What is not in `columns` stays as it is now: a beat or a wish
   * to cancel may just have come.
   */
  async function replace (
    row: RunRow,
    record: RunRecord,
    columns: Partial<Pick<RunRow, 'owner' | 'beat_ms' | 'cancel_wanted' | 'releases_done'>>,
    within: Queries
  ): Promise<boolean> {
    const values = { ...columnsOf(record), version: row.version + 1, live: null, ...columns }
    const { numUpdatedRows } = await within.updateTable('runs').set(values)
      .where('id', '=', row.id).where('version', '=', row.version).executeTakeFirst()
    return numUpdatedRows === 1n
  }

  async function existingRow (id: string): Promise<RunRow> {
    const row = await rowOf(id)
    if (row === null) throw new ServiceError('run_not_found', `the record of run ${id} is gone: it was deleted`)
    return row
  }

  return {
    ...createRunLists(database, reader),
    read: reader.read,

    async admit ({ record, key, maxPending }) {
      const { run } = record
      const requestKey = keyOf(run.request)
      return await transaction({ lock: 'admission', isDurable: true }, async (within) => {
        const existing = key === null
          ? await equalPending(requestKey, within)
          : await within.selectFrom('claims').select(['run_id', 'request_key']).where('name', '=', key.name).where(
            'claimed_ms', '>=', key.validFromMs
          ).executeTakeFirst()
        if (existing !== undefined) return { kind: 'existing', id: existing.run_id, requestKey: existing.request_key }
        const pending = await countPending(within)
        if (pending >= maxPending) return { kind: 'full', pending }
        await within.insertInto('runs').values(newRow(record)).execute()
        if (key !== null) {
          const claim = { run_id: run.id, request_key: requestKey, claimed_ms: Date.parse(run.createdAt) }
          await within.insertInto('claims').values({ name: key.name, ...claim }).onConflict(
            (row) => row.column('name').doUpdateSet(claim)
          ).execute()
        }
        return { kind: 'new' }
      })
    },

    async update (id, change, release = false, also) {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const row = await existingRow(id)
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
      throw new ServiceError(
        'storage_failed', `the record of run ${id} cannot be changed: other processes keep changing it`
      )
    },

    async begin (id, change) {
      for (;;) {
        const row = await existingRow(id)
        const nowMs = await database.nowMs()
        const { record, isOwned } = stored(row, nowMs)
        if (hasEnded(record.run)) return { kind: 'ended', record }
        if (isOwned) return { kind: 'owned' }
        const after = change(record)
        if (await transaction(
          { lock: null, isDurable: true },
          async (within) => await replace(row, after, { owner: owners.me, beat_ms: nowMs }, within)
        )) return { kind: 'begun', record: after }
      }
    },

    async release (id) {
      await queries.updateTable('runs').set({ owner: null, beat_ms: null }).where('id', '=', id).where(
        'owner', '=', owners.me
      ).execute()
    },

    async beat (run, execution, also) {
      const live = liveText(run, execution)
      const nowMs = await database.nowMs()
      const row = await transaction({ lock: null, isDurable: false }, async (within) => {
        const ours = await within.updateTable('runs').set({ beat_ms: nowMs, live })
          .where('id', '=', run.id).where('owner', '=', owners.me).returning('cancel_wanted').executeTakeFirst()
        if (ours !== undefined) await also?.(within)
        return ours
      })
      return { isOurs: row !== undefined, isCancelWanted: row?.cancel_wanted === 1 }
    },

    async wantCancel (id) {
      await queries.updateTable('runs').set({ cancel_wanted: 1 }).where('id', '=', id).where(
        'pending', '=', 1
      ).execute()
    },

    remove,

    async removeDamaged (id) {
      const row = await rowOf(id)
      if (row === null || isWhole(row)) return false
      await remove(id)
      return true
    },

    async removeClaimsBefore (timeMs) {
      await queries.deleteFrom('claims').where('claimed_ms', '<', timeMs).execute()
    },
  }

  /** A damaged run is given to nobody. */
  async function equalPending (
    requestKey: string, within: Queries
  ): Promise<{ run_id: string, request_key: string } | undefined> {
    const rows = await within.selectFrom('runs').selectAll().where('pending', '=', 1).where(
      'request_key', '=', requestKey
    ).orderBy('id').execute()
    const whole = rows.find(isWhole)
    return whole === undefined ? undefined : { run_id: whole.id, request_key: whole.request_key }
  }

  async function remove (id: string): Promise<void> {
    reader.forget(id)
    await transaction({ lock: null, isDurable: true }, async (within) => {
      await within.deleteFrom('runs').where('id', '=', id).execute()
      for (const table of ['claims', 'quality_reports', 'timelines'] as const) {
        await within.deleteFrom(table).where('run_id', '=', id).execute()
      }
    })
  }
}
