import type { QualityReport } from '../../schemas/quality.ts'
import type { Run } from '../../schemas/run.ts'
import { bodyOf, curlOf } from '../curl.ts'
import { type Html, html } from '../html.ts'
import type { Plot } from '../plot.ts'
import type { Visit } from '../site.ts'
import { stateOf } from '../state.ts'
import { toQuery } from '../start-request.ts'
import { countText, durationText, timeHtml } from '../text.ts'
import { downloadsSection } from './downloads.ts'
import { figures } from './figures.ts'
import { gapsSection } from './gaps.ts'
import { actionForm, copyBlock, renderPage } from './layout.ts'
import { figure, liveRun } from './live-run.ts'
import { qualitySection } from './quality.ts'
import { requestTitle } from './request-text.ts'
import { notice, stateBox, statusBadge } from './status.ts'

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
  const isActive = run.finishedAt === null
  const state = stateOf(run)
  return renderPage(visit, {
    name: 'run',
    title: `${requestTitle(run.request)}: ${run.status}`,
    isLive: isActive,
    hasPlots: true,
    body: html`<h1>${requestTitle(run.request)}</h1>
<p class="meta">${!isActive && html`${statusBadge(run.status)} `}created ${timeHtml(run.createdAt)} by ${run.trigger.kind}${run.trigger.name !== null && html` (${run.trigger.name})`} <code class="id">${run.id}</code></p>
${message !== null && notice('info', message)}
<h2 class="state-title">${state.title}</h2>
${stateBox(run.status, state)}
${isActive && liveRun(visit, run, true)}
${actions(visit, run)}
${facts(view)}
${downloadsSection(visit, run)}
${gapsSection(visit, run)}
${coversSection(visit, run)}
${changesSection(visit, view)}
${qualitySection(visit, run, view.quality)}
${plotsSection(visit, view)}
${costSection(run)}
${requestSection(visit, run)}`,
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
    return html`<dl class="figures small">${source !== null && figure('Source', sourceText(run))}${resumeAt !== null && figure('Goes on', timeHtml(resumeAt))}${figure('Gaps so far', countText(gaps.length))}</dl>`
  }
  return html`<section aria-labelledby="facts"><h2 id="facts">What it brought</h2><dl class="figures">
${figure('Albums', html`${countText(progress.albumsFetched)} <span class="of">of ${countText(progress.albumsListed)} listed</span>`)}
${figure('Tracks', countText(progress.tracks))}
${figure('New releases', file === null ? '–' : countText(newReleases))}
${figure('Gaps', countText(gaps.length))}
${figure('Calls', countText(cost.calls))}
${figure('Duration', startedAt === null ? '–' : durationText(Date.parse(finishedAt) - Date.parse(startedAt)))}
${figure('Ended', timeHtml(finishedAt))}
<div class="wide"><dt>Source</dt><dd>${sourceText(run)}</dd></div>
</dl></section>`
}

function sourceText ({ source, request }: Run): Html {
  return html`${source?.used ?? request.source}${source?.query != null && html` <span class="of">${source.query}</span>`}${source?.reason != null && html` <span class="of">(${source.reason})</span>`}`
}

function coversSection ({ site }: Visit, { id, file }: Run): Html | null {
  if (file === null) return null
  return html`<section aria-labelledby="covers" data-covers="${site.path(`/ui/runs/${id}/covers`)}"><h2 id="covers">Covers</h2><div data-covers-list><p><a href="${site.path(`/ui/runs/${id}/covers`)}">Show the covers</a></p></div></section>`
}

function changesSection ({ site }: Visit, { run: { id, file }, before, changes }: RunView): Html | null {
  if (file === null) return null
  if (before === null) return html`<section aria-labelledby="changes"><h2 id="changes">Changes</h2><p>No earlier run that is kept has an equal request: run it again later to see what has changed.</p></section>`
  return html`<section aria-labelledby="changes"><h2 id="changes">Changes</h2>
<p>Compared with <a href="${site.path(`/ui/runs/${before.id}`)}">the run of ${timeHtml(before.createdAt)}</a>, which had an equal request.</p>
${changes !== null && changeCounts(changes)}
<p><a href="${site.path(`/ui/runs/${id}/changes`)}">${changes === null ? 'Compare the two' : 'What has changed'}</a></p></section>`
}

export function changeCounts ({ added, changed, delisted, unknown }: ChangeCounts): Html {
  return html`<dl class="figures small">${figure('Added', countText(added))}${figure('Changed', countText(changed))}${figure('Delisted', countText(delisted))}${figure('Not known', countText(unknown))}</dl>`
}

function plotsSection ({ site }: Visit, { run: { id, file, startedAt }, plots }: RunView): Html | null {
  if (file === null && startedAt === null) return null
  return html`<section aria-labelledby="plots" data-plots="${site.path(`/ui/runs/${id}/plots.json`)}"><h2 id="plots">Plots</h2>
<p><a href="${site.path(`/ui/runs/${id}/plots`)}">All numbers of the plots as tables</a></p>
${figures(plots)}</section>`
}

function costSection ({ cost }: Run): Html {
  const endpoints = Object.entries(cost.byEndpoint)
  return html`<section aria-labelledby="cost"><h2 id="cost">Cost</h2><dl class="figures small">
${figure('Calls', countText(cost.calls))}${figure('Retries', countText(cost.retries))}${figure('Waited for the limit', durationText(cost.throttledMs))}${figure('Albums without a call', countText(cost.cached))}</dl>
${endpoints.length > 0 && html`<div class="scroll narrow" tabindex="0" role="region" aria-label="Calls by endpoint"><table><caption class="visually-hidden">Calls by endpoint</caption><thead><tr><th scope="col">Endpoint</th><th scope="col" class="number">Calls</th></tr></thead><tbody>${endpoints.map(([endpoint, calls]) => html`<tr><th scope="row">${endpoint}</th><td class="number">${countText(calls)}</td></tr>`)}</tbody></table></div>`}</section>`
}

function requestSection ({ origin, hasKeys }: Visit, { request }: Run): Html {
  return html`<section aria-labelledby="request"><h2 id="request">Request</h2><details class="more"><summary>Request as curl</summary>${copyBlock('run-curl', curlOf(origin, bodyOf(request), hasKeys), 'The request as a curl command')}</details></section>`
}
