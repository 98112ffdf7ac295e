import { type Clock } from '../clock.ts'

const JUMP_MS = 3_600_000
const WAIT_MS = 24 * 3_600_000

/**
 * Tells whether the wall clock can be trusted to delete by age: after a jump of more than an hour (seen against
 * the monotonic clock) not for a day, so that a clock that was set wrong for a while deletes nothing.
 */
export function createJumpGuard (clock: Clock): () => boolean {
  let offsetMs = clock.now() - clock.monotonic()
  let notBeforeMs = -Infinity
  return () => {
    const offsetNowMs = clock.now() - clock.monotonic()
    if (Math.abs(offsetNowMs - offsetMs) > JUMP_MS) notBeforeMs = clock.monotonic() + WAIT_MS
    offsetMs = offsetNowMs
    return clock.monotonic() >= notBeforeMs
  }
}
