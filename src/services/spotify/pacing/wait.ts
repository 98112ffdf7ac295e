import type { Pause } from './pause.ts'

/** What a call waits for before it can be made. */
export interface Wait {
  /** `pace`: the rate window is full. `pause`: Spotify named a time. `retry`: backoff after a fault. */
  for: 'pace' | 'pause' | 'retry'
  /** Epoch milliseconds; null: nobody can tell. */
  untilMs: number | null
  detail: string
}

/** Returns what a call waits for now; null while it is about to be made, or something for it is on its way. */
export type WaitReason = () => Wait | null

/** A retry needs the pacer's permit too: where that is kept back, it is what the run waits for. */
const WEIGHTS: Record<Wait['for'], number> = { pace: 0, pause: 1, retry: 2 }

/**
 * Decides whether the calls of a run stand still, and why: none is in flight and at least one waits.
 * Among equal reasons the one that ends first counts.
 */
export function standstillOf (inFlight: number, waits: ReadonlyArray<Wait | null>): Wait | null {
  if (inFlight > 0) return null
  const known = waits.filter((wait) => wait !== null)
  return known.toSorted(
    (a, b) => WEIGHTS[a.for] - WEIGHTS[b.for] || (a.untilMs ?? Infinity) - (b.untilMs ?? Infinity)
  )[0] ?? null
}

/** The rate window as far as a full one is described. */
interface FullWindow {
  used: number
  /** Calls allowed now. */
  pace: number
  /** Calls allowed without any earlier 429. */
  callsPerWindow: number
  windowMs: number
}

export function waitForPace ({ used, pace, callsPerWindow, windowMs }: FullWindow, untilMs: number | null): Wait {
  const lowered = pace < callsPerWindow ? `; an earlier 429 lowered the pace from ${callsPerWindow}` : ''
  return {
    for: 'pace',
    untilMs: untilMs === null ? null : Math.ceil(untilMs),
    detail: `${used} of ${pace} calls in ${windowMs / 1000} s${lowered}`,
  }
}

export function waitForPause ({ untilMs, detail }: Pause): Wait {
  return { for: 'pause', untilMs, detail }
}
