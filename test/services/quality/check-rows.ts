import { CHECK_IDS, definitionOf } from '../../../src/services/quality/checks.ts'
import type { Tolerance } from '../../../src/services/quality/check-definition.ts'

/** The checks as rows of a Markdown table: what docs/quality.md shows. */
export function checkRows (): string[] {
  return CHECK_IDS.map((id) => {
    const { table, column, severity, rule, tolerated, reason, tier } = definitionOf(id)
    const where = column === null ? `\`${table}\`` : `\`${table}.${column}\``
    const values = definitionOf(id).values
    const what = values === undefined ? rule : `${rule}: ${values.join(', ')}`
    return `| \`${id}\` | ${where} | ${severity} | ${what}${tier === undefined ? '' : ` (${tier} tier)`} | ${
      toleranceText(tolerated)
    } | ${reason} |`
  })
}

function toleranceText ({ share, count }: Tolerance): string {
  if (share === 0) return count === 0 ? 'none' : String(count)
  return `${share * 100} %${count === 0 ? '' : `, or ${count}`}`
}
