import { createRollingWindow } from './rolling-window.ts'
import type { SandboxSettings } from './settings.ts'

const DEFAULT_WINDOW_MS = 30_000
/** A caller's timer and ours may differ by a little; Spotify would not punish that either. */
export const CLOCK_SLACK_MS = 10
/** A call that arrives so soon after a 429 was on its way already, also on a busy machine. */
const ON_THE_WAY_MS = 1000
/** Of a short block only this share: most of it has to be kept. */
const ON_THE_WAY_SHARE = 0.4
/** Calling while blocked makes the block longer. */
const PENALTY_MS = 1000

export interface RateLimit {
  /** Null lets the call through. `retryAfterS` null: refused without a Retry-After. */
  refuse (nowMs: number): { retryAfterS: number | null } | null
}

export interface Block { readonly sinceMs: number, untilMs: number }

/** Whether a call at `nowMs` disregards the block, rather than being on its way when that began or a little early at its end. */
export function isTooSoon ({ sinceMs, untilMs }: Block, nowMs: number): boolean {
  const onTheWayMs = Math.min(ON_THE_WAY_MS, ON_THE_WAY_SHARE * (untilMs - sinceMs))
  return nowMs > sinceMs + onTheWayMs && nowMs < untilMs - CLOCK_SLACK_MS
}

/** Spotify guide, rate limits: calls in a rolling window of 30 seconds. `nowMs` must come from a monotonic clock. */
export function createRateLimit (limit: SandboxSettings['rateLimit']): RateLimit {
  if (limit === null) return { refuse: () => null }
  const windowMs = limit.windowMs ?? DEFAULT_WINDOW_MS
  const passed = createRollingWindow(windowMs)
  let block: Block | null = null

  const named = (untilMs: number, nowMs: number) => limit.retryAfterS === null ? null : Math.ceil((untilMs - nowMs) / 1000)
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
