import { type PauseCode } from '../../../errors.ts'
import { LONGEST_PLAUSIBLE_MS } from '../../clock.ts'
import { recoveredPace, reducedPace } from './pace.ts'
import { unnamedPauseMs } from '../http/retry-policy.ts'

/** What a 429 said. */
export interface Limit {
  quota: boolean
  /** null: it named no time. */
  retryAfterMs: number | null
  /** Spotify's own words, as evidence. */
  detail: string
}

/** A time before which Spotify may not be called. */
export interface Pause {
  /** Epoch milliseconds. */
  untilMs: number
  code: PauseCode
  detail: string
}

/** A pause on the clock of the window that keeps it. */
export interface KnownPause extends Pause {
  endsAtMs: number
  /** It is too long to be waited for: who asks is refused. */
  isLong: boolean
}

/** How we stand with Spotify. Times are on the clock of the window that keeps it. */
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

/** A moment on the window's clock, and on the wall. */
export interface Moment {
  atMs: number
  wallMs: number
}

/** Before any clock began; finite, so that it can be written down. */
const LONG_AGO_MS = -1e15
/** Two clocks that tell of the same end on the wall differ by less. */
const SAME_END_MS = 1000

/** What outlives the process of how we stand, in wall-clock terms. */
export interface StoredThrottleState {
  pause: Pause | null
  /** 429 answers in a row. */
  strikes: number
  /** The pace that the last unexpected 429 left, and when; none: there was no such answer, or it is forgotten. */
  reduced?: { pace: number, atMs: number } | null
}

/** How we stand when a process begins: what was stored, of its pause what is left, and of its pace what has come back since. */
export function restoredThrottle (stored: StoredThrottleState | null, now: Moment, allowance: Allowance): Throttle {
  const throttle: Throttle = { pause: null, strikes: stored?.strikes ?? 0, reduced: restoredPace(stored?.reduced ?? null, now, allowance) }
  if (stored?.pause == null) return throttle
  const pause = plausible(stored.pause, now.wallMs)
  return withPause(throttle, pause, pause.untilMs - now.wallMs, now.atMs, allowance.maxWaitMs)
}

/** A pause from a wall clock that was ahead and has been set back is no longer than any that Spotify names. */
export function plausible (stored: Pause, wallMs: number): Pause {
  return { ...stored, untilMs: Math.min(stored.untilMs, wallMs + LONGEST_PLAUSIBLE_MS) }
}

/** A reduction that lies ahead, since the wall clock was set back, is one of now. */
function restoredPace (stored: StoredThrottleState['reduced'], now: Moment, { callsPerWindow }: Allowance): Throttle['reduced'] {
  if (stored == null) return { pace: callsPerWindow, atMs: LONG_AGO_MS }
  return { pace: Math.min(stored.pace, callsPerWindow), atMs: now.atMs - Math.max(0, now.wallMs - stored.atMs) }
}

/** How we stand, for those who come after this process. */
export function storedThrottle (throttle: Throttle, now: Moment): StoredThrottleState {
  const { pace, atMs } = throttle.reduced
  const pause = pauseAt(throttle, now.atMs)
  return {
    pause: pause === null ? null : onTheWall(pause, now),
    strikes: throttle.strikes,
    reduced: atMs === LONG_AGO_MS ? null : { pace, atMs: Math.round(atMs + now.wallMs - now.atMs) },
  }
}

/** The pause that is in force. */
export function pauseAt ({ pause }: Pick<Throttle, 'pause'>, atMs: number): KnownPause | null {
  return pause !== null && pause.endsAtMs > atMs ? pause : null
}

/** The calls that a window may hold at this time. */
export function paceAt ({ reduced }: Throttle, atMs: number, { callsPerWindow, windowMs }: Allowance): number {
  return recoveredPace(reduced.pace, Math.max(0, atMs - reduced.atMs) / windowMs, callsPerWindow)
}

/** Whether a call that was let through at this time tells anything that the last 429 did not. */
export function isNews ({ reduced }: Throttle, givenAtMs: number): boolean {
  return givenAtMs > reduced.atMs
}

/**
 * How we stand after a 429. The answers of calls that were under way together are one event: only the first
 * counts as a strike and lowers the pace, but the longest time that any of them named is obeyed.
 * @param occupied the places of the window that were taken
 */
export function afterLimit (throttle: Throttle, { givenAtMs, limit, occupied, now }: { givenAtMs: number, limit: Limit, occupied: number, now: Moment }, allowance: Allowance): { throttle: Throttle, pauseMs: number } {
  const { pause, strikes } = throttle
  const struck = isNews(throttle, givenAtMs)
    ? { pause, strikes: strikes + 1, reduced: { pace: reducedPace(paceAt(throttle, now.atMs, allowance), occupied, allowance.callsPerWindow), atMs: now.atMs } }
    : throttle
  const pauseMs = limit.retryAfterMs ?? unnamedPauseMs(Math.max(1, struck.strikes), limit.quota)
  const next: Pause = { untilMs: now.wallMs + pauseMs, code: limit.quota ? 'quota_exceeded' : 'rate_limited', detail: limit.detail }
  return { throttle: withPause(struck, next, pauseMs, now.atMs, allowance.maxWaitMs), pauseMs }
}

/** A pause is only ever made longer. */
function withPause (throttle: Throttle, { untilMs, code, detail }: Pause, remainingMs: number, atMs: number, maxWaitMs: number): Throttle {
  const endsAtMs = atMs + remainingMs
  if (remainingMs <= 0 || (throttle.pause !== null && throttle.pause.endsAtMs >= endsAtMs)) return throttle
  return { ...throttle, pause: { untilMs, code, detail, endsAtMs, isLong: code === 'quota_exceeded' || remainingMs > maxWaitMs } }
}

/**
 * What all processes know, and what this one knows besides: the longer pause, the later reduction.
 * Returns `shared` itself where this process knows nothing more.
 */
export function mergedThrottle (shared: Throttle, mine: Throttle, atMs: number): Throttle {
  const pause = pauseAt(mine, atMs)
  const knowsPause = pause !== null && isLater(pause, shared.pause)
  const knowsReduction = mine.reduced.atMs > shared.reduced.atMs
  if (!knowsPause && !knowsReduction) return shared
  return {
    pause: knowsPause ? pause : shared.pause,
    strikes: Math.max(shared.strikes, mine.strikes),
    reduced: knowsReduction ? mine.reduced : shared.reduced,
  }
}

/** Of two ends that Spotify named any later one counts. One that both have from the same file is the same, as near as clocks tell. */
function isLater ({ untilMs, endsAtMs }: KnownPause, than: KnownPause | null): boolean {
  if (than === null) return true
  return endsAtMs > than.endsAtMs + (untilMs === than.untilMs ? SAME_END_MS : 0)
}

/** A pause in wall-clock terms: never earlier than what is left of it, whatever has happened to the wall clock. */
export function onTheWall ({ untilMs, code, detail, endsAtMs }: KnownPause, now: Moment): Pause {
  const leftUntilMs = Math.ceil(now.wallMs + endsAtMs - now.atMs)
  return { untilMs: leftUntilMs > untilMs + SAME_END_MS ? leftUntilMs : untilMs, code, detail }
}
