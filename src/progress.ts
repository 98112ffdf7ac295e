import { Presets, SingleBar } from 'cli-progress'
import { type Run } from './schemas/run.ts'
import { type Log } from './services/log.ts'

/** Shows how a run goes on until it has ended. */
export interface ProgressDisplay {
  update: (run: Run) => void
  stop: () => void
}

/** A bar that is drawn again and again. */
export function createProgressBar (terminal: NodeJS.WritableStream): ProgressDisplay {
  const bar = new SingleBar({
    stream: terminal,
    format: '{bar} {value}/{total} albums, {tracks} tracks, {calls} calls {status}',
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
  const status = run === null || run.status === 'running' ? '' : run.resumeAt === null ? run.status : `${run.status} until ${run.resumeAt}`
  return { tracks: run?.progress.tracks ?? 0, calls: run?.cost.calls ?? 0, status }
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
