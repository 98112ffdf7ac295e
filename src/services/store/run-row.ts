import { ServiceError } from '../../errors.ts'
import type { Run } from '../../schemas/run.ts'
import { checksumOf, sealJson, unsealJson } from '../database/checksum.ts'
import type { RunRow } from '../database/tables.ts'
import { type RunRecord, hasEnded, keyOf } from '../run-record.ts'

/** The row of a run that is stored for the first time. */
export function newRow (record: RunRecord): RunRow {
  return {
    ...columnsOf(record),
    id: record.run.id,
    version: 1,
    owner: null,
    beat_ms: null,
    live: null,
    cancel_wanted: 0,
    releases_done: 0,
  }
}

/** The columns that follow from the record. */
export function columnsOf (
  record: RunRecord
): Pick<RunRow, 'status' | 'pending' | 'document_name' | 'finished_ms' | 'request_key' | 'record' | 'checksum'> {
  const { run } = record
  const text = JSON.stringify(record)
  return {
    status: run.status,
    pending: hasEnded(run) ? 0 : 1,
    document_name: run.file?.name ?? null,
    finished_ms: run.finishedAt === null ? null : Date.parse(run.finishedAt),
    request_key: keyOf(run.request),
    record: text,
    checksum: checksumOf(run.id, text),
  }
}

/** Throws `storage_failed` where the record, or a column that follows from it, is not as it was written. */
export function recordOf (row: RunRow): RunRecord {
  if (checksumOf(row.id, row.record) === row.checksum) {
    const record = JSON.parse(row.record) as RunRecord
    const expected = columnsOf(record)
    if (record.run.id === row.id && (Object.keys(expected) as Array<keyof typeof expected>).every(
      (name) => expected[name] === row[name]
    )) return withDefaults(record)
  }
  throw new ServiceError(
    'storage_failed', `the record of run ${row.id} is damaged: restore the database from a backup, or delete the run`
  )
}

/** Fields that records of an earlier release lack. */
function withDefaults (record: RunRecord): RunRecord {
  return 'quality' in record.run ? record : { ...record, run: { ...record.run as Run, quality: null } }
}

export function isWhole (row: RunRow): boolean {
  try {
    recordOf(row)
    return true
  } catch {
    return false
  }
}

/** The run as its owner has shown it last; null: there is nothing newer than the record. */
export function liveRun ({ id, live }: RunRow, { executions, run }: RunRecord): Run | null {
  if (live === null || run.status !== 'running') return null
  const shown = unsealJson<{ execution: number, run: Run }>(live)
  return shown?.execution === executions && shown.run.id === id ? shown.run : null
}

/** The run as its owner shows it, as it is stored. */
export function liveText (run: Run, execution: number): string {
  return sealJson({ execution, run })
}
