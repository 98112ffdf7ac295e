import type { Run } from '../../schemas/run.ts'
import type { Cover } from '../covers.ts'
import { type Content, type Html, html } from '../html.ts'
import type { Plot } from '../plot.ts'
import type { Visit } from '../site.ts'
import { amountText, countText, timeHtml } from '../text.ts'
import { coverList } from './covers.ts'
import { figures } from './figures.ts'
import { actionForm, renderPage } from './layout.ts'
import { requestTitle } from './request-text.ts'
import { type ChangeCounts, changeCounts } from './run.ts'

/** The frame of the pages below a run. */
function belowRun (visit: Visit, { id, request, createdAt }: Run, title: string, body: Content, hasPlots = false): string {
  return renderPage(visit, {
    name: 'run',
    title: `${title}: ${requestTitle(request)}`,
    hasPlots,
    body: html`<h1>${title}</h1><p class="meta">of the run <a href="${visit.site.path(`/ui/runs/${id}`)}">${requestTitle(request)}</a>, created ${timeHtml(createdAt)}</p>${body}`,
  })
}

export function coversPage (visit: Visit, run: Run, { covers, total }: { covers: Cover[], total: number }): string {
  const more = total > covers.length ? html`<p>The first ${covers.length} of ${amountText(total, 'album')}. <a href="${visit.site.path(`/runs/${run.id}?format=json`)}">All of them are in the document</a>.</p>` : null
  return belowRun(visit, run, 'Covers', [more, covers.length > 0 ? coverList(covers) : html`<p class="empty">The document has no album.</p>`])
}

export function plotsPage (visit: Visit, run: Run, plots: Plot[]): string {
  return belowRun(visit, run, 'Plots', html`<div data-plots="${visit.site.path(`/ui/runs/${run.id}/plots.json`)}">${figures(plots, true)}</div>`, true)
}

/** What has changed since an earlier run, by the names of the albums. */
export interface ChangesView {
  since: Run
  counts: ChangeCounts
  albums: Record<keyof ChangeCounts, Array<{ albumId: string, name: string | null, note: string | null }>>
}

const CHANGE_TITLES: Record<keyof ChangeCounts, string> = {
  added: 'Added', changed: 'Changed', delisted: 'Delisted: listed then and not now', unknown: 'Not known: a gap may hide them',
}

export function changesPage (visit: Visit, run: Run, { since, counts, albums }: ChangesView): string {
  const { site } = visit
  return belowRun(visit, run, 'Changes', html`<p>Compared with <a href="${site.path(`/ui/runs/${since.id}`)}">the run of ${timeHtml(since.createdAt)}</a>. <a href="${site.path(`/runs/${run.id}/changes`)}">Every field as JSON</a></p>
${changeCounts(counts)}
${(Object.keys(CHANGE_TITLES) as Array<keyof ChangeCounts>).filter((kind) => albums[kind].length > 0).map((kind): Html => html`<section><h2>${CHANGE_TITLES[kind]}</h2>${counts[kind] > albums[kind].length && html`<p>The first ${countText(albums[kind].length)} of ${countText(counts[kind])}.</p>`}<ul>${albums[kind].map(({ albumId, name, note }) => html`<li>${name ?? albumId}${note !== null && html` <span class="of">${note}</span>`}</li>`)}</ul></section>`)}`)
}

/** Asks before a run is deleted. */
export function deletePage (visit: Visit, run: Run): string {
  const { id, status, file } = run
  const isActive = run.finishedAt === null
  return belowRun(visit, run, 'Delete this run?', isActive
    ? html`<p>It is ${status}: cancel it first.</p>`
    : html`<p>The run${file !== null && html` and its file <code>${file.name}</code>`} will be gone for good. The releases that it was the first to see keep their ids and times.</p>
<div class="buttons">${actionForm(visit, `/ui/actions/runs/${id}/delete`, 'Delete the run', 'danger')}<a class="button" href="${visit.site.path(`/ui/runs/${id}`)}">Keep it</a></div>`)
}
