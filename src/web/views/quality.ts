import type { Check, QualityReport } from '../../schemas/quality.ts'
import type { Run } from '../../schemas/run.ts'
import { type Content, type Html, html } from '../html.ts'
import type { Visit } from '../site.ts'
import { amountText, countText } from '../text.ts'
import { scrollTable } from './table.ts'

const VERDICT_SIGNS: Record<string, string> = { passed: '✓', warned: '!', failed: '✕', skipped: '–' }
const COLUMNS = [
  { title: 'Check' },
  { title: 'Verdict' },
  { title: 'Rule' },
  { title: 'Expected' },
  { title: 'Observed' },
  { title: 'Rows', isNumber: true },
]

/** The verdict on a document, and the checks that do not pass. */
export function qualitySection ({ site }: Visit, run: Run, report: QualityReport | null): Html | null {
  const { id, quality, file } = run
  if (file === null) return null
  const found = report?.checks.filter(({ verdict }) => verdict === 'failed' || verdict === 'warned') ?? []
  return html`<section class="card${found.length > 0 && ' wide'}" aria-labelledby="quality">
<h2 id="quality">Quality</h2>
${quality === null ? html`<p>The document has not been judged yet.</p>` : verdictText(quality, report)}
${found.length > 0 && scrollTable('Checks that do not pass', COLUMNS, found.map(checkRow))}
<p class="after"><a href="${site.path(`/runs/${id}/quality`)}">The whole report as JSON</a></p></section>`
}

function verdictText ({ verdict, failed, warned }: NonNullable<Run['quality']>, report: QualityReport | null): Content {
  const checks = report === null ? '' : `${amountText(report.checks.length, 'check')}: `
  return html`<p>${verdictBadge(verdict)} ${checks}${countText(failed)} failed, ${countText(warned)} warned.</p>`
}

function checkRow ({ id, verdict, rule, expected, observed, failingCount }: Check): Html {
  return html`<tr><th scope="row"><code>${id}</code></th><td>${verdictBadge(verdict)}</td><td>${rule}</td>
<td>${expected}</td><td>${observed}</td><td class="number">${countText(failingCount)}</td></tr>`
}

function verdictBadge (verdict: Check['verdict']): Html {
  return html`<span class="status verdict-${verdict}"
><span class="status-sign" aria-hidden="true">${VERDICT_SIGNS[verdict]}</span> ${verdict}</span>`
}
