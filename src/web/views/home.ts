import { RUN_STATUSES, type Run, type RunStatus } from '../../schemas/run.ts'
import { type Html, html } from '../html.ts'
import type { Visit } from '../site.ts'
import { amountText, countText, timeHtml } from '../text.ts'
import { renderPage, tokenField } from './layout.ts'
import { figure, liveRun } from './live-run.ts'
import { runsTable } from './runs-table.ts'
import { type StartForm, startForm } from './start-form.ts'
import { notice, statusBadge } from './status.ts'

/** How the service stands with Spotify, as far as it knows without asking. */
export interface Standing {
  token: { ok: boolean | null, detail: string | null }
  tier: 'extended' | 'development' | 'unknown'
  callsLast24Hours: number
  callsPer30s: number
  pause: { until: string, code: string, detail: string } | null
}

export interface Home {
  standing: Standing
  /** The pace that is configured; a lower one is allowed after a 429. */
  configuredPace: number
  form: StartForm
  /** Those that have not ended. */
  current: Run[]
  runs: Run[]
  /** Releases that each run was the first to have. */
  newReleases: ReadonlyMap<string, number>
  nextCursor: string | null
  isFirstPage: boolean
  statuses: readonly RunStatus[]
  /** Some runs are partial, and can be resumed together. */
  hasPartial: boolean
  message: { kind: 'good' | 'bad' | 'info', text: string } | null
}

/** The page of all runs, and where they are started. */
export function homePage (visit: Visit, home: Home): string {
  const { current, form, message, standing } = home
  return renderPage(visit, {
    name: 'home',
    title: 'Runs',
    isLive: current.length > 0 && Object.keys(form.errors).length === 0,
    body: html`<h1>Runs</h1>
${message !== null && notice(message.kind, message.text)}
${standingNotice(standing)}
${current.length > 0 && html`<section aria-labelledby="current"><h2 id="current">Now</h2>
${current.map((run) => liveRun(visit, run, false))}</section>`}
<section class="beside" aria-labelledby="start-title"><h2 id="start-title">Start a run</h2>
${startForm(visit, form)}</section>
${standingSection(home)}
${runsSection(visit, home)}`,
  })
}

function standingSection ({ standing, configuredPace }: Home): Html {
  const { pause, tier, callsPer30s, callsLast24Hours, token } = standing
  const pace = html`${countText(callsPer30s)}${callsPer30s < configuredPace &&
    html` <span class="of">of ${countText(configuredPace)}</span>`}`
  return html`<section class="aside" aria-labelledby="standing"><h2 id="standing">Standing with Spotify</h2>
<dl class="card rows">
${figure('Calls allowed in 30 s', pace)}
${figure('Calls in the last 24 h', countText(callsLast24Hours))}
${figure('Pause', pause === null ? 'none' : html`until ${timeHtml(pause.until)}`)}
${figure('Credentials', token.ok === null ? 'not used yet' : token.ok ? 'accepted' : 'refused')}
${figure('Access', tier === 'unknown' ? 'not known yet' : tier)}
</dl></section>`
}

function standingNotice ({ pause, token }: Standing): Html | null {
  if (pause !== null) {
    const next = 'Runs go on by themselves when the pause is over.'
    return notice('bad', `Spotify has paused this service. ${pause.detail} ${next}`)
  }
  if (token.ok === false) return notice('bad', `The last token was refused. ${token.detail ?? ''}`)
  return null
}

function runsSection (visit: Visit, home: Home): Html {
  const { runs, newReleases, statuses, hasPartial } = home
  const { site, formToken } = visit
  const filters = [
    filterLink(site.path('/'), html`<span class="status">all</span>`, statuses.length === 0),
    ...RUN_STATUSES.map((status) =>
      filterLink(site.path(`/?status=${status}`), statusBadge(status), statuses.includes(status))),
  ]
  return html`<section aria-labelledby="runs"><div class="section-head"><h2 id="runs">All runs</h2>
${hasPartial && html`<form method="post" action="${site.path('/ui/actions/resume-partial')}">
${tokenField(formToken)}<button>Resume all that are partial</button></form>`}</div>
<nav class="filter" aria-label="Filter by status"><ul>${filters}</ul></nav>
${runs.length > 0 ? runsTable(visit, runs, newReleases) : emptyText(home)}
${pagingNav(visit, home)}
</section>`
}

function filterLink (url: string, name: Html, isChosen: boolean): Html {
  return html`<li><a href="${url}#runs"${isChosen && html` aria-current="true"`}>${name}</a></li>`
}

function pagingNav ({ site }: Visit, { nextCursor, isFirstPage, statuses }: Home): Html | null {
  if (isFirstPage && nextCursor === null) return null
  const filter = statuses.length === 0 ? '' : `&status=${statuses.join(',')}`
  const newest = html`<a href="${site.path(`/?${filter.slice(1)}`)}#runs">Newest</a>`
  const older = html`<a rel="next" href="${site.path(`/?cursor=${nextCursor}${filter}`)}#runs">Older runs</a>`
  return html`<nav class="paging" aria-label="Pages of runs">
${!isFirstPage && newest}
${nextCursor !== null && older}</nav>`
}

function emptyText ({ statuses, isFirstPage }: Home): Html {
  if (statuses.length > 0) return html`<p class="empty">No run is ${statuses.join(' or ')}.</p>`
  if (!isFirstPage) return html`<p class="empty">There are no older runs.</p>`
  return html`<div class="empty"><p>There is no run yet.</p>
<p><strong>What next:</strong> press <a href="#start">Start the run</a> above:
it fetches the ${amountText(100, 'newest album')} with all their tracks, and shows them here.</p></div>`
}
