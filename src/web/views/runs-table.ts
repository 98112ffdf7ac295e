import type { Run } from '../../schemas/run.ts'
import { type Html, html } from '../html.ts'
import type { Visit } from '../site.ts'
import { isCapped } from '../state.ts'
import { countText, durationText, timeHtml } from '../text.ts'
import { requestTitle } from './request-text.ts'
import { statusBadge } from './status.ts'
import { tableHead } from './table.ts'

const UNKNOWN = '–'

const COLUMNS = [
  { title: 'Run' },
  { title: 'Status' },
  { title: 'Source' },
  { title: 'Albums', isNumber: true },
  { title: 'Tracks', isNumber: true },
  { title: 'New', isNumber: true },
  { title: 'Gaps', isNumber: true },
  { title: 'Calls', isNumber: true },
  { title: 'Duration', isNumber: true },
  { title: 'Downloads' },
]

/**
 * Runs as rows, newest first. On narrow screens each row becomes a card: the names of the columns stand beside the
 * values.
 */
export function runsTable (visit: Visit, runs: readonly Run[], newReleases: ReadonlyMap<string, number>): Html {
  return html`<table class="runs"><caption class="visually-hidden">Runs, newest first</caption>
${tableHead(COLUMNS)}
<tbody>${runs.map((run) => row(visit, run, newReleases.get(run.id) ?? 0))}</tbody></table>`
}

function row (visit: Visit, run: Run, newCount: number): Html {
  const { id, status, source, request, progress: { albumsFetched, tracks }, gaps, cost, file } = run
  return html`<tr>
<th scope="row"><a href="${visit.site.path(`/ui/runs/${id}`)}">${requestTitle(request)}</a>
<span class="of">${timeHtml(run.createdAt)}</span></th>
<td data-label="Status">${statusBadge(status)}${isCapped(run) && html` <span class="of">capped</span>`}</td>
<td data-label="Source">${source?.used ?? request.source}</td>
${numberCell('Albums', countText(albumsFetched))}
${numberCell('Tracks', countText(tracks))}
${numberCell('New', file === null ? UNKNOWN : countText(newCount))}
${numberCell('Gaps', countText(gaps.length))}
${numberCell('Calls', countText(cost.calls))}
${numberCell('Duration', durationOf(run))}
<td data-label="Downloads">${downloads(visit, run)}</td>
</tr>`
}

function numberCell (label: string, text: string): Html {
  return html`<td data-label="${label}" class="number">${text}</td>`
}

function downloads ({ site }: Visit, { id, file, request }: Run): Html | string {
  if (file === null) return UNKNOWN
  const ofRun = html`<span class="visually-hidden"> of ${requestTitle(request)}, ${id}</span>`
  const link = (format: string, name: string, text: string): Html =>
    html`<a href="${site.path(`/runs/${id}?format=${format}`)}" download="${name}">${text}${ofRun}</a>`
  return html`${link('json', file.name, 'JSON')} ${link('csv', file.name.replace('.json', '.csv'), 'CSV')}`
}

function durationOf ({ startedAt, finishedAt }: Run): string {
  if (startedAt === null || finishedAt === null) return UNKNOWN
  return durationText(Date.parse(finishedAt) - Date.parse(startedAt))
}
