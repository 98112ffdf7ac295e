import type { CheckDefinition } from '../quality/check-definition.ts'
import type { Dimension } from '../../schemas/quality.ts'
import { CHECKS } from '../quality/checks.ts'
import type { ContractDimension, ContractRule } from './contract-rule.ts'

/** The contract's names of the dimensions of quality. */
const DIMENSIONS: Record<Dimension, ContractDimension> = {
  completeness: 'completeness',
  uniqueness: 'uniqueness',
  validity: 'conformity',
  consistency: 'consistency',
  freshness: 'timeliness',
  volume: 'coverage',
  drift: 'coverage',
  plausibility: 'accuracy',
}

/**
 * Returns the checks of quality as rules of the contract: each document is judged by them, and `/quality` has the
 * result.
 */
export function qualityRules (): ContractRule[] {
  return Object.entries<CheckDefinition>(CHECKS).map(([name, check]) => ({
    name,
    table: check.table,
    column: check.column,
    dimension: DIMENSIONS[check.dimension],
    severity: check.severity,
    description: descriptionOf(check),
    measure: null,
  }))
}

function descriptionOf ({ table, column, rule, tier, tolerated, reason }: CheckDefinition): string {
  const { share, count } = tolerated
  const most = count === 0 ? `${share * 100} % of the rows` : `${share * 100} % of the rows, or ${count},`
  const tolerance = share === 0 ? '' : ` ${most} may differ.`
  return `${column ?? table} ${rule}${tier === undefined ? '' : ` (${tier} tier)`}.${tolerance} Why: ${reason}.`
}
