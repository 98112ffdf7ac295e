import { createRollingWindow } from './rolling-window.ts'
import type { SandboxSettings } from '../settings/settings.ts'

const DEFAULT_WINDOW_MS = 30_000
/** Tolerance for the difference between the caller's timer and the sandbox's. */
export const CLOCK_SLACK_MS = 10
/** A call that arrives so soon after a 429 was already in flight, also on a busy machine. */
const ON_THE_WAY_MS = 1000
/** The share of a short block that counts so. */
const ON_THE_WAY_SHARE = 0.4
/** Each call during a block extends it by this. */
const PENALTY_MS = 1000

export interface RateLimit {
  /** Counts a call; null allows it. `retryAfterS` null: refused without a Retry-After. */
  refuse (nowMs: number): { retryAfterS: number | null } | null
}

export interface Block { readonly sinceMs: number, untilMs: number }

/**
 * Returns whether a call at `nowMs` disregards the block: it was not in flight at its start, nor a little early at its
 * end.
 */
export function isTooSoon ({ sinceMs, untilMs }: Block, nowMs: number): boolean {
  const onTheWayMs = Math.min(ON_THE_WAY_MS, ON_THE_WAY_SHARE * (untilMs - sinceMs))
  return nowMs > sinceMs + onTheWayMs && nowMs < untilMs - CLOCK_SLACK_MS
}

/** Creates a limit of calls in a rolling window (Spotify guide, rate limits). `nowMs` is from a monotonic clock. */
export function createRateLimit (limit: SandboxSettings['rateLimit']): RateLimit {
  if (limit === null) return { refuse: () => null }
  const windowMs = limit.windowMs ?? DEFAULT_WINDOW_MS
  const passed = createRollingWindow(windowMs)
  let block: Block | null = null

  const named = (untilMs: number, nowMs: number) => {
    return limit.retryAfterS === null ? null : Math.ceil((untilMs - nowMs) / 1000)
  }
  const startBlock = (nowMs: number): Block => {
    const freeInMs = (passed.oldest() ?? nowMs) + windowMs - nowMs
    if (limit.retryAfterS === null) return { sinceMs: nowMs, untilMs: nowMs + freeInMs }
    return { sinceMs: nowMs, untilMs: nowMs + 1000 * (limit.retryAfterS ?? Math.ceil(freeInMs / 1000)) }
  }

  return {
    refuse (nowMs) {
      if (block !== null && nowMs < block.untilMs - CLOCK_SLACK_MS) {
        if (isTooSoon(block, nowMs)) block.untilMs += PENALTY_MS
        return { retryAfterS: named(block.untilMs, nowMs) }
      }
      block = null
      if (passed.count(nowMs) < limit.calls) {
        passed.add(nowMs)
        return null
      }
      block = startBlock(nowMs)
      return { retryAfterS: named(block.untilMs, nowMs) }
    },
  }
}
