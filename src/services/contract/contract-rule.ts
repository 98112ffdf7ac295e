/** The dimensions of the Open Data Contract Standard 3.1. */
export type ContractDimension =
  'accuracy' | 'completeness' | 'conformity' | 'consistency' | 'coverage' | 'timeliness' | 'uniqueness'

/** What must hold of a number that is counted: as the standard writes it. */
type Bound =
  | { mustBe: number }
  | { mustBeLessOrEqualTo: number }
  | { mustBeGreaterOrEqualTo: number }
  | { mustBeBetween: [number, number] }

type Metric = 'nullValues' | 'missingValues' | 'invalidValues' | 'duplicateValues' | 'rowCount'
type Unit = 'rows' | 'percent'

/** What a rule counts: a metric of the standard, the result of a query over the tables, or what only its text says. */
export type Measure =
  | Bound & { metric: Metric, unit?: Unit, arguments?: Record<string, unknown> }
  | Bound & { query: string, unit?: Unit }
  | null

/** A quality rule of the contract. */
export interface ContractRule {
  /** Stable, and no other rule's. */
  name: string
  table: string
  /** null: it is about whole rows. */
  column: string | null
  dimension: ContractDimension
  severity: 'error' | 'warning'
  description: string
  measure: Measure
}
