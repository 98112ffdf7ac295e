/** The pace after an unexpected 429 never falls below this share of the configured one. */
const FLOOR_SHARE = 0.1
/** One 429 takes at most this share of the pace, however few calls we made: others may use the same account. */
const LARGEST_CUT_SHARE = 0.5
/** How far below the count that Spotify refused the new pace lies. */
const SAFETY_SHARE = 0.9
/** What one window without a 429 gives back, as a share of the configured pace. */
const RECOVERY_SHARE = 0.02

/**
 * The new number of calls a window after a 429 that the present one should have prevented: a little under
 * what was in the window when Spotify refused, since its own number must be near that.
 */
export function reducedPace (pace: number, callsInWindow: number, configured: number): number {
  const floor = Math.max(1, Math.floor(configured * FLOOR_SHARE))
  const refusedAt = Math.max(Math.min(pace, callsInWindow), pace * LARGEST_CUT_SHARE)
  return Math.max(floor, Math.floor(refusedAt * SAFETY_SHARE))
}

/** The pace after `quietWindows` whole windows without a 429: up by small equal steps to the configured one. */
export function recoveredPace (pace: number, quietWindows: number, configured: number): number {
  const step = Math.max(1, Math.floor(configured * RECOVERY_SHARE))
  return Math.min(configured, pace + step * Math.floor(quietWindows))
}
