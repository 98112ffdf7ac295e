import type { Clock } from '../clock.ts'
import { deadlineIn, jumpMs, momentOf, msLeft } from '../deadline.ts'

const JUMP_MS = 3_600_000
const WAIT_MS = 24 * 3_600_000
/** A machine that boots with a wrong clock sets it right within this time. */
const SETTLE_MS = 10 * 60_000

/**
 * Tells whether the wall clock can be trusted to delete by age: not right after the start, and after a jump of more
 * than an hour (seen against the monotonic clock) not for a day, so that a clock that was set wrong for a while deletes
 * nothing.
 */
export function createJumpGuard (clock: Clock): () => boolean {
  let seen = momentOf(clock)
  let trusted = deadlineIn(SETTLE_MS, seen)
  return () => {
    const now = momentOf(clock)
    if (Math.abs(jumpMs(seen, now)) > JUMP_MS) trusted = deadlineIn(WAIT_MS, now)
    seen = now
    return msLeft(trusted, now.atMs) === 0
  }
}
