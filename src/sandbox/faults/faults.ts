import { faultMeets, isSpoiling } from '../settings/fault-kinds.ts'
import { createRandom, mix } from '../catalogue/random.ts'
import type { Fault } from '../settings/settings.ts'
import type { EndpointName } from '../settings/endpoints.ts'

/** The facts of a call that decide which fault it meets. */
export interface Target {
  endpoint: EndpointName
  albumIds: readonly string[]
  /** True if the true answer has data; faults that change an answer skip all other calls. */
  hasData: boolean
}

export interface Faults {
  /** Returns the first fault that strikes this call. Each fault draws from its own stream, in call order. */
  strike (target: Target): Fault | null
}

const FAULT_STREAM = 6

/** Arms the faults. `now` is a monotonic clock in milliseconds. */
export function createFaults (faults: readonly Fault[], seed: number, now: () => number): Faults {
  const armed = faults.map((fault, index) => ({
    fault, seen: 0, fired: 0, untilMs: Infinity, random: createRandom(mix(seed, FAULT_STREAM, index)),
  }))
  return {
    strike (target) {
      for (const trap of armed) {
        const { fault } = trap
        if (!concerns(fault, target)) continue
        trap.seen += 1
        if (trap.seen <= (fault.skip ?? 0) || trap.fired >= (fault.times ?? Infinity)) continue
        if (now() >= trap.untilMs || trap.random() >= (fault.probability ?? 1)) continue
        if (trap.fired === 0) trap.untilMs = now() + (fault.durationMs ?? Infinity)
        trap.fired += 1
        return fault
      }
      return null
    },
  }
}

function concerns (fault: Fault, { endpoint, albumIds, hasData }: Target): boolean {
  const named = fault.endpoint ?? '*'
  const here = named === '*' ? endpoint !== 'token' : named === endpoint
  if (isSpoiling(fault.kind) && !hasData) return false
  return here && faultMeets(fault.kind, endpoint) && (fault.albumId === undefined || albumIds.includes(fault.albumId))
}
