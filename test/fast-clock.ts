import { type Clock, systemClock } from '../src/services/clock.ts'

/** A clock that runs `speed` times as fast as the real one, for waits that a whole service really waits. */
export function createFastClock (speed: number): Clock {
  const startMs = systemClock.monotonic()
  const epochMs = systemClock.now()
  const elapsedMs = (): number => (systemClock.monotonic() - startMs) * speed
  return {
    now: () => Math.round(epochMs + elapsedMs()),
    monotonic: elapsedMs,
    sleep: async (ms, signal) => await systemClock.sleep(ms / speed, signal),
  }
}
