import { type Endpoint } from './endpoint.ts'

/** What a run has cost so far: part of the run that users see. */
export interface Cost {
  /** Calls sent to the Web API, refused and repeated ones included; token requests are not. */
  calls: number
  /** Calls that were sent again after a fault. */
  retries: number
  /** Milliseconds in which at least one call was held back by the pacer. */
  throttledMs: number
  /** Albums taken from the cache instead of a call. */
  cached: number
  byEndpoint: Partial<Record<Endpoint, number>>
}

export const NO_COST: Cost = { calls: 0, retries: 0, throttledMs: 0, cached: 0, byEndpoint: {} }

export interface Meter {
  call: (endpoint: Endpoint) => void
  retry: () => void
  /** An album was taken from the cache. */
  cached: () => void
  /** A call begins to wait; the returned function ends it. Waits that overlap count once. */
  hold: () => () => void
  read: () => Cost
}

/** Adds up the cost of a run, going on from what an earlier execution of it has cost. */
export function createMeter (monotonic: () => number, before: Cost = NO_COST): Meter {
  const cost: Cost = { ...before, byEndpoint: { ...before.byEndpoint } }
  let holding = 0
  let since = 0

  function heldMs (): number {
    return holding > 0 ? monotonic() - since : 0
  }

  return {
    call (endpoint) {
      cost.calls++
      cost.byEndpoint[endpoint] = (cost.byEndpoint[endpoint] ?? 0) + 1
    },
    retry () { cost.retries++ },
    cached () { cost.cached++ },
    hold () {
      if (holding++ === 0) since = monotonic()
      return () => {
        const held = heldMs()
        if (--holding === 0) cost.throttledMs += held
      }
    },
    read: () => ({ ...cost, throttledMs: Math.round(cost.throttledMs + heldMs()), byEndpoint: { ...cost.byEndpoint } }),
  }
}
