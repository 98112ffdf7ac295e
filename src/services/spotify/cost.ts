import type { Cost } from '../../schemas/run.ts'
import type { Endpoint } from './http/endpoint.ts'
import { type Wait, type WaitReason, standstillOf } from './pacing/wait.ts'

export const NO_COST: Cost = { calls: 0, retries: 0, throttledMs: 0, cached: 0, byEndpoint: {} }

export interface CostCounter {
  /** A call is sent; the returned function says that it is no longer in flight. */
  call: (endpoint: Endpoint) => () => void
  retry: () => void
  /** A call was answered 429. */
  limited: () => void
  /** An album was taken from the cache. */
  cached: () => void
  /**
   * A call begins to wait for Spotify's limits, which `throttledMs` counts; the returned function ends it. Waits that
   * overlap count once.
   */
  throttled: (why: WaitReason) => () => void
  /** A call begins to wait for something that costs no throttled time; the returned function ends it. */
  wait: (why: WaitReason) => () => void
  read: () => Cost
  /** Calls that were answered 429 since this counter began. */
  limits: () => number
  /** What the calls wait for, all of them; null while one is in flight or none waits. */
  standstill: () => Wait | null
}

/** Adds up the cost of a run, going on from what an earlier execution of it has cost. */
export function createCostCounter (monotonic: () => number, before: Cost = NO_COST): CostCounter {
  const cost: Cost = { ...before, byEndpoint: { ...before.byEndpoint } }
  const waits = new Set<{ why: WaitReason }>()
  let inFlight = 0
  let limits = 0
  let throttledCalls = 0
  let since = 0

  function waitedMs (): number {
    return throttledCalls > 0 ? monotonic() - since : 0
  }

  function wait (why: WaitReason): () => void {
    const mine = { why }
    waits.add(mine)
    return () => { waits.delete(mine) }
  }

  return {
    call (endpoint) {
      cost.calls++
      cost.byEndpoint[endpoint] = (cost.byEndpoint[endpoint] ?? 0) + 1
      inFlight++
      return () => { inFlight-- }
    },
    retry () { cost.retries++ },
    limited () { limits++ },
    cached () { cost.cached++ },
    wait,
    throttled (why) {
      if (throttledCalls++ === 0) since = monotonic()
      const endWait = wait(why)
      return () => {
        endWait()
        const waited = waitedMs()
        if (--throttledCalls === 0) cost.throttledMs += waited
      }
    },
    read: () =>
      ({ ...cost, throttledMs: Math.round(cost.throttledMs + waitedMs()), byEndpoint: { ...cost.byEndpoint } }),
    limits: () => limits,
    standstill: () => standstillOf(inFlight, [...waits].map(({ why }) => why())),
  }
}
