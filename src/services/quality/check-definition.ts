import type { Dimension, Severity, TableName } from '../../schemas/quality.ts'

/** What a check may find without failing: the larger of a share of the rows and a number of them. */
export interface Tolerance {
  share: number
  count: number
}

/** What is always the same about a check: where it looks, what it demands, what it tolerates, and why. */
export interface CheckDefinition {
  dimension: Dimension
  severity: Severity
  table: TableName
  /** null: the check is about rows or several columns. */
  column: string | null
  /** What holds for each row, or for the table, as the predicate of a sentence. */
  rule: string
  tolerated: Tolerance
  /** Why the threshold is where it is. */
  reason: string
  /** Set where the other tier never has the field: the check is skipped there. */
  tier?: 'extended'
  /** The smallest and the largest value. */
  range?: readonly [min: number, max: number]
  values?: readonly string[]
  pattern?: RegExp
  /** The number in `rule` that is no share of rows: days, rows, or a share of change. */
  limit?: number
}

type Facts = Pick<CheckDefinition, 'tier' | 'range' | 'values' | 'pattern' | 'limit'>

/** `albums.name` is a column, `albums` a table. */
type Place = TableName | `${TableName}.${string}`

/** Creates definitions of one dimension and severity, so that the table of checks has one line per fact. */
export function define (dimension: Dimension, severity: Severity) {
  return (place: Place, rule: string, tolerated: Tolerance, reason: string, facts: Facts = {}): CheckDefinition => {
    const [table, column = null] = place.split('.') as [TableName, string?]
    return { dimension, severity, table, column, rule, tolerated, reason, ...facts }
  }
}

export const NONE: Tolerance = { share: 0, count: 0 }

/** Tolerates a share of the rows, and at least `count` of them, so that a small document is not judged by one row. */
export function upTo (share: number, count = 0): Tolerance {
  return { share, count }
}
