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
function belowRun (visit: Visit, run: Run, title: string, body: Content, hasPlots = false): string {
  const { id, request, createdAt } = run
  const link = html`<a href="${visit.site.path(`/ui/runs/${id}`)}">${requestTitle(request)}</a>`
  return renderPage(visit, {
    name: 'run',
    title: `${title}: ${requestTitle(request)}`,
    hasPlots,
    body: html`<h1>${title}</h1>
<p class="meta">of the run ${link}, created ${timeHtml(createdAt)}</p>
${body}`,
  })
}

export function coversPage (visit: Visit, run: Run, { covers, total }: { covers: Cover[], total: number }): string {
  const document = visit.site.path(`/runs/${run.id}?format=json`)
  return belowRun(visit, run, 'Covers', html`
${total > covers.length && html`<p>The first ${covers.length} of ${amountText(total, 'album')}.
<a href="${document}">All of them are in the document</a>.</p>`}
${covers.length > 0 ? coverList(covers) : html`<p class="empty">The document has no album.</p>`}`)
}

export function plotsPage (visit: Visit, run: Run, plots: Plot[]): string {
  const source = visit.site.path(`/ui/runs/${run.id}/plots.json`)
  return belowRun(visit, run, 'Plots', html`<div data-plots="${source}">
<h2 class="visually-hidden">Each plot with its numbers</h2>${figures(plots, true)}</div>`, true)
}

interface ChangedAlbum {
  albumId: string
  name: string | null
  note: string | null
}

/** What has changed since an earlier run, by the names of the albums. */
export interface ChangesView {
  since: Run
  counts: ChangeCounts
  albums: Record<keyof ChangeCounts, ChangedAlbum[]>
}

const CHANGE_TITLES: Array<[kind: keyof ChangeCounts, title: string]> = [
  ['added', 'Added'],
  ['changed', 'Changed'],
  ['delisted', 'Delisted: listed then and not now'],
  ['unknown', 'Not known: a gap may hide them'],
]

export function changesPage (visit: Visit, run: Run, { since, counts, albums }: ChangesView): string {
  const { site } = visit
  const isEqual = Object.values(counts).every((count) => count === 0)
  const before = html`<a href="${site.path(`/ui/runs/${since.id}`)}">the run of ${timeHtml(since.createdAt)}</a>`
  return belowRun(visit, run, 'Changes', html`<p>Compared with ${before}.
<a href="${site.path(`/runs/${run.id}/changes`)}">Every field as JSON</a></p>
${changeCounts(counts)}
${isEqual && html`<p class="empty">Nothing has changed: the same albums were listed, with the same tracks.</p>`}
${CHANGE_TITLES.map(([kind, title]) => changedList(title, counts[kind], albums[kind]))}`)
}

function changedList (title: string, count: number, albums: readonly ChangedAlbum[]): Html | null {
  if (albums.length === 0) return null
  return html`<section class="card"><h2>${title}</h2>
${count > albums.length && html`<p>The first ${countText(albums.length)} of ${countText(count)}.</p>`}
<ul>${albums.map(changedItem)}</ul></section>`
}

function changedItem ({ albumId, name, note }: ChangedAlbum): Html {
  return html`<li>${name ?? albumId}${note !== null && html` <span class="of">${note}</span>`}</li>
`
}

/** Asks before a run is deleted. */
export function deletePage (visit: Visit, run: Run): string {
  return belowRun(visit, run, 'Delete this run?', run.finishedAt === null ? refusal(visit, run) : question(visit, run))
}

function refusal ({ site }: Visit, { id, status }: Run): Html {
  return html`<div class="state state-failed"><p>It is ${status}: cancel it first.</p>
<div class="buttons"><a class="button" href="${site.path(`/ui/runs/${id}`)}">Back to the run</a></div></div>`
}

function question (visit: Visit, { id, file }: Run): Html {
  return html`<div class="state state-failed">
<p>The run${file !== null && html` and its file <code>${file.name}</code>`} will be gone for good.
The releases that it was the first to see keep their ids and times.</p>
<div class="buttons">${actionForm(visit, `/ui/actions/runs/${id}/delete`, 'Delete the run', 'danger')}
<a class="button" href="${visit.site.path(`/ui/runs/${id}`)}">Keep it</a></div></div>`
}
