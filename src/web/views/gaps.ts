import type { Gap, Run } from '../../schemas/run.ts'
import { type Html, html } from '../html.ts'
import type { Visit } from '../site.ts'
import { amountText, countText } from '../text.ts'
import { scrollTable } from './table.ts'

const MOST_SHOWN = 100
const COLUMNS = [
  { title: 'Reason' },
  { title: 'Gaps', isNumber: true },
  { title: 'Tracks missing', isNumber: true },
  { title: 'First detail' },
]

/** What was promised and is not in the document, by reason. */
export function gapsSection ({ site }: Visit, { id, gaps }: Run): Html | null {
  if (gaps.length === 0) return null
  const byCode = new Map<string, Gap[]>()
  for (const gap of gaps) byCode.set(gap.code, [...byCode.get(gap.code) ?? [], gap])
  const amount = amountText(gaps.length, 'gap')
  return html`<section class="card" aria-labelledby="gaps"><h2 id="gaps">Gaps</h2>
${scrollTable('Gaps by reason', COLUMNS, [...byCode].map(reasonRow))}
<details class="more"><summary>${gaps.length > MOST_SHOWN ? `The first ${MOST_SHOWN} of ${amount}` : amount}</summary>
<ul class="gaps">${gaps.slice(0, MOST_SHOWN).map(gapItem)}</ul>
<p><a href="${site.path(`/runs/${id}/status`)}">All of them as JSON</a></p></details></section>`
}

function reasonRow ([code, gaps]: [code: string, gaps: Gap[]]): Html {
  const [missing, detail] = [missingTracks(gaps), gaps[0]?.detail]
  return html`<tr><th scope="row"><code>${code}</code></th><td class="number">${countText(gaps.length)}</td>
<td class="number">${countText(missing)}</td><td>${detail}</td></tr>`
}

function gapItem ({ name, albumId, code, expectedTracks, tracks, detail }: Gap): Html {
  const have = expectedTracks === null ? '' : `${countText(tracks)} of ${amountText(expectedTracks, 'track')}`
  return html`<li><strong>${name ?? albumId ?? 'The listing'}</strong> <code>${code}</code>
${have !== '' && html`<span class="of">${have}</span>`}<br>${detail}</li>
`
}

function missingTracks (gaps: readonly Gap[]): number {
  return gaps.reduce((sum, { expectedTracks, tracks }) => sum + Math.max(0, (expectedTracks ?? tracks) - tracks), 0)
}
