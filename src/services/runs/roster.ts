import { type Run } from '../../schemas/run.ts'
import { type Clock } from '../clock.ts'
import { hasEnded } from './transitions.ts'

export type RunListener = (run: Run) => void

/** The runs that have not ended, as this process knows them, and who watches which. */
export interface Roster {
  /** A run has changed: it is kept until it has ended, and its watchers are told. */
  note: (run: Run) => void
  /** Know a run from the store, unless a newer state of it is known. */
  add: (run: Run) => void
  get: (id: string) => Run | undefined
  /** The run of an equal request. */
  find: (requestKey: string) => Run | undefined
  size: () => number
  /** Called with the run after each change until the returned function is called. */
  watch: (id: string, listener: RunListener) => () => void
  /** Resolves as soon as the run has ended, the time is over, or the signal is aborted. */
  waitForEnd: (id: string, ms: number, signal: AbortSignal) => Promise<void>
}

export function createRoster (clock: Clock): Roster {
  const active = new Map<string, Run>()
  const watchers = new Map<string, Set<RunListener>>()

  function watch (id: string, listener: RunListener): () => void {
    const listeners = watchers.get(id) ?? new Set()
    watchers.set(id, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && watchers.get(id) === listeners) watchers.delete(id)
    }
  }

  return {
    watch,

    note (run) {
      if (hasEnded(run)) active.delete(run.id)
      else active.set(run.id, run)
      for (const listener of watchers.get(run.id) ?? []) listener(run)
    },

    add (run) {
      if (!active.has(run.id)) active.set(run.id, run)
    },

    get: (id) => active.get(id),
    find: (requestKey) => [...active.values()].find(({ request }) => keyOf(request) === requestKey),
    size: () => active.size,

    async waitForEnd (id, ms, signal) {
      const done = new AbortController()
      const finish = (): void => done.abort()
      const unwatch = watch(id, (run) => { if (hasEnded(run)) finish() })
      signal.addEventListener('abort', finish, { once: true })
      if (signal.aborted || !active.has(id)) finish()
      try {
        await clock.sleep(ms, done.signal)
      } catch {
        // ended, or the client has gone: both are the end of waiting
      } finally {
        unwatch()
        signal.removeEventListener('abort', finish)
      }
    },
  }
}

/** Equal requests have equal keys. */
export function keyOf (request: Run['request']): string {
  return JSON.stringify(request)
}
