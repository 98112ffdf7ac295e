import { CompiledQuery } from 'kysely'
import type { Run } from '../../schemas/run.ts'
import type { Database } from '../database/database.ts'
import { isAway } from '../database/failure.ts'
import type { RunRow } from '../database/tables.ts'
import type { Log } from '../log.ts'
import { type RunRecord, hasEnded } from '../run-record.ts'
import type { Owners } from './owner.ts'
import { isRunId } from './run-id.ts'
import { liveRun, recordOf } from './run-row.ts'

/** A run as it was read: `run` as its owner shows it, `record` as it is stored. */
export interface StoredRun {
  record: RunRecord
  run: Run
  /** Whether another process, which lives, executes it. */
  isOwned: boolean
}

/** Reads runs from their rows. */
export interface RunReader {
  /** Returns what `RunStore.read` does. */
  read: (id: string) => Promise<StoredRun | null>
  rowOf: (id: string) => Promise<RunRow | null>
  /** Throws `storage_failed` where the row is damaged. */
  stored: (row: RunRow, nowMs: number) => StoredRun
  /** Leaves out, with a line in the log, what is damaged. */
  readable: (rows: RunRow[]) => Promise<StoredRun[]>
  forget: (id: string) => void
}

/** Runs that have ended, in memory: at most 4 MiB of JSON. */
const MAX_REMEMBERED = 256
const LONGEST_REMEMBERED = 16 * 1024

export function createRunReader (
  database: Pick<Database, 'kind' | 'queries' | 'nowMs'>, owners: Owners, log: Log
): RunReader {
  const { queries } = database
  const remembered = new Map<string, { version: number, checksum: string, run: StoredRun }>()

  /** Returns the ended run that was read before, if it is unchanged: far cheaper than to read and check it again. */
  async function recall (id: string): Promise<StoredRun | null> {
    const known = remembered.get(id)
    if (known === undefined) return null
    const { rows: [row] } = await queries.executeQuery<Pick<RunRow, 'version' | 'checksum'>>(CompiledQuery.raw(
      `select version, checksum from runs where id = ${database.kind === 'sqlite' ? '?' : '$1'}`, [id]
    ))
    if (row?.version === known.version && row.checksum === known.checksum) return known.run
    remembered.delete(id)
    return null
  }

  function remember ({ id, version, checksum, record: text }: RunRow, run: StoredRun): void {
    if (!hasEnded(run.record.run) || text.length > LONGEST_REMEMBERED) return
    remembered.set(id, { version, checksum, run })
    if (remembered.size > MAX_REMEMBERED) remembered.delete(remembered.keys().next().value ?? '')
  }

  async function rowOf (id: string): Promise<RunRow | null> {
    if (!isRunId(id)) return null
    return await queries.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst() ?? null
  }

  function stored (row: RunRow, nowMs: number): StoredRun {
    const record = recordOf(row)
    const isOwned = row.owner !== null && row.owner !== owners.me && row.beat_ms !== null &&
      owners.isAlive(row.owner, nowMs - row.beat_ms)
    return { record, run: liveRun(row, record) ?? record.run, isOwned }
  }

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

  async function read (id: string): Promise<StoredRun | null> {
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
  }

  return { read, rowOf, stored, readable, forget: (id) => { remembered.delete(id) } }
}
