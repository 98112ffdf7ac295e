import type { QualityReport } from '../../schemas/quality.ts'
import type { Run } from '../../schemas/run.ts'
import { MOST_COVERS } from '../covers.ts'
import { bodyOf, curlOf } from '../curl.ts'
import { type Html, html } from '../html.ts'
import type { Plot } from '../plot.ts'
import type { Visit } from '../site.ts'
import { stateOf } from '../state.ts'
import { toQuery } from '../start-request.ts'
import { amountText, countText, durationText, timeHtml } from '../text.ts'
import { downloadsSection } from './downloads.ts'
import { figures } from './figures.ts'
import { gapsSection } from './gaps.ts'
import { actionForm, copyBlock, renderPage } from './layout.ts'
import { figure, liveRun } from './live-run.ts'
import { qualitySection } from './quality.ts'
import { requestTitle } from './request-text.ts'
import { notice, stateBox } from './status.ts'
import { scrollTable } from './table.ts'

export interface RunView {
  run: Run
  /** null: there is none that is stored. */
  quality: QualityReport | null
  /** The run before it with an equal request and a document. */
  before: Pick<Run, 'id' | 'createdAt'> | null
  /** What has changed since then, where that is known already. */
  changes: ChangeCounts | null
  newReleases: number
  plots: Plot[]
  message: string | null
}

export interface ChangeCounts {
  added: number
  changed: number
  delisted: number
  unknown: number
}

/** The page of one run. */
export function runPage (visit: Visit, view: RunView): string {
  const { run, message } = view
  const { id, request, trigger, createdAt, finishedAt } = run
  const isActive = finishedAt === null
  return renderPage(visit, {
    name: 'run',
    title: `${requestTitle(request)}: ${run.status}`,
    isLive: isActive,
    hasPlots: true,
    body: html`<h1>${requestTitle(request)}</h1>
<p class="meta">created ${timeHtml(createdAt)} by ${trigger.kind}${trigger.name !== null && html` (${trigger.name})`}
<code class="id">${id}</code></p>
${message !== null && notice('info', message)}
${stateBox(run.status, stateOf(run), actions(visit, run))}
${isActive && liveRun(visit, run, true)}
${facts(view)}
${gapsSection(visit, run)}
${downloadsSection(visit, run)}
${coversSection(visit, run)}
${plotsSection(visit, view)}
<div class="pair">
${changesSection(visit, view)}
${qualitySection(visit, run, view.quality)}
${costSection(run)}
${requestSection(visit, run)}
</div>`,
  })
}

function actions (visit: Visit, { id, status, request }: Run): Html {
  const isActive = status === 'queued' || status === 'running' || status === 'paused'
  const isResumable = status === 'partial' || status === 'failed' || status === 'canceled'
  const path = `/ui/actions/runs/${id}`
  const query = toQuery(bodyOf(request))
  return html`<div class="buttons">
${isResumable && actionForm(visit, `${path}/resume`, 'Resume', 'primary')}
${isActive && actionForm(visit, `${path}/cancel`, 'Cancel')}
${!isActive && actionForm(visit, `${path}/again`, 'Run again')}
${query !== null && html`<a class="button" href="${visit.site.path(`/?${query}`)}#start">Change and run</a>`}
${!isActive && html`<a class="button danger" href="${visit.site.path(`/ui/runs/${id}/delete`)}">Delete…</a>`}
</div>`
}

function facts ({ run, newReleases }: RunView): Html {
  const { progress, cost, gaps, startedAt, finishedAt, source, file, resumeAt } = run
  if (finishedAt === null) {
    return html`<dl class="figures small">
${source !== null && figure('Source', sourceText(run))}
${resumeAt !== null && figure('Goes on', timeHtml(resumeAt))}
${figure('Gaps so far', countText(gaps.length))}</dl>`
  }
  const albums = html`${countText(progress.albumsFetched)}
<span class="of">of ${countText(progress.albumsListed)} listed</span>`
  return html`<section class="card" aria-labelledby="facts"><h2 id="facts">What it brought</h2><dl class="figures">
${figure('Albums', albums)}
${figure('Tracks', countText(progress.tracks))}
${figure('New releases', file === null ? '–' : countText(newReleases))}
${figure('Gaps', countText(gaps.length))}
${figure('Calls', countText(cost.calls))}
${figure('Duration', startedAt === null ? '–' : durationText(Date.parse(finishedAt) - Date.parse(startedAt)))}
</dl>
<p class="meta after">Source: ${sourceText(run)} · ended ${timeHtml(finishedAt)}</p>
</section>`
}

