import { Presets, SingleBar } from 'cli-progress'
import { printable } from '../printable.ts'
import type { Run } from '../schemas/run.ts'
import type { Clock } from '../services/clock.ts'
import type { Log } from '../services/log.ts'

/** Shows how a run goes on until it has ended. */
export interface ProgressDisplay {
  update: (run: Run) => void
  stop: () => void
}

type Clocks = Pick<Clock, 'now' | 'monotonic'>

/** How long a run has been watched, and how long it may still take; null: nobody can tell yet. */
interface Times {
  elapsedMs: number
  leftMs: number | null
}

/**
 * Returns a function that tells the times of a run: it goes on as fast as it did since it was first seen, waits
 * included, and not before the time that it waits for.
 */
export function createEstimate ({ now, monotonic }: Clocks): (run: Run) => Times {
  const startedMs = monotonic()
  let fetchedBefore: number | null = null
  return (run) => {
    const { progress: { albumsFetched }, waiting } = run
    fetchedBefore ??= albumsFetched
    const elapsedMs = monotonic() - startedMs
    const left = totalOf(run) - albumsFetched
    if (left === 0) return { elapsedMs, leftMs: 0 }
    const fetched = albumsFetched - fetchedBefore
    if (fetched === 0) return { elapsedMs, leftMs: null }
    const heldMs = waiting?.until == null ? 0 : Date.parse(waiting.until) - now()
    return { elapsedMs, leftMs: Math.max(elapsedMs / fetched * left, heldMs) }
  }
}

/** The albums that a run will have: as many as it wants, until its listing has ended with fewer. */
function totalOf ({ request, progress, listing }: Run): number {
  return Math.max(listing === null ? request.limit : progress.albumsListed, progress.albumsFetched)
}

/** A bar that is drawn again and again. */
export function createProgressBar (terminal: NodeJS.WritableStream, clock: Clocks): ProgressDisplay {
  const timesOf = createEstimate(clock)
  const bar = new SingleBar({
    stream: terminal,
    format: '{bar} {value}/{total} albums, {tracks} tracks, {calls} calls, {duration_formatted}, ETA {left}{state}',
    formatTime: timeText,
    hideCursor: true,
    noTTYOutput: true,
  }, Presets.shades_classic)
  bar.start(0, 0, fieldsOf(null, null))
  return {
    update (run) {
      bar.setTotal(totalOf(run))
      bar.update(run.progress.albumsFetched, fieldsOf(run, timesOf(run).leftMs))
    },
    stop: () => bar.stop(),
  }
}

function fieldsOf (run: Run | null, leftMs: number | null): Record<string, string | number> {
  return {
    tracks: run?.progress.tracks ?? 0,
    calls: run?.cost.calls ?? 0,
    left: leftMs === null ? '?' : timeText(leftMs / 1000),
    state: run === null ? '' : printable(stateOf(run)),
  }
}

/** Minutes and seconds. */
function timeText (seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
}

/** Returns what the run waits for, or else its status if it is unusual; begins with a comma. */
function stateOf ({ status, waiting }: Run): string {
  if (waiting === null) return status === 'running' ? '' : `, ${status}`
  const until = waiting.until === null ? '' : ` until ${waiting.until}`
  return `, ${status === 'paused' ? status : `waits for ${waiting.for}`}${until}: ${waiting.detail}`
}

/** Returns the cost of a run as text. */
export function costText ({ calls, cached }: Run['cost']): string {
  return cached === 0 ? `${calls} calls` : `${calls} calls, ${cached} albums from the cache`
}

const LOG_EVERY_MS = 5000

/**
 * A log line now and then, where nobody watches, and one as soon as the run is paused: nothing else happens then for
 * long.
 */
export function createProgressLog (log: Log, clock: Clocks): ProgressDisplay {
  const timesOf = createEstimate(clock)
  let loggedAtMs = clock.monotonic()
  let wasPaused = false
  return {
    update (run) {
      const { id, status, progress, cost, waiting } = run
      const { elapsedMs, leftMs } = timesOf(run)
      const isNews = status === 'paused' && !wasPaused
      wasPaused = status === 'paused'
      if (!isNews && clock.monotonic() - loggedAtMs < LOG_EVERY_MS) return
      loggedAtMs = clock.monotonic()
      log.info({
        runId: id,
        status,
        progress,
        calls: cost.calls,
        elapsedSeconds: inSeconds(elapsedMs),
        etaSeconds: inSeconds(leftMs),
        waiting,
      }, 'run in progress')
    },
    stop () {},
  }
}

function inSeconds (ms: number | null): number | null {
  return ms === null ? null : Math.round(ms / 1000)
}
