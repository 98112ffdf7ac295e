import type { Run } from '../../schemas/run.ts'
import { follow } from '../abortable.ts'
import type { Clock } from '../clock.ts'
import type { Notice } from '../database/database.ts'
import { hasEnded } from '../run-record.ts'

export type RunListener = (run: Run) => void

/** The runs that this process executes, and who watches which run of any process. */
export interface ActiveRuns {
  /** A run has changed here: its watchers are told, and the other processes where its status has changed. */
  note: (run: Run) => void
  /**
   * The run as it is now, where this process executes it. A pause that could not be stored is known until its
   * `resumeAt`: then another process may execute the run.
   */
  get: (id: string) => Run | undefined
  /** Called with the run after each change until the returned function is called. */
  watch: (id: string, listener: RunListener) => () => void
  /** Resolves as soon as the run has ended, the time is over, or the signal is aborted. */
  waitForEnd: (id: string, ms: number, signal: AbortSignal) => Promise<void>
  /**
   * This process executes the run until the returned function is called; `checkCancel` asks immediately whether a
   * client wants it to end.
   */
  add: (id: string, checkCancel: () => void) => () => void
  close: () => void
}

interface ActiveRunsOptions {
  /** The run as it is stored, with what it waits for; null: it is gone. */
  read: (id: string) => Promise<Run | null>
  notify: (notice: Notice) => void
  onNotice: (listener: (notice: Notice) => void) => void
  /** How often a run is read that is watched and executed elsewhere. */
  pollMs: number
  clock: Clock
}

interface ActiveRun {
  /** null: its execution has shown nothing yet. */
  run: Run | null
  checkCancel: () => void
  /** Its execution has ended, and left a state that could not be stored. */
  isOver: boolean
}

/** Notices are hints: what is shown is what this process executes, or what is stored. */
export function createActiveRuns ({ read, notify, onNotice, pollMs, clock }: ActiveRunsOptions): ActiveRuns {
  const active = new Map<string, ActiveRun>()
  const watchers = new Map<string, Set<RunListener>>()
  /** What the watchers of a run were told last, as JSON. */
  const told = new Map<string, string>()
  const polling = new Set<string>()
  const timer = setInterval(() => { for (const id of watchers.keys()) poll(id) }, pollMs).unref()

  onNotice(({ kind, id }) => {
    if (kind === 'run') poll(id)
    else active.get(id)?.checkCancel()
  })

  function get (id: string): Run | undefined {
    const known = active.get(id)
    const run = known?.run ?? undefined
    if (known?.isOver !== true || clock.now() < Date.parse(run?.resumeAt ?? '')) return run
    active.delete(id)
    return undefined
  }

  function tell (run: Run): void {
    const listeners = watchers.get(run.id)
    if (listeners === undefined) return
    told.set(run.id, JSON.stringify(run))
    for (const listener of [...listeners]) listener(run)
  }

  function isWatched (id: string): boolean {
    return watchers.has(id) && get(id) === undefined
  }

  function poll (id: string): void {
    if (!isWatched(id) || polling.has(id)) return
    polling.add(id)
    read(id).then((run) => {
      if (run !== null && isWatched(id) && told.get(id) !== JSON.stringify(run)) tell(run)
    }, () => {}).finally(() => polling.delete(id))
  }

  function watch (id: string, listener: RunListener): () => void {
    const listeners = watchers.get(id) ?? new Set()
    watchers.set(id, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size > 0 || watchers.get(id) !== listeners) return
      watchers.delete(id)
      told.delete(id)
    }
  }

  return {
    note (run) {
      const known = active.get(run.id)
      const before = known?.run?.status
      if (known !== undefined) known.run = run
      if (known !== undefined || hasEnded(run)) tell(run)
      else poll(run.id)
      if (before !== run.status) notify({ kind: 'run', id: run.id })
    },

    get,
    watch,

    async waitForEnd (id, ms, signal) {
      const { controller, release } = follow(signal)
      const unwatch = watch(id, (run) => { if (hasEnded(run)) controller.abort() })
      poll(id)
      try {
        await clock.sleep(ms, controller.signal)
      } catch {
        // ended, or the client has gone: both are the end of waiting
      } finally {
        unwatch()
        release()
      }
    },

    add (id, checkCancel) {
      const added: ActiveRun = { run: null, checkCancel, isOver: false }
      active.set(id, added)
      return () => {
        if (active.get(id) === added && isUnstored(added.run)) added.isOver = true
        else if (active.get(id) === added) active.delete(id)
        poll(id)
      }
    },

    close () {
      clearInterval(timer)
    },
  }
}

/** Returns whether the state of the run could not be stored: only this process knows it until the next execution. */
function isUnstored (run: Run | null): boolean {
  return run?.status === 'paused' && run.error?.code === 'storage_failed'
}
