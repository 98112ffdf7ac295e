import type { Problem } from '../../schemas/problem.ts'
import { html } from '../html.ts'
import type { Visit } from '../site.ts'
import { renderPage } from './layout.ts'

const TITLES: Record<string, [title: string, next: string]> = {
  route_not_found: ['There is no such page', 'Go back, or begin with the list of runs.'],
  run_not_found: ['There is no such run', 'Choose one from the list of runs.'],
  run_expired: ['This run is no longer kept', 'Start a new one: RETENTION_DAYS says how long runs are kept.'],
  storage_failed: [
    'What is stored cannot be reached',
    'Nothing is lost: the service tries again by itself. ' +
    'Check the database or the disk that the detail names, then load this page again.',
  ],
  starting: ['The service is starting', 'Load this page again in a moment.'],
  shutting_down: ['The service is shutting down', 'Load this page again in a moment.'],
  too_many_requests: ['Too many requests', 'Wait a minute, then load this page again.'],
  forbidden_origin: ['This came from another site', 'Open the page of the service itself and try again there.'],
  queue_full: ['The queue is full', 'Wait until a run has ended, or cancel one, then try again.'],
  run_finished: ['The run has ended already', 'See how it ended.'],
  run_not_finished: ['The run has not ended', 'Cancel it first, or wait.'],
  run_not_resumable: ['The run cannot be resumed', 'Only a partial, failed or canceled run can go on.'],
}

/** Why a page cannot be shown, or an action was not done, and what to do. */
export function problemPage (visit: Visit, problem: Problem, isTemporary: boolean): string {
  const { status, detail, code, requestId, title } = problem
  const [heading, next] = TITLES[code] ?? [title, 'Go back, or begin with the list of runs.']
  return renderPage(visit, {
    name: 'problem',
    title: heading,
    isLive: isTemporary,
    body: html`<h1>${heading}</h1>
<div class="state state-failed"><p>${detail}</p><p><strong>What next:</strong> ${next}</p>
<div class="buttons"><a class="button" href="${visit.site.path('/')}">Runs</a></div></div>
<p class="meta">${status}, <code>${code}</code>, request <code>${requestId}</code></p>`,
  })
}
