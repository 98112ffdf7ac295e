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
  const { current, form, message } = home
  return renderPage(visit, {
    name: 'home',
    title: 'Runs',
    isLive: current.length > 0 && Object.keys(form.errors).length === 0,
    body: html`<h1>Runs</h1>
${message !== null && notice(message.kind, message.text)}
${standingSection(home)}
${current.length > 0 && html`<section aria-labelledby="current"><h2 id="current">Now</h2>${current.map((run) => liveRun(visit, run, false))}</section>`}
<section aria-labelledby="start-title"><h2 id="start-title">Start a run</h2>${startForm(visit, form)}</section>
${runsSection(visit, home)}`,
  })
}

function standingSection ({ standing, configuredPace }: Home): Html {
  const { pause, tier, callsPer30s, callsLast24Hours, token } = standing
  return html`<section class="card standing" aria-labelledby="standing"><h2 id="standing">Standing with Spotify</h2>
${standingNotice(standing)}
<dl class="figures">
${figure('Calls allowed in 30 s', html`${countText(callsPer30s)}${callsPer30s < configuredPace && html` <span class="of">of ${countText(configuredPace)}</span>`}`)}
${figure('Calls in the last 24 h', countText(callsLast24Hours))}
${figure('Pause', pause === null ? 'none' : html`until ${timeHtml(pause.until)}`)}
${figure('Credentials', token.ok === null ? 'not used yet' : token.ok ? 'accepted' : 'refused')}
${figure('Access', tier === 'unknown' ? 'not known yet' : tier)}
</dl></section>`
}

function standingNotice ({ pause, token }: Standing): Html | null {
  if (pause !== null) return notice('bad', `Spotify has paused this service. ${pause.detail} Runs go on by themselves when the pause is over.`)
  if (token.ok === false) return notice('bad', `The last token was refused. ${token.detail ?? ''}`)
  return null
}

function runsSection (visit: Visit, home: Home): Html {
  const { runs, newReleases, nextCursor, isFirstPage, statuses, hasPartial } = home
  const { site, formToken } = visit
  const filter = statuses.length === 0 ? '' : `&status=${statuses.join(',')}`
  return html`<section aria-labelledby="runs"><div class="section-head"><h2 id="runs">All runs</h2>
${hasPartial && html`<form method="post" action="${site.path('/ui/actions/resume-partial')}">${tokenField(formToken)}<button>Resume all that are partial</button></form>`}</div>
<nav class="filter" aria-label="Filter by status"><ul>
<li><a href="${site.path('/')}#runs"${statuses.length === 0 ? html` aria-current="true"` : ''}>all</a></li>
${RUN_STATUSES.map((status) => html`<li><a href="${site.path(`/?status=${status}`)}#runs"${statuses.includes(status) ? html` aria-current="true"` : ''}>${statusBadge(status)}</a></li>`)}
</ul></nav>
${runs.length > 0 ? runsTable(visit, runs, newReleases) : emptyText(home)}
<nav class="paging" aria-label="Pages of runs">${!isFirstPage && html`<a href="${site.path(`/?${filter.slice(1)}`)}#runs">Newest</a>`}${nextCursor !== null && html`<a rel="next" href="${site.path(`/?cursor=${nextCursor}${filter}`)}#runs">Older runs</a>`}</nav>
</section>`
}

function emptyText ({ statuses, isFirstPage }: Home): Html {
  if (statuses.length > 0) return html`<p class="empty">No run is ${statuses.join(' or ')}.</p>`
  if (!isFirstPage) return html`<p class="empty">There are no older runs.</p>`
  return html`<div class="empty"><p>There is no run yet.</p><p><strong>What next:</strong> press <a href="#start">Start the run</a> above: it fetches the ${amountText(100, 'newest album')} with all their tracks, and shows them here.</p></div>`
}
