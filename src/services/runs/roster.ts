import { type Run } from '../../schemas/run.ts'
import { type Clock } from '../clock.ts'
import { createEndings } from './endings.ts'
import { hasEnded } from './transitions.ts'

export type RunListener = (run: Run) => void

/** The runs that have not ended, as they are known here, and who watches which. */
export interface Roster {
  /** A run has changed: it is kept until it has ended, and whoever watches it is told. */
  note: (run: Run) => void
  /** These are the runs of the store that have not ended, as of `sinceMs` on the monotonic clock; newer states stay, and what has ended since. */
  reconcile: (runs: Run[], sinceMs: number) => void
  /** The run as it is now, where that is known without asking the store. */
  get: (id: string) => Run | undefined
  /** The runs that have not ended, as they are known here. */
  active: () => Run[]
  /** Called with the run after each change until the returned function is called. */
  watch: (id: string, listener: RunListener) => () => void
  /** Resolves as soon as the run has ended, the time is over, or the signal is aborted. */
  waitForEnd: (id: string, ms: number, signal: AbortSignal) => Promise<void>
  /** This process executes the run until the returned function is called; `cancel` ends that. */
  hold: (id: string, cancel: () => void) => () => void
  /** Ask whoever executes the run to end it: nothing is heard of that but the end of the run. */
  requestCancel: (id: string) => void
  close: () => void
}

/** The roster of a process that is alone: it knows every run that has not ended. */
export function createRoster (clock: Clock): Roster {
  const active = new Map<string, Run>()
  const endings = createEndings(clock.monotonic)
  const held = createHolding()
  const watchers = createWatchers()

  return {
    ...held,
    watch: watchers.watch,

    note (run) {
      const before = active.get(run.id)
      if (hasEnded(run)) active.delete(run.id)
      else active.set(run.id, run)
      endings.note(run)
      watchers.tell(run)
      if (before?.status !== run.status) tellQueued(active.values(), run, watchers.tell)
    },

    reconcile (runs, sinceMs) {
      for (const run of endings.without(runs, sinceMs)) if (!active.has(run.id)) active.set(run.id, run)
    },

    get: (id) => active.get(id),
    active: () => [...active.values()],

    async waitForEnd (id, ms, signal) {
      if (active.has(id)) await untilEnded({ id, ms, signal, clock, watch: watchers.watch })
    },

    close () {},
  }
}

/** Tells the watchers of the other queued runs, whose place in the queue changes when a run changes its status. */
export function tellQueued (runs: Iterable<Run>, { id }: Run, tell: RunListener): void {
  for (const run of runs) if (run.status === 'queued' && run.id !== id) tell(run)
}

/** What this process executes. */
export function createHolding (): Pick<Roster, 'hold' | 'requestCancel'> & { has: (id: string) => boolean, ids: () => string[] } {
  const cancels = new Map<string, () => void>()
  return {
    hold (id, cancel) {
      cancels.set(id, cancel)
      return () => { if (cancels.get(id) === cancel) cancels.delete(id) }
    },
    requestCancel: (id) => cancels.get(id)?.(),
    has: (id) => cancels.has(id),
    ids: () => [...cancels.keys()],
  }
}

interface Watchers {
  watch: Roster['watch']
  tell: (run: Run) => void
  ids: () => string[]
}

export function createWatchers (): Watchers {
  const watchers = new Map<string, Set<RunListener>>()
  return {
    watch (id, listener) {
      const listeners = watchers.get(id) ?? new Set()
      watchers.set(id, listeners.add(listener))
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0 && watchers.get(id) === listeners) watchers.delete(id)
      }
    },
    tell (run) {
      for (const listener of watchers.get(run.id) ?? []) listener(run)
    },
    ids: () => [...watchers.keys()],
  }
}

interface Waiting {
  id: string
  ms: number
  signal: AbortSignal
  clock: Clock
  watch: Roster['watch']
}

/** Resolves as soon as a watcher sees the end of the run, the time is over, or the signal is aborted. */
export async function untilEnded ({ id, ms, signal, clock, watch }: Waiting): Promise<void> {
  const done = new AbortController()
  const finish = (): void => done.abort()
  const unwatch = watch(id, (run) => { if (hasEnded(run)) finish() })
  signal.addEventListener('abort', finish, { once: true })
  if (signal.aborted) finish()
  try {
    await clock.sleep(ms, done.signal)
  } catch {
    // ended, or the client has gone: both are the end of waiting
  } finally {
    unwatch()
    signal.removeEventListener('abort', finish)
  }
}

/** Equal requests have equal keys. */
export function keyOf (request: Run['request']): string {
  return JSON.stringify(request)
}
