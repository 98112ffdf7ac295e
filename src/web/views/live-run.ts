import type { Run, Waiting } from '../../schemas/run.ts'
import { type Html, html } from '../html.ts'
import type { Visit } from '../site.ts'
import { countText, durationText, timeText } from '../text.ts'
import { requestTitle } from './request-text.ts'
import { statusBadge } from './status.ts'

const UNKNOWN = '–'

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
  const { id, status, request, progress, cost, waiting } = run
  const [elapsed, eta, target] = [elapsedMs(run, nowMs), etaMs(run, nowMs), targetOf(run)]
  const albums = html`${field('albumsFetched', countText(progress.albumsFetched))}
<span class="of">of ${field('albumsListed', countText(progress.albumsListed))} listed</span>`
  const title = requestTitle(request)
  return html`<article class="card live" data-run="${id}" data-status="${status}" aria-label="Run: ${title}">
${!isAlone && html`<div class="live-head">
<h3><a href="${site.path(`/ui/runs/${id}`)}">${title}</a></h3>${statusBadge(status, true)}</div>`}
<progress data-field="progress" max="${Math.max(1, target)}" value="${progress.albumsFetched}"
 aria-label="Albums fetched"></progress>
<p class="waiting" data-field="waiting"${waiting === null && html` hidden`}
>${waiting !== null && waitingText(waiting)}</p>
<dl class="figures">
${figure('Albums fetched', albums)}
${figure('Tracks', field('tracks', countText(progress.tracks)))}
${figure('Calls', field('calls', countText(cost.calls)))}
${figure('Retries', field('retries', countText(cost.retries)))}
${figure('Elapsed', field('elapsed', elapsed === null ? UNKNOWN : durationText(elapsed)))}
${figure('Left', field('eta', eta === null ? UNKNOWN : `about ${durationText(eta)}`))}
</dl>
</article>`
}

/** A text that the script writes again. */
function field (name: string, text: string): Html {
  return html`<span data-field="${name}">${text}</span>`
}

export function figure (name: string, value: Html | string): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`
}
