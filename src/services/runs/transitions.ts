import type { Run, RunFailure, RunRequest, StoredFile, Trigger } from '../../schemas/run.ts'
import type { Conclusion } from '../ingest/outcome.ts'
import { NO_COST } from '../spotify/cost.ts'
import { type RunRecord, hasEnded, isResumable } from '../run-record.ts'

/**
 * The life of a run: each function is one legal step, and leaves a record that has ended as it is. The steps of an
 * execution do nothing once a later one has begun: then it has been taken for dead, and the record is no longer its
 * own.
 */

export const BY_API: Trigger = { kind: 'api', name: null }

export function newRecord (id: string, request: RunRequest, nowMs: number, trigger = BY_API): RunRecord {
  return {
    executions: 0,
    resumptions: 0,
    run: {
      id,
      status: 'queued',
      complete: null,
      request,
      source: null,
      createdAt: timestamp(nowMs),
      startedAt: null,
      finishedAt: null,
      resumeAt: null,
      progress: { albumsListed: 0, albumsFetched: 0, tracks: 0 },
      listing: null,
      waiting: null,
      trigger,
      quality: null,
      gaps: [],
      cost: NO_COST,
      error: null,
      file: null,
    },
  }
}

/** queued, paused or (after a crash) running: an execution begins. The document is named after the first one. */
export function begin (record: RunRecord, nowMs: number): RunRecord {
  if (hasEnded(record.run)) return record
  const { run, executions } = record
  return {
    ...record,
    executions: executions + 1,
    run: {
      ...run,
      status: 'running',
      startedAt: run.startedAt ?? notBefore(run.createdAt, nowMs),
      resumeAt: null,
      error: null,
    },
  }
}

/** partial, failed or canceled: it goes on for what is missing. Any other run stays as it is. */
export function resume (record: RunRecord): RunRecord {
  if (record.isDeleted === true || !isResumable(record.run)) return record
  return {
    ...record,
    resumptions: record.resumptions + 1,
    run: {
      ...record.run,
      status: 'queued',
      complete: null,
      finishedAt: null,
      resumeAt: null,
      quality: null,
      gaps: [],
      error: null,
      file: null,
    },
  }
}

/** It has ended, and from now on it cannot be resumed: its files go. Any other run stays as it is. */
export function discard (record: RunRecord): RunRecord {
  return hasEnded(record.run) ? { ...record, isDeleted: true } : record
}

/** What an execution has changed, whatever comes of it. */
export type Snapshot = Pick<Run, 'source' | 'progress' | 'listing' | 'cost'>

/** running, by that execution: Spotify must not be called before a time. */
export function pause (
  record: RunRecord, execution: number, snapshot: Snapshot, error: RunFailure, resumeAtMs: number
): RunRecord {
  return isAtWork(record, execution) ? { ...record, run: paused(record.run, snapshot, error, resumeAtMs) } : record
}

/** Returns the run as it is shown until it resumes by itself. */
export function paused (run: Run, snapshot: Snapshot, error: RunFailure, resumeAtMs: number): Run {
  return { ...run, ...snapshot, status: 'paused', resumeAt: timestamp(resumeAtMs), error }
}

/** The run as it will be when it has ended: what the document begins with. */
export function ended (run: Run, snapshot: Snapshot, gaps: Run['gaps'], conclusion: Conclusion, nowMs: number): Run {
  return {
    ...run,
    ...snapshot,
    ...conclusion,
    gaps,
    finishedAt: notBefore(run.startedAt ?? run.createdAt, nowMs),
    resumeAt: null,
  }
}

/** running, by that execution: it has ended, with a document that was judged or without one. */
export function finish (
  record: RunRecord, execution: number, run: Run, file: StoredFile | null, quality: Run['quality'] = null
): RunRecord {
  return isAtWork(record, execution) ? { ...record, run: { ...run, file, quality } } : record
}

/** No later execution has begun, and nobody has let the run go on after its end. */
function isAtWork ({ executions, run }: RunRecord, execution: number): boolean {
  return executions === execution && run.status === 'running'
}

/**
 * Returns `album_items_{YYYYMMDD}T{HHMMSS}Z_{last six of the id}.json`, with the time at which the run started, in UTC.
 */
export function documentName ({ id, startedAt, createdAt }: Run): string {
  return `album_items_${(startedAt ?? createdAt).replace(/\.\d+/, '').replace(/[-:]/g, '')}_${id.slice(-6)}.json`
}

/** The present time, or an earlier stage's where the wall clock was set back since. */
function notBefore (earlier: string, nowMs: number): string {
  return timestamp(Math.max(nowMs, Date.parse(earlier)))
}

function timestamp (ms: number): string {
  return new Date(ms).toISOString()
}
