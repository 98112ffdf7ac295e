import type { Run } from '../../schemas/run.ts'
import { durationText, serviceNowMs } from './clock.ts'
import { isStale } from './connection.ts'

const UNKNOWN = '–'

const OPENINGS: Record<NonNullable<Run['waiting']>['for'], string> = {
  pace: 'Waits for its own pace',
  pause: 'Spotify asked to pause',
  retry: 'Tries again after a fault',
  queue: 'Other runs go first',
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
  const { progress, cost, request } = run
  article.dataset['status'] = run.status
  write(article, 'status', run.status)
  write(article, 'albumsListed', String(progress.albumsListed))
  write(article, 'albumsFetched', String(progress.albumsFetched))
  write(article, 'tracks', String(progress.tracks))
  write(article, 'calls', String(cost.calls))
  write(article, 'retries', String(cost.retries))
  const bar = article.querySelector<HTMLProgressElement>('progress[data-field="progress"]')
  if (bar !== null) {
    bar.max = albumsExpected(request, progress)
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
  write(article, 'eta', remainingMs === null || isStale() ? UNKNOWN : durationText(remainingMs - (nowMs - atMs)))
  write(article, 'waiting', waitingText(run.waiting, nowMs))
}

/** Returns how long the run will take from `atMs` on, as fast as it was so far; null where that is not known. */
function remaining ({ status, request, progress, startedAt, waiting }: Run, atMs: number): number | null {
  if (status !== 'running' || startedAt === null || progress.albumsFetched === 0) return null
  const untilMs = Date.parse(waiting?.until ?? '')
  const waitMs = Number.isNaN(untilMs) ? 0 : Math.max(0, untilMs - atMs)
  const perAlbumMs = (atMs - Date.parse(startedAt)) / progress.albumsFetched
  return Math.max(waitMs, perAlbumMs * (albumsExpected(request, progress) - progress.albumsFetched))
}

/** A listing may bring more than was asked for, where it lists artists; a source of albums has no other number than its ids. */
function albumsExpected ({ limit, albumIds }: Run['request'], { albumsListed, albumsFetched }: Run['progress']): number {
  return Math.max(1, albumsFetched, albumIds?.length ?? Math.max(limit, albumsListed))
}

function waitingText (waiting: Run['waiting'], nowMs: number): string {
  if (waiting === null) return ''
  const opening = `${OPENINGS[waiting.for]}: ${waiting.detail}`
  return waiting.until === null ? opening : `${opening}; goes on in ${durationText(Date.parse(waiting.until) - nowMs)}`
}

/** Writes a text where it has changed: a selection or a screen reader's place stays where nothing happens. */
function write (article: HTMLElement, field: string, text: string): void {
  for (const element of article.querySelectorAll<HTMLElement>(`[data-field="${field}"]`)) {
    if (element.textContent !== text) element.textContent = text
    if (field === 'waiting') element.hidden = text === ''
  }
}