function sourceText ({ source, request }: Run): Html {
  return html`${source?.used ?? request.source}
${source?.query != null && html`<span class="of">${source.query}</span>`}
${source?.reason != null && html`<span class="of">(${source.reason})</span>`}`
}

function coversSection ({ site }: Visit, { id, file, progress: { albumsFetched } }: Run): Html | null {
  if (file === null || albumsFetched === 0) return null
  const url = site.path(`/ui/runs/${id}/covers`)
  const amount = albumsFetched > MOST_COVERS ? `The first ${MOST_COVERS} of ${countText(albumsFetched)}` : null
  return html`<section aria-labelledby="covers" data-covers="${url}"><div class="section-head">
<h2 id="covers">Covers</h2>${amount !== null && html`<span class="of">${amount}</span>`}</div>
<p><a href="${url}">Show the covers</a></p></section>`
}

function changesSection ({ site }: Visit, { run: { id, file }, before, changes }: RunView): Html | null {
  if (file === null) return null
  if (before === null) {
    return html`<section class="card" aria-labelledby="changes"><h2 id="changes">Changes</h2>
<p>No earlier run that is kept has an equal request: run it again later to see what has changed.</p></section>`
  }
  const earlier = html`<a href="${site.path(`/ui/runs/${before.id}`)}">the run of ${timeHtml(before.createdAt)}</a>`
  const comparison = site.path(`/ui/runs/${id}/changes`)
  return html`<section class="card" aria-labelledby="changes"><h2 id="changes">Changes</h2>
<p>Compared with ${earlier}, which had an equal request.</p>
${changes !== null && changeCounts(changes)}
<p><a href="${comparison}">${changes === null ? 'Compare the two' : 'What has changed'}</a></p></section>`
}

export function changeCounts ({ added, changed, delisted, unknown }: ChangeCounts): Html {
  return html`<dl class="figures small">
${figure('Added', countText(added))}
${figure('Changed', countText(changed))}
${figure('Delisted', countText(delisted))}
${figure('Not known', countText(unknown))}</dl>`
}

function plotsSection ({ site }: Visit, { run: { id, file, startedAt }, plots }: RunView): Html | null {
  if (file === null && startedAt === null) return null
  return html`<section aria-labelledby="plots" data-plots="${site.path(`/ui/runs/${id}/plots.json`)}">
<div class="section-head"><h2 id="plots">Plots</h2>
<a href="${site.path(`/ui/runs/${id}/plots`)}">All numbers of the plots as tables</a></div>
${figures(plots)}</section>`
}

const COST_COLUMNS = [{ title: 'Endpoint' }, { title: 'Calls', isNumber: true }]

function costSection ({ cost }: Run): Html {
  const rows = Object.entries(cost.byEndpoint).map(([endpoint, calls]) =>
    html`<tr><th scope="row">${endpoint}</th><td class="number">${countText(calls)}</td></tr>`)
  return html`<section class="card" aria-labelledby="cost"><h2 id="cost">Cost</h2><dl class="figures small">
${figure('Calls', countText(cost.calls))}
${figure('Retries', countText(cost.retries))}
${figure('Waited for the limit', durationText(cost.throttledMs))}
${figure('Albums without a call', countText(cost.cached))}</dl>
${rows.length > 0 && scrollTable('Calls by endpoint', COST_COLUMNS, rows)}</section>`
}

function requestSection ({ origin, hasKeys }: Visit, { request }: Run): Html {
  const command = curlOf(origin, bodyOf(request), hasKeys)
  const albums = amountText(request.limit, 'album')
  return html`<section class="card" aria-labelledby="request"><h2 id="request">Request</h2>
<p>${request.source}, up to ${albums}${request.market !== null && `, market ${request.market}`}</p>
<details class="more"><summary>Request as curl</summary>
${copyBlock('run-curl', command, 'The request as a curl command')}</details></section>`
}
