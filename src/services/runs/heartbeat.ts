import { ServiceError } from '../../errors.ts'
import type { Run } from '../../schemas/run.ts'
import type { Log } from '../log.ts'
import { BEAT_EVERY_MS } from '../store/owner.ts'
import type { RunRecord } from '../run-record.ts'
import type { RunStore } from '../store/run-store.ts'
import { canceled } from './cancel.ts'
import type { RunTimeline } from './run-timeline.ts'

export interface HeartbeatOptions {
  store: Pick<RunStore, 'beat'>
  /** Stored with each beat. */
  timeline: Pick<RunTimeline, 'steps' | 'save'>
  log: Log
  /** Called with the run as it is now. */
  onChange: (run: Run) => void
  /**
   * Called with a function that asks immediately whether a client wants the run to end, and with the run's timeline.
   */
  onBegin: (checkCancel: () => void, timeline: Pick<RunTimeline, 'steps'>) => void
  /** Aborts the execution: a client wants that, or another process has the run. */
  abort: (reason: Error) => void
}

export interface Heartbeat {
  /** The run as it is now. */
  show: (run: Run) => void
  /** Stores now how far the run is; it never throws. */
  beat: () => Promise<void>
  /** Resolves when nothing of it is being stored any more. */
  stop: () => Promise<void>
}

/**
 * Stores every second that this process executes the run, and how far it is; aborts the execution where another process
 * has the run, or a client wants it to end.
 */
export function startHeartbeat ({ run, executions }: RunRecord, options: HeartbeatOptions): Heartbeat {
  const { store, timeline, log, onChange, onBegin, abort } = options
  let shown = run
  let beating: Promise<void> | null = null

  async function beat (): Promise<void> {
    try {
      const { isOurs, isCancelWanted } = await store.beat(shown, executions, timeline.save)
      if (!isOurs) {
        abort(
          new ServiceError('shutting_down', 'another process has taken the run over', { affectsEveryCall: true })
        )
      } else if (isCancelWanted) abort(canceled())
    } catch (error) {
      log.debug({ err: error }, 'heartbeat failed')
    }
  }

  function beatNow (): void {
    beating ??= beat().finally(() => { beating = null })
  }

  const timer = setInterval(beatNow, BEAT_EVERY_MS).unref()
  onBegin(beatNow, timeline)
  return {
    show (now) {
      shown = now
      onChange(now)
    },
    beat,
    async stop () {
      clearInterval(timer)
      await beating
    },
  }
}
