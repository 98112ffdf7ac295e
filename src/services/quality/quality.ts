import type { QualityReport, QualityVerdict } from '../../schemas/quality.ts'
import type { Run, StoredFile } from '../../schemas/run.ts'
import type { Queries } from '../database/database.ts'
import type { ReportStore } from '../store/report-store.ts'
import { keyOf } from '../run-record.ts'
import { type EarlierRun, MAX_EARLIER_RUNS, type Profile } from './baseline.ts'
import type { Findings } from './inspection.ts'
import { reportOf, verdictOf } from './report.ts'

/** A report that is not stored yet, and its short form for the run. */
export interface Judgement {
  report: QualityReport
  verdict: QualityVerdict
}

/** Judges documents and keeps the reports. */
export interface Quality {
  /** Compares what was found in the document of a run with earlier runs. */
  judge: (run: Run, findings: Findings) => Promise<Judgement>
  /** Stores the report of this document, in the transaction that stores its verdict. */
  save: (run: Run, file: StoredFile, judgement: Judgement, within: Queries) => Promise<void>
  /** The stored report of this document; null: there is none. */
  read: (runId: string, file: StoredFile) => Promise<QualityReport | null>
}

/** The parts of a report that are stored apart: earlier runs are read by their profiles alone. */
type StoredParts = Omit<QualityReport, 'profile'>

export function createQuality (store: ReportStore): Quality {
  return {
    async judge (run, findings) {
      const { tier } = findings
      const earlier = await store.earlier({
        runId: run.id,
        requestKey: keyOf(run.request),
        tier,
        finishedMs: endMs(run),
      }, MAX_EARLIER_RUNS)
      const report = reportOf(
        run,
        findings,
        earlier.map(({ runId, finishedMs, profile }): EarlierRun => ({
          runId,
          finishedAt: new Date(finishedMs).toISOString(),
          profile: JSON.parse(profile) as Profile,
        }))
      )
      return { report, verdict: verdictOf(report.checks) }
    },

    async save (run, { sha256 }, { report: { profile, ...report } }, within) {
      await store.save({
        runId: run.id,
        requestKey: keyOf(run.request),
        tier: profile.tier,
        finishedMs: endMs(run),
        isComparable: run.status === 'succeeded' || run.status === 'partial',
        sha256,
        profile: JSON.stringify(profile),
        report: JSON.stringify(report),
      }, within)
    },

    async read (runId, { sha256 }) {
      const stored = await store.read(runId, sha256)
      if (stored === null) return null
      return {
        ...JSON.parse(stored.report) as StoredParts,
        profile: JSON.parse(stored.profile) as QualityReport['profile'],
      }
    },
  }
}

function endMs ({ finishedAt, createdAt }: Run): number {
  return Date.parse(finishedAt ?? createdAt)
}
