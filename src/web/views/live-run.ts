import type { Run, Waiting } from '../../schemas/run.ts'
import { type Html, html } from '../html.ts'
import type { Visit } from '../site.ts'
import { countText, durationText, timeText } from '../text.ts'
import { requestTitle } from './request-text.ts'
import { statusBadge } from './status.ts'

const REASONS: Record<Waiting['for'], string> = {
  pace: 'Keeps the pace',
  pause: 'Paused by Spotify',
  retry: 'Tries again after a fault',
  queue: 'Waits in the queue',
}

/** Says for what a run waits and until when. */
export function waitingText ({ for: reason, until, detail }: Waiting): string {
  return `${REASONS[reason]}: ${detail}${until === null ? '' : `, until ${timeText(until)}`}`
}

/** How many albums a run has fetched when it is done, as far as that is known. */
export function targetOf ({ progress, request, source, listing }: Run): number {
  const isListed = listing !== null || (source !== null && progress.albumsListed >= request.limit)
  return isListed ? progress.albumsListed : Math.max(progress.albumsListed, request.limit)
}

function elapsedMs ({ startedAt }: Run, nowMs: number): number | null {
  return startedAt === null ? null : Math.max(0, nowMs - Date.parse(startedAt))
}

/** The time that is left at the rate until now; null where that cannot be said. */
function etaMs (run: Run, nowMs: number): number | null {
  const elapsed = elapsedMs(run, nowMs)
  const { albumsFetched } = run.progress
  if (elapsed === null || albumsFetched === 0 || run.status !== 'running') return null
  return elapsed / albumsFetched * Math.max(0, targetOf(run) - albumsFetched)
}

/** A run that has not ended, as the script keeps it current. */
export function liveRun (visit: Visit, run: Run, isAlone: boolean): Html {
  const { site, nowMs } = visit
  const { progress: { albumsListed, albumsFetched, tracks }, cost, waiting } = run
  const [elapsed, eta, target] = [elapsedMs(run, nowMs), etaMs(run, nowMs), targetOf(run)]
  return html`<article class="card live" data-run="${run.id}" data-status="${run.status}" data-events="${site.path(`/runs/${run.id}/events`)}" data-started="${run.startedAt}" data-created="${run.createdAt}" data-target="${target}" aria-label="Run: ${requestTitle(run.request)}">
<div class="live-head">${!isAlone && html`<h3><a href="${site.path(`/ui/runs/${run.id}`)}">${requestTitle(run.request)}</a></h3>`}${statusBadge(run.status, true)}</div>
<div class="live-progress"><progress data-field="progress" max="${Math.max(1, target)}" value="${albumsFetched}" aria-label="Albums fetched"></progress></div>
<p class="waiting" data-field="waiting" data-until="${waiting?.until}"${waiting === null ? html` hidden` : ''}>${waiting === null ? '' : waitingText(waiting)}</p>
<dl class="figures">
${figure('Albums fetched', html`<span data-field="albumsFetched">${countText(albumsFetched)}</span> <span class="of">of <span data-field="albumsListed">${countText(albumsListed)}</span> listed</span>`)}
${figure('Tracks', html`<span data-field="tracks">${countText(tracks)}</span>`)}
${figure('Calls', html`<span data-field="calls">${countText(cost.calls)}</span>`)}
${figure('Retries', html`<span data-field="retries">${countText(cost.retries)}</span>`)}
${figure('Elapsed', html`<span data-field="elapsed">${elapsed === null ? '–' : durationText(elapsed)}</span>`)}
${figure('Left', html`<span data-field="eta">${eta === null ? '–' : `about ${durationText(eta)}`}</span>`)}
</dl>
</article>`
}

export function figure (name: string, value: Html | string): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`
}
