import type { Run } from '../../schemas/run.ts'
import { durationText, serviceNowMs } from './clock.ts'
import { isStale } from './connection.ts'

const UNKNOWN = '–'

const COUNT = new Intl.NumberFormat('en-US')

/** The same words as in the pages of the service. */
const REASONS: Record<NonNullable<Run['waiting']>['for'], string> = {
  pace: 'Keeps the pace',
  pause: 'Paused by Spotify',
  retry: 'Tries again after a fault',
  queue: 'Waits in the queue',
}

/** The last state of each run that was shown, with the time of the service when it came. */
const shown = new Map<string, { run: Run, atMs: number }>()

export function articleOf (id: string): HTMLElement | null {
  return document.querySelector<HTMLElement>(`[data-run="${CSS.escape(id)}"]`)
}

/** Writes a run's state into its article, and keeps it for `tick`. */
export function showRun (run: Run): void {
  shown.set(run.id, { run, atMs: serviceNowMs() })
  const article = articleOf(run.id)
  if (article === null) return
  const { progress, cost } = run
  article.dataset['status'] = run.status
  write(article, 'status', run.status)
  write(article, 'albumsListed', COUNT.format(progress.albumsListed))
  write(article, 'albumsFetched', COUNT.format(progress.albumsFetched))
  write(article, 'tracks', COUNT.format(progress.tracks))
  write(article, 'calls', COUNT.format(cost.calls))
  write(article, 'retries', COUNT.format(cost.retries))
  const bar = article.querySelector<HTMLProgressElement>('progress[data-field="progress"]')
  if (bar !== null) {
    bar.max = Math.max(1, targetOf(run))
    bar.value = progress.albumsFetched
  }
  showTimes(article, run, serviceNowMs())
}

/** Writes again what changes with the time alone. */
export function tick (): void {
  for (const [id, { run, atMs }] of shown) {
    const article = articleOf(id)
    if (article === null) shown.delete(id)
    else showTimes(article, run, atMs)
  }
}

function showTimes (article: HTMLElement, run: Run, atMs: number): void {
  const nowMs = serviceNowMs()
  const startedAtMs = Date.parse(run.startedAt ?? '')
  const endMs = run.finishedAt === null ? nowMs : Date.parse(run.finishedAt)
  write(article, 'elapsed', Number.isNaN(startedAtMs) ? UNKNOWN : durationText(endMs - startedAtMs))
  const remainingMs = remaining(run, atMs)
  const isKnown = remainingMs !== null && !isStale()
  write(article, 'eta', isKnown ? `about ${durationText(remainingMs - (nowMs - atMs))}` : UNKNOWN)
  write(article, 'waiting', waitingText(run.waiting, nowMs))
}

/** Returns how long the run will take from `atMs` on, as fast as it was so far; null where that is not known. */
function remaining (run: Run, atMs: number): number | null {
  const { status, progress: { albumsFetched }, startedAt, waiting } = run
  if (status !== 'running' || startedAt === null || albumsFetched === 0) return null
  const untilMs = Date.parse(waiting?.until ?? '')
  const waitMs = Number.isNaN(untilMs) ? 0 : untilMs - atMs
  const perAlbumMs = (atMs - Date.parse(startedAt)) / albumsFetched
  return Math.max(0, waitMs, perAlbumMs * (targetOf(run) - albumsFetched))
}

/** Returns how many albums the run has fetched when it is done, as far as that is known. */
function targetOf ({ progress: { albumsListed }, request: { limit }, listing, source }: Run): number {
  const isListed = listing !== null || (source !== null && albumsListed >= limit)
  return isListed ? albumsListed : Math.max(albumsListed, limit)
}

function waitingText (waiting: Run['waiting'], nowMs: number): string {
  if (waiting === null) return ''
  const reason = `${REASONS[waiting.for]}: ${waiting.detail}`
  return waiting.until === null ? reason : `${reason}, goes on in ${durationText(Date.parse(waiting.until) - nowMs)}`
}

/** Writes a text where it has changed: a selection or a screen reader's place stays where nothing happens. */
function write (article: HTMLElement, field: string, text: string): void {
  for (const element of article.querySelectorAll<HTMLElement>(`[data-field="${field}"]`)) {
    if (element.textContent !== text) element.textContent = text
    if (field === 'waiting') element.hidden = text === ''
  }
}
