import { type Moment, endsLater } from '../../deadline.ts'
import { recoveredPace, reducedPace } from './pace.ts'
import {
  type KnownPause, type Pause, inForce, isTooLong, longerPause, onTheWall, pauseFor, restoredPause
} from './pause.ts'
import { unnamedPauseMs } from '../http/retry-policy.ts'

/** What a 429 said. */
export interface Limit {
  quota: boolean
  /** null: it named no time. */
  retryAfterMs: number | null
  /** Spotify's own words, as evidence. */
  detail: string
}

/** The pause and the pace. Times are on the clock of the window that keeps it. */
export interface Throttle {
  pause: KnownPause | null
  /** 429 answers in a row. */
  strikes: number
  /** The pace that the last unexpected 429 left, and when. */
  reduced: { pace: number, atMs: number }
}

/** What is allowed. */
export interface Allowance {
  /** Calls in any window, at most. */
  callsPerWindow: number
  windowMs: number
  /** A longer pause than this is not waited for. */
  maxWaitMs: number
}

/** Before any clock began; finite, so that it can be written down. */
const LONG_AGO_MS = -1e15

/** The part of the throttle that outlives the process, in wall-clock time. */
export interface StoredThrottleState {
  pause: Pause | null
  /** 429 answers in a row. */
  strikes: number
  /** The pace that the last unexpected 429 left, and when; none: there was no such answer, or it is forgotten. */
  reduced?: { pace: number, atMs: number } | null
}

/** Restores the throttle at the start of a process: the rest of the stored pause, and the pace recovered since. */
export function restoredThrottle (stored: StoredThrottleState | null, now: Moment, allowance: Allowance): Throttle {
  const throttle: Throttle = {
    pause: null,
    strikes: stored?.strikes ?? 0,
    reduced: restoredPace(stored?.reduced ?? null, now, allowance),
  }
  if (stored?.pause == null) return throttle
  return { ...throttle, pause: inForce(restoredPause(stored.pause, allowance.maxWaitMs, now), now.atMs) }
}

/** A reduction that lies ahead, since the wall clock was set back, is one of now. */
function restoredPace (
  stored: StoredThrottleState['reduced'], now: Moment, { callsPerWindow }: Allowance
): Throttle['reduced'] {
  if (stored == null) return { pace: callsPerWindow, atMs: LONG_AGO_MS }
  return { pace: Math.min(stored.pace, callsPerWindow), atMs: now.atMs - Math.max(0, now.wallMs - stored.atMs) }
}

/** Returns the throttle in the form in which it is stored. */
export function storedThrottle (throttle: Throttle, now: Moment): StoredThrottleState {
  const { pace, atMs } = throttle.reduced
  const pause = inForce(throttle.pause, now.atMs)
  return {
    pause: pause === null ? null : onTheWall(pause, now),
    strikes: throttle.strikes,
    reduced: atMs === LONG_AGO_MS ? null : { pace, atMs: Math.round(atMs + now.wallMs - now.atMs) },
  }
}

/** The calls that a window may hold at this time. */
export function paceAt ({ reduced }: Throttle, atMs: number, { callsPerWindow, windowMs }: Allowance): number {
  return recoveredPace(reduced.pace, Math.max(0, atMs - reduced.atMs) / windowMs, callsPerWindow)
}

/** Returns whether a call that was permitted at this time reveals more than the last 429. */
export function isNews ({ reduced }: Throttle, givenAtMs: number): boolean {
  return givenAtMs > reduced.atMs
}

/**
 * How we stand after a 429. The answers of calls that were under way together are one event: only the first
 * counts as a strike and lowers the pace, but the longest time that any of them named is obeyed.
 * @param occupied the permits of the window that were taken
 */
export function afterLimit (
  throttle: Throttle,
  { givenAtMs, limit, occupied, now }: { givenAtMs: number, limit: Limit, occupied: number, now: Moment },
  allowance: Allowance
): { throttle: Throttle, pauseMs: number } {
  const { pause, strikes } = throttle
  const struck = isNews(throttle, givenAtMs)
    ? {
        pause,
        strikes: strikes + 1,
        reduced: {
          pace: reducedPace(paceAt(throttle, now.atMs, allowance), occupied, allowance.callsPerWindow),
          atMs: now.atMs,
        }
      }
    : throttle
  const pauseMs = limit.retryAfterMs ?? unnamedPauseMs(Math.max(1, struck.strikes), limit.quota)
  const code = limit.quota ? 'quota_exceeded' : 'rate_limited'
  const next = pauseFor(pauseMs, { code, detail: limit.detail }, isTooLong(pauseMs, code, allowance.maxWaitMs), now)
  return { throttle: { ...struck, pause: longerPause(struck.pause, next, now.atMs) }, pauseMs }
}

/**
 * What all processes know, and what this one knows besides: the longer pause, the later reduction.
 * Returns `shared` itself where this process knows nothing more.
 */
export function mergedThrottle (shared: Throttle, mine: Throttle, atMs: number): Throttle {
  const pause = inForce(mine.pause, atMs)
  const knowsPause = pause !== null && (shared.pause === null || endsLater(pause, shared.pause))
  const knowsReduction = mine.reduced.atMs > shared.reduced.atMs
  if (!knowsPause && !knowsReduction) return shared
  return {
    pause: knowsPause ? pause : shared.pause,
    strikes: Math.max(shared.strikes, mine.strikes),
    reduced: knowsReduction ? mine.reduced : shared.reduced,
  }
}
