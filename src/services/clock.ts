import { setTimeout as delay } from 'node:timers/promises'

/** Time as a dependency: production passes `systemClock`, tests pass one that they move by hand. */
export interface Clock {
  /** Wall-clock time in epoch milliseconds: for what is stored or shown. It may jump. */
  now: () => number
  /** Milliseconds since an arbitrary start, never going back: for what is measured or paced. */
  monotonic: () => number
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}

/** setTimeout fires at once for a longer delay: 2^31 - 1 ms, about 24.8 days. */
const LONGEST_TIMER_MS = 2_147_483_647

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep (ms, signal) {
    try {
      await delay(Math.min(Math.max(0, ms), LONGEST_TIMER_MS), undefined, signal === undefined ? {} : { signal })
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  },
}

/**
 * No wait that Spotify has been seen to name comes near this: a longer one is rubbish, or the wall clock was set back.
 */
export const LONGEST_PLAUSIBLE_MS = 7 * 24 * 3600 * 1000
