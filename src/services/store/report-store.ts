import { seal, unseal } from '../database/checksum.ts'
import type { Database, Queries } from '../database/database.ts'
import type { QualityReportRow } from '../database/tables.ts'

/** A quality report as it is stored: what it is found by, and two JSON texts. */
export interface StoredReport {
  runId: string
  /** The key of the request: equal requests have equal keys. */
  requestKey: string
  tier: string
  finishedMs: number
  /** Whether later runs are compared with it. */
  isComparable: boolean
  /** SHA-256 of the document that was judged. */
  sha256: string
  profile: string
  report: string
}

/** The profile of an earlier run. */
export type EarlierProfile = Pick<StoredReport, 'runId' | 'finishedMs' | 'profile'>

/** The quality reports of all runs; the run store deletes them with their runs. */
export interface ReportStore {
  /** The last reports of the same request and tier up to a time, newest first, without that of the run itself. */
  earlier: (
    than: Pick<StoredReport, 'runId' | 'requestKey' | 'tier' | 'finishedMs'>,
    limit: number
  ) => Promise<EarlierProfile[]>
  /** The report of this document; null: there is none, or it is damaged. */
  read: (runId: string, sha256: string) => Promise<Pick<StoredReport, 'profile' | 'report'> | null>
  /** Stores a report in place of the run's earlier one. */
  save: (report: StoredReport, within: Queries) => Promise<void>
}

export function createReportStore ({ queries }: Pick<Database, 'queries'>): ReportStore {
  return {
    async earlier ({ runId, requestKey, tier, finishedMs }, limit) {
      const rows = await queries.selectFrom('quality_reports').select(['run_id', 'finished_ms', 'profile'])
        .where('request', '=', requestKey).where('tier', '=', tier).where('comparable', '=', 1)
        .where('finished_ms', '<=', finishedMs).where('run_id', '!=', runId)
        .orderBy('finished_ms', 'desc').limit(limit).execute()
      return rows.flatMap((row) => {
        const profile = textOf(row.run_id, row.profile)
        return profile === null ? [] : [{ runId: row.run_id, finishedMs: row.finished_ms, profile }]
      })
    },

    async read (runId, sha256) {
      const row = await queries.selectFrom('quality_reports').select(['profile', 'report'])
        .where('run_id', '=', runId).where('sha256', '=', sha256).executeTakeFirst()
      if (row === undefined) return null
      const [profile, report] = [textOf(runId, row.profile), textOf(runId, row.report)]
      return profile === null || report === null ? null : { profile, report }
    },

    async save (stored, within) {
      const { run_id: id, ...columns } = rowOf(stored)
      await within.insertInto('quality_reports').values({ run_id: id, ...columns })
        .onConflict((row) => row.column('run_id').doUpdateSet(columns)).execute()
    },
  }
}

function rowOf ({ runId, requestKey, tier, finishedMs, isComparable, ...stored }: StoredReport): QualityReportRow {
  return {
    run_id: runId,
    request: requestKey,
    tier,
    finished_ms: finishedMs,
    comparable: isComparable ? 1 : 0,
    sha256: stored.sha256,
    profile: seal(`${runId} ${stored.profile}`),
    report: seal(`${runId} ${stored.report}`),
  }
}

/** The text as it was stored for that run; null: it is damaged, or that of another run. */
function textOf (runId: string, sealed: string): string | null {
  const text = unseal(sealed)
  return text?.startsWith(`${runId} `) === true ? text.slice(runId.length + 1) : null
}
