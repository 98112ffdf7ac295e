import { type Run } from '../../schemas/run.ts'
import { hasEnded } from './transitions.ts'

/** Which runs have ended lately: whoever began to read the store before that may still have them as going on. */
export interface Endings {
  /** A run has changed. */
  note: (run: Run) => void
  /** Those of the runs that have not ended since that time (on the monotonic clock), as of which the store was read. What ended before it is forgotten. */
  without: (runs: Run[], sinceMs: number) => Run[]
}

export function createEndings (monotonic: () => number): Endings {
  const endedAtMs = new Map<string, number>()
  return {
    note (run) {
      if (hasEnded(run)) endedAtMs.set(run.id, monotonic())
      else endedAtMs.delete(run.id)
    },

    without (runs, sinceMs) {
      for (const [id, atMs] of endedAtMs) if (atMs < sinceMs) endedAtMs.delete(id)
      return runs.filter(({ id }) => !endedAtMs.has(id))
    },
  }
}
