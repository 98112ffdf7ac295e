import { Presets, SingleBar } from 'cli-progress'
import { printable } from '../printable.ts'
import { type Run } from '../schemas/run.ts'
import { type Log } from '../services/log.ts'

/** Shows how a run goes on until it has ended. */
export interface ProgressDisplay {
  update: (run: Run) => void
  stop: () => void
}

/** A bar that is drawn again and again. */
export function createProgressBar (terminal: NodeJS.WritableStream): ProgressDisplay {
  const bar = new SingleBar({
    stream: terminal,
    format: '{bar} {value}/{total} albums, {tracks} tracks, {calls} calls, {duration_formatted}, ETA {eta_formatted}{state}',
    formatTime: timeText,
    hideCursor: true,
    noTTYOutput: true,
  }, Presets.shades_classic)
  bar.start(0, 0, fieldsOf(null))
  return {
    update (run) {
      bar.setTotal(Math.max(run.request.limit, run.progress.albumsFetched))
      bar.update(run.progress.albumsFetched, fieldsOf(run))
    },
    stop: () => bar.stop(),
  }
}

function fieldsOf (run: Run | null): Record<string, string | number> {
  return { tracks: run?.progress.tracks ?? 0, calls: run?.cost.calls ?? 0, state: run === null ? '' : printable(stateOf(run)) }
}

/** Minutes and seconds; the bar passes a text for a time that it cannot tell. */
function timeText (seconds: number): string {
  if (!Number.isFinite(seconds)) return '?'
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
}

/** What the run waits for, else its status where it is not the usual one; begins with a comma. */
function stateOf ({ status, waiting }: Run): string {
  if (waiting === null) return status === 'running' ? '' : `, ${status}`
  const until = waiting.until === null ? '' : ` until ${waiting.until}`
  return `, ${status === 'paused' ? status : `waits for ${waiting.for}`}${until}: ${waiting.detail}`
}

/** What a run has cost, for people. */
export function costText ({ calls, cached }: Run['cost']): string {
  return cached === 0 ? `${calls} calls` : `${calls} calls, ${cached} albums from the cache`
}

const LOG_EVERY_MS = 5000

/** A log line now and then, where nobody watches. */
export function createProgressLog (log: Log, monotonic: () => number): ProgressDisplay {
  let loggedAtMs = monotonic()
  return {
    update ({ id, status, progress, cost }) {
      if (monotonic() - loggedAtMs < LOG_EVERY_MS) return
      loggedAtMs = monotonic()
      log.info({ runId: id, status, progress, calls: cost.calls }, 'run goes on')
    },
    stop () {},
  }
}
