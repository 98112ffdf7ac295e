import type { Run } from '../../schemas/run.ts'
import { type Html, html } from '../html.ts'
import type { Visit } from '../site.ts'
import { isCapped } from '../state.ts'
import { countText, durationText, timeHtml } from '../text.ts'
import { requestTitle } from './request-text.ts'
import { statusBadge } from './status.ts'

const UNKNOWN = '–'

/** Runs as rows, newest first. On narrow screens each row becomes a card: the names of the columns stand beside the values. */
export function runsTable (visit: Visit, runs: readonly Run[], newReleases: ReadonlyMap<string, number>): Html {
  return html`<table class="runs"><caption class="visually-hidden">Runs, newest first</caption>
<thead><tr><th scope="col">Run</th><th scope="col">Status</th><th scope="col">Source</th><th scope="col" class="number">Albums</th><th scope="col" class="number">Tracks</th><th scope="col" class="number">New</th><th scope="col" class="number">Gaps</th><th scope="col" class="number">Calls</th><th scope="col" class="number">Duration</th><th scope="col">Downloads</th></tr></thead>
<tbody>${runs.map((run) => row(visit, run, newReleases.get(run.id) ?? 0))}</tbody></table>`
}

function row ({ site }: Visit, run: Run, newCount: number): Html {
  const { id, status, source, request, progress: { albumsFetched, tracks }, gaps, cost, file } = run
  return html`<tr>
<th scope="row"><a href="${site.path(`/ui/runs/${id}`)}">${requestTitle(request)}</a> <span class="of">${timeHtml(run.createdAt)}</span></th>
<td data-label="Status">${statusBadge(status)}${isCapped(run) && html` <span class="of">capped</span>`}</td>
<td data-label="Source">${source?.used ?? request.source}</td>
<td data-label="Albums" class="number">${countText(albumsFetched)}</td>
<td data-label="Tracks" class="number">${countText(tracks)}</td>
<td data-label="New" class="number">${file === null ? UNKNOWN : countText(newCount)}</td>
<td data-label="Gaps" class="number">${countText(gaps.length)}</td>
<td data-label="Calls" class="number">${countText(cost.calls)}</td>
<td data-label="Duration" class="number">${durationOf(run)}</td>
<td data-label="Downloads">${file === null ? UNKNOWN : html`<a href="${site.path(`/runs/${id}?format=json`)}" download="${file.name}">JSON<span class="visually-hidden"> of ${requestTitle(request)}, ${id}</span></a> <a href="${site.path(`/runs/${id}?format=csv`)}" download="${file.name.replace('.json', '.csv')}">CSV<span class="visually-hidden"> of ${requestTitle(request)}, ${id}</span></a>`}</td>
</tr>`
}

function durationOf ({ startedAt, finishedAt }: Run): string {
  return startedAt === null || finishedAt === null ? UNKNOWN : durationText(Date.parse(finishedAt) - Date.parse(startedAt))
}
