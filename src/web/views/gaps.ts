import type { Gap, Run } from '../../schemas/run.ts'
import { type Html, html } from '../html.ts'
import type { Visit } from '../site.ts'
import { amountText, countText } from '../text.ts'

const MOST_SHOWN = 100

/** What was promised and is not in the document, by reason. */
export function gapsSection ({ site }: Visit, { id, gaps }: Run): Html | null {
  if (gaps.length === 0) return null
  const byCode = new Map<string, Gap[]>()
  for (const gap of gaps) byCode.set(gap.code, [...byCode.get(gap.code) ?? [], gap])
  return html`<section aria-labelledby="gaps"><h2 id="gaps">Gaps</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Gaps by reason"><table><caption class="visually-hidden">Gaps by reason</caption>
<thead><tr><th scope="col">Reason</th><th scope="col" class="number">Gaps</th><th scope="col" class="number">Tracks missing</th><th scope="col">First detail</th></tr></thead>
<tbody>${[...byCode].map(([code, those]) => html`<tr><th scope="row"><code>${code}</code></th><td class="number">${countText(those.length)}</td><td class="number">${countText(missingTracks(those))}</td><td>${those[0]?.detail}</td></tr>`)}</tbody></table></div>
<details class="more"><summary>${gaps.length > MOST_SHOWN ? `The first ${MOST_SHOWN} of ${amountText(gaps.length, 'gap')}` : amountText(gaps.length, 'gap')}</summary>
<ul class="gaps">${gaps.slice(0, MOST_SHOWN).map((gap) => html`<li><strong>${gap.name ?? gap.albumId ?? 'The listing'}</strong> <code>${gap.code}</code> ${gap.expectedTracks !== null && html`<span class="of">${countText(gap.tracks)} of ${amountText(gap.expectedTracks, 'track')}</span>`}<br>${gap.detail}</li>`)}</ul>
<p><a href="${site.path(`/runs/${id}/status`)}">All of them as JSON</a></p></details></section>`
}

function missingTracks (gaps: readonly Gap[]): number {
  return gaps.reduce((sum, { expectedTracks, tracks }) => sum + Math.max(0, (expectedTracks ?? tracks) - tracks), 0)
}
