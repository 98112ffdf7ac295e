import { createRollingWindow } from './rolling-window.ts'
import type { SandboxSettings } from './settings.ts'

const DEFAULT_WINDOW_MS = 30_000
/** Tolerance for the difference between the caller's timer and the sandbox's. */
export const CLOCK_SLACK_MS = 10
/** A call that arrives so soon after a 429 was already in flight. */
export const ON_THE_WAY_MS = 100
/** Each call during a block extends it by this. */
const PENALTY_MS = 1000

export interface RateLimit {
  /** Counts a call; null allows it. `retryAfterS` null: refused without a Retry-After. */
  refuse (nowMs: number): { retryAfterS: number | null } | null
}

interface Block { readonly sinceMs: number, untilMs: number }

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
        if (nowMs > block.sinceMs + ON_THE_WAY_MS) block.untilMs += PENALTY_MS
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
