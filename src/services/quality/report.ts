import type { Check, QualityReport, QualityVerdict } from '../../schemas/quality.ts'
import { type EarlierRun, type Profile, baselineOf } from './baseline.ts'
import { CHECK_IDS, type CheckId, definitionOf } from './checks.ts'
import type { CheckDefinition } from './check-definition.ts'
import { type CheckedRun, type Observation, observeDocument } from './document-checks.ts'
import type { AlbumTier } from '../album-tier.ts'
import type { Findings } from './inspection.ts'

/** Judges what was found in a document, beside what earlier runs of an equal request and tier had. */
export function reportOf (run: CheckedRun, findings: Findings, earlier: readonly EarlierRun[]): QualityReport {
  const { tier, tallies, profile } = findings
  const baseline = baselineOf(tier, earlier)
  const observations = new Map<CheckId, Observation | null>([...tallies, ...observeDocument(run, findings, baseline)])
  const checks = CHECK_IDS.map((id) => judge(id, observations.get(id) ?? null, tier))
  return {
    runId: run.id,
    verdict: verdictOf(checks).verdict,
    checks,
    profile: { tier, ...profile satisfies Profile },
    baseline,
  }
}

/** Errors fail, warnings warn. */
export function verdictOf (checks: readonly Check[]): QualityVerdict {
  const of = (verdict: Check['verdict']): number => checks.filter((check) => check.verdict === verdict).length
  const [failed, warned] = [of('failed'), of('warned')]
  return { verdict: failed > 0 ? 'failed' : warned > 0 ? 'warned' : 'passed', failed, warned }
}

function judge (id: CheckId, observation: Observation | null, tier: AlbumTier): Check {
  const definition = definitionOf(id)
  const { table, column, dimension, severity, rule } = definition
  const common = { id, table, column, dimension, severity, rule }
  if (observation === null || (definition.tier !== undefined && definition.tier !== tier)) {
    return {
      ...common,
      expected: 'does not apply',
      observed: 'does not apply',
      verdict: 'skipped',
      failing: [],
      failingCount: 0,
    }
  }
  const { rows, failing, failingCount } = observation
  const allowed = allowedOf(definition, rows)
  return {
    ...common,
    expected: observation.expected ?? (allowed === 0 ? 'every row' : `all but ${allowed} of ${rows} rows`),
    observed: observation.observed ??
      (failingCount === 0 ? `${rows} of ${rows} rows` : `all but ${failingCount} of ${rows} rows`),
    verdict: failingCount <= allowed ? 'passed' : severity === 'error' ? 'failed' : 'warned',
    failing,
    failingCount,
  }
}

function allowedOf ({ tolerated: { share, count } }: CheckDefinition, rows: number): number {
  return Math.max(Math.floor(share * rows), count)
}
