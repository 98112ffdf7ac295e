import { LONGEST_PLAUSIBLE_MS } from '../../clock.ts'

interface Backoff {
  /** The upper bound of the first backoff. */
  baseMs: number
  /** The upper bound of any backoff. */
  capMs: number
}

/** How often, and with what pauses, one call may be tried. */
export interface RetryPolicy extends Backoff {
  /** Tries of one call, the first included. */
  maxAttempts: number
  /** The longest time named by Spotify that is waited for; a longer one pauses the run. */
  maxWaitMs: number
}

/**
 * How long to wait before the next try: exponential backoff with full jitter.
 * @param attempt the try that just failed, from 1
 * @param random a number in [0, 1)
 * Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function retryDelayMs (attempt: number, policy: RetryPolicy, random: number): number {
  return random * backoffCeilingMs(attempt, policy)
}

/**
 * How long everybody stops for a 429 that names no time: doubling from 1 s, and from 1 min when it is the quota
 * (calling while blocked makes that block longer). No jitter: all callers stop together.
 * @param strike how many such answers there were in a row, from 1
 */
export function unnamedPauseMs (strike: number, quota: boolean): number {
  return quota ? backoffCeilingMs(strike, UNNAMED_QUOTA) : backoffCeilingMs(strike, UNNAMED_LIMIT)
}

const UNNAMED_LIMIT: Backoff = { baseMs: 1000, capMs: 60_000 }
const UNNAMED_QUOTA: Backoff = { baseMs: 60_000, capMs: 3_600_000 }

function backoffCeilingMs (attempt: number, { baseMs, capMs }: Backoff): number {
  return Math.min(capMs, baseMs * 2 ** (attempt - 1))
}

/**
 * `Retry-After` in milliseconds, or null where it is missing or says nothing that can be obeyed (zero,
 * negative, in the past, not a number). Seconds may be fractional; dates are in the HTTP form.
 * Source: RFC 9110, section 10.2.3
 */
export function parseRetryAfterMs (header: string | undefined, nowMs: number): number | null {
  const text = header?.trim() ?? ''
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : httpDateMs(text) - nowMs
  return ms > 0 ? Math.min(Math.ceil(ms), LONGEST_PLAUSIBLE_MS) : null
}

function httpDateMs (text: string): number {
  return /^(Mon|Tues?|Wed(nes)?|Thu(rs)?|Fri|Sat(ur)?|Sun)(day)?, \d{2}[ -][A-Z][a-z]{2}[ -]\d{2,4} [\d:]{8} GMT$/.test(
    text
  )
    ? Date.parse(text)
    : NaN
}
