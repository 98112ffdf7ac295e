import type { Check, QualityReport } from '../../schemas/quality.ts'
import type { Run } from '../../schemas/run.ts'
import { type Html, html } from '../html.ts'
import type { Visit } from '../site.ts'
import { amountText, countText } from '../text.ts'

const VERDICT_SIGNS: Record<string, string> = { passed: '✓', warned: '!', failed: '✕', skipped: '–' }

/** The verdict on a document, and the checks that do not pass. */
export function qualitySection ({ site }: Visit, { id, quality, file }: Run, report: QualityReport | null): Html | null {
  if (file === null) return null
  const link = html`<p><a href="${site.path(`/runs/${id}/quality`)}">The whole report as JSON</a></p>`
  if (quality === null) return html`<section aria-labelledby="quality"><h2 id="quality">Quality</h2><p>The document has not been judged yet.</p>${link}</section>`
  const found = report?.checks.filter(({ verdict }) => verdict === 'failed' || verdict === 'warned') ?? []
  return html`<section aria-labelledby="quality"><h2 id="quality">Quality</h2>
<p>${verdictBadge(quality.verdict)} ${report !== null && amountText(report.checks.length, 'check')}${report !== null && ': '}${countText(quality.failed)} failed, ${countText(quality.warned)} warned.</p>
${found.length > 0 && html`<div class="scroll" tabindex="0" role="region" aria-label="Checks that do not pass"><table><caption class="visually-hidden">Checks that do not pass</caption>
<thead><tr><th scope="col">Check</th><th scope="col">Verdict</th><th scope="col">Rule</th><th scope="col">Expected</th><th scope="col">Observed</th><th scope="col" class="number">Rows</th></tr></thead><tbody>${found.map(checkRow)}</tbody></table></div>`}
${link}</section>`
}

function checkRow ({ id, verdict, rule, expected, observed, failingCount }: Check): Html {
  return html`<tr><th scope="row"><code>${id}</code></th><td>${verdictBadge(verdict)}</td><td>${rule}</td><td>${expected}</td><td>${observed}</td><td class="number">${countText(failingCount)}</td></tr>`
}

function verdictBadge (verdict: Check['verdict']): Html {
  return html`<span class="status verdict-${verdict}"><span class="status-sign" aria-hidden="true">${VERDICT_SIGNS[verdict]}</span> ${verdict}</span>`
}
