import { type Clock, LONGEST_PLAUSIBLE_MS } from './clock.ts'

/** One moment on both clocks. */
export interface Moment {
  /** On the monotonic clock. */
  atMs: number
  /** Epoch milliseconds. */
  wallMs: number
}

/** Until when something waits: the wait ends by the monotonic clock; wall time is what is stored and shown. */
export interface Deadline {
  /** On the monotonic clock. */
  endsAtMs: number
  /** Epoch milliseconds. */
  untilMs: number
}

/** Two clocks that report the same wall time of an end differ by less. */
const SAME_END_MS = 1000

export function momentOf (clock: Clock): Moment {
  return { atMs: clock.monotonic(), wallMs: clock.now() }
}

export function deadlineIn (ms: number, now: Moment): Deadline {
  return { endsAtMs: now.atMs + ms, untilMs: now.wallMs + ms }
}

/**
 * Returns how long to wait for a stored time; null where it lies further ahead than any wait: the wall clock was set
 * back.
 */
export function plausibleWaitMs (untilMs: number, wallMs: number): number | null {
  const waitMs = Math.max(0, untilMs - wallMs)
  return waitMs > LONGEST_PLAUSIBLE_MS ? null : waitMs
}

/** Restores a stored time. One that is implausible is cut to the longest wait, so that it does not last for ever. */
export function restoredDeadline (storedMs: number, now: Moment): Deadline {
  const untilMs = Math.min(storedMs, now.wallMs + LONGEST_PLAUSIBLE_MS)
  return { endsAtMs: now.atMs + untilMs - now.wallMs, untilMs }
}

/** Returns 0 where the deadline has passed. */
export function msLeft ({ endsAtMs }: Pick<Deadline, 'endsAtMs'>, atMs: number): number {
  return Math.max(0, endsAtMs - atMs)
}

/** Returns the wall time of the end by what is left of the wait, whatever the wall clock was when it began. */
export function wallEndMs ({ endsAtMs }: Pick<Deadline, 'endsAtMs'>, now: Moment): number {
  return Math.ceil(now.wallMs + endsAtMs - now.atMs)
}

/** Returns the wall time to store: the first one, unless what is left of the wait ends after it. */
export function storedEndMs (deadline: Deadline, now: Moment): number {
  const endMs = wallEndMs(deadline, now)
  return endMs > deadline.untilMs + SAME_END_MS ? endMs : deadline.untilMs
}

/** Returns whether a deadline ends after another one. The same wall time, restored by two processes, is one end. */
export function endsLater ({ endsAtMs, untilMs }: Deadline, than: Deadline): boolean {
  return endsAtMs > than.endsAtMs + (untilMs === than.untilMs ? SAME_END_MS : 0)
}

/** Returns how far the wall clock was set between two moments. */
export function jumpMs (before: Moment, after: Moment): number {
  return (after.wallMs - after.atMs) - (before.wallMs - before.atMs)
}

/** Waits for a deadline. One timer may be too short for it. */
export async function sleepUntil (
  { endsAtMs }: Pick<Deadline, 'endsAtMs'>, clock: Clock, signal: AbortSignal
): Promise<void> {
  for (let leftMs; (leftMs = msLeft({ endsAtMs }, clock.monotonic())) > 0;) await clock.sleep(leftMs, signal)
}
