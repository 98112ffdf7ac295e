import type { Run } from '../../schemas/run.ts'
import { forgetAll, reportHeard, reportLost } from './connection.ts'
import { followRun } from './follow-run.ts'
import { refresh } from './refresh.ts'
import { redrawPlots } from './plots.ts'
import { articleOf, showRun, tick } from './run-fields.ts'
import { listActiveRuns } from './service.ts'

/** A browser has six connections for all its tabs on one service: a page keeps few of them. */
const MAX_STREAMS = 2
const LIST_EVERY_MS = 2000
const PLOTS_EVERY_MS = 5000
const TICK_EVERY_MS = 500
const LIST = 'list'

const followed = new Map<string, () => void>()
/** Runs that the page was asked to show: it shows no more than it has room for. */
const asked = new Set<string>()
let timers: number[] = []

/** Keeps the runs of the page up to date while somebody looks at it: a hidden page leaves its connections to others. */
export function keepLive (page: string | undefined): void {
  const start = (): void => {
    if (document.hidden || timers.length > 0) return
    timers = [setInterval(tick, TICK_EVERY_MS)]
    if (page === 'home') {
      timers.push(setInterval(() => { void compareList() }, LIST_EVERY_MS))
      void compareList()
    }
    if (page === 'run') timers.push(setInterval(redrawOfActive, PLOTS_EVERY_MS))
    followShown()
  }
  const stop = (): void => {
    for (const timer of timers) clearInterval(timer)
    for (const unfollow of followed.values()) unfollow()
    timers = []
    followed.clear()
    forgetAll()
  }
  document.addEventListener('visibilitychange', () => document.hidden ? stop() : start())
  document.addEventListener('page-swapped', followShown)
  addEventListener('pagehide', stop)
  addEventListener('pageshow', start)
  start()
}

function redrawOfActive (): void {
  if (document.querySelector('[data-run]') !== null) void redrawPlots()
}

/** Follows the runs that the page shows, those first that are executed. */
function followShown (): void {
  if (document.hidden) return
  const shown = [...document.querySelectorAll<HTMLElement>('[data-run]')].sort((a, b) => rank(a) - rank(b))
  const wanted = shown.map(({ dataset }) => dataset['run'] ?? '').slice(0, MAX_STREAMS)
  for (const [id, unfollow] of followed) {
    if (wanted.includes(id)) continue
    unfollow()
    followed.delete(id)
  }
  for (const id of wanted) {
    if (!followed.has(id)) followed.set(id, followRun(id, { show: showOrRefresh, gone: () => { void refresh() } }))
  }
}

function rank ({ dataset }: HTMLElement): number {
  return dataset['status'] === 'running' ? 0 : 1
}

/** Shows a run. With another status the page has other words and actions for it, which the service renders. */
function showOrRefresh (run: Run): void {
  const before = articleOf(run.id)?.dataset['status']
  showRun(run)
  if (before !== run.status) void refresh()
}

/** Looks for runs that have come, ended or changed without a stream of their own. */
async function compareList (): Promise<void> {
  try {
    const runs = await listActiveRuns()
    reportHeard(LIST)
    const listed = runs.map(({ id }) => id)
    const shown = [...document.querySelectorAll<HTMLElement>('[data-run]')].map(({ dataset }) => dataset['run'] ?? '')
    for (const run of runs) if (shown.includes(run.id) && !followed.has(run.id)) showOrRefresh(run)
    const hasEnded = shown.some((id) => !listed.includes(id))
    if (hasEnded || listed.some((id) => !shown.includes(id) && !asked.has(id))) await refresh()
    for (const id of listed) asked.add(id)
  } catch (error) {
    reportLost(LIST, error)
  }
}
