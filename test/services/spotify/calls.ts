import { setMaxListeners } from 'node:events'
import { systemClock } from '../../../src/services/clock.ts'
import type { Pacer, Permit } from '../../../src/services/spotify/pacing/pacer.ts'

/** A call as the server may have seen it: wherever between its start and its end. */
export interface Call { givenMs: number, doneMs: number }

/** The most calls that a server may see in one window. */
export function mostInAnyWindow (made: Call[], windowMs: number): number {
  const times = made.flatMap(({ givenMs, doneMs }) => [givenMs, doneMs]).filter(Number.isFinite)
  return Math.max(
    0,
    ...times.map((time) => made.filter(({ givenMs, doneMs }) => doneMs >= time && givenMs <= time + windowMs).length)
  )
}

/** Calls as often as the pacer lets, one call after the other, until the signal. */
export async function demand (
  pacer: Pacer,
  signal: AbortSignal,
  made: Call[],
  callMs: () => number = () => 0
): Promise<void> {
  setMaxListeners(100, signal)
  for (;;) {
    let permit: Permit
    try {
      permit = await pacer.take(signal)
    } catch (error) {
      if (signal.aborted) return
      throw error
    }
    const call = { givenMs: performance.now(), doneMs: Infinity }
    made.push(call)
    await systemClock.sleep(callMs())
    call.doneMs = performance.now()
    permit.done(true)
  }
}
