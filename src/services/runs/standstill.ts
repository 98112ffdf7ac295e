import type { Run, Waiting } from '../../schemas/run.ts'
import type { Wait } from '../spotify/pacing/wait.ts'
import { hasEnded } from '../run-record.ts'

/** What decides why a run stands still, besides the run itself. */
interface Situation {
  /** Runs that the queue of this process delivers before this one; null: it is not waiting there. */
  ahead: number | null
  /** Runs of any process that are executed or were created earlier. */
  others: number
  nowMs: number
}

/**
 * Returns why the run stands still: what its calls wait for where it is executed, or the pause, or the queue.
 * A run whose pause is over, or whose process has died, waits in the queue whatever its status says.
 */
export function waitingOf (run: Run, { ahead, others, nowMs }: Situation): Waiting | null {
  if (hasEnded(run)) return null
  if (ahead !== null) return inQueue(ahead)
  switch (run.status) {
    case 'queued': return inQueue(others)
    case 'paused': return isOver(run, nowMs)
      ? inQueue(others)
      : { for: 'pause', until: run.resumeAt, detail: run.error?.detail ?? 'the run is paused' }
    default: return run.waiting
  }
}

export function toWaiting (wait: Wait | null): Waiting | null {
  return wait === null
    ? null
    : { for: wait.for, until: wait.untilMs === null ? null : new Date(wait.untilMs).toISOString(), detail: wait.detail }
}

function isSameCost (a: Run['cost'], b: Run['cost']): boolean {
  return a.calls === b.calls && a.retries === b.retries && a.throttledMs === b.throttledMs
}

function isOver ({ resumeAt }: Run, nowMs: number): boolean {
  return resumeAt !== null && Date.parse(resumeAt) <= nowMs
}

function inQueue (ahead: number): Waiting {
  return {
    for: 'queue',
    until: null,
    detail: ahead === 0 ? 'it is next' : `${ahead} ${ahead === 1 ? 'run' : 'runs'} before it`,
  }
}

/** A wait that is shorter than this may go unseen. */
const LOOK_EVERY_MS = 100

interface Standstill {
  /** The run as it is now. */
  look: () => Run
  report: (run: Run) => void
  /** Called with each look, the first one before anything happens and the last one after all. */
  note: (run: Run) => void
}

/**
 * Reports the run while it stands still, so that its waits and times stay current, once when that is over, and when its
 * cost has changed: a call that is sent or held back is no event of the ledger. Returns a function that stops this.
 */
export function reportStandstill ({ look, report, note }: Standstill): () => void {
  let before = look()
  note(before)
  const timer = setInterval(() => {
    const run = look()
    note(run)
    if (run.waiting !== null || before.waiting !== null || !isSameCost(run.cost, before.cost)) report(run)
    before = run
  }, LOOK_EVERY_MS).unref()
  return () => {
    clearInterval(timer)
    note(look())
  }
}
