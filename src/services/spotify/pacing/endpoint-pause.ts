import { PauseError } from '../../../errors.ts'
import type { Clock } from '../../clock.ts'
import { momentOf, msLeft, wallEndMs } from '../../deadline.ts'
import { type Endpoint, ENDPOINT_NAMES } from '../http/endpoint.ts'
import { type KnownPause, inForce, longerPause, pauseFor } from './pause.ts'
import type { Wait } from './wait.ts'

/** Until when single endpoints want no call, by the `Retry-After` of an answer other than 429. */
export interface EndpointPauses {
  isPaused: (endpoint: Endpoint) => boolean
  /** Wait until the endpoint may be called. Throws a `PauseError` where it named a longer time than a run waits for. */
  wait: (endpoint: Endpoint, signal: AbortSignal) => Promise<void>
  /** What a call to the endpoint waits for; null where it waits for nothing. */
  waiting: (endpoint: Endpoint) => Wait | null
  /** Throws a `PauseError` where it named a longer time than a run waits for. */
  throwIfLong: (endpoint: Endpoint) => void
  /** Start a pause, or make it longer. */
  begin: (endpoint: Endpoint, namedMs: number, detail: string) => void
}

interface EndpointPausesOptions {
  clock: Clock
  /** The longest time that a run waits. */
  maxWaitMs: number
}

/**
 * The pauses of this process. They are not stored: a run that must wait long is paused and keeps its own time, and a
 * service that restarts asks the endpoint once.
 */
export function createEndpointPauses ({ clock, maxWaitMs }: EndpointPausesOptions): EndpointPauses {
  const pauses = new Map<Endpoint, KnownPause>()

  function current (endpoint: Endpoint): KnownPause | null {
    return inForce(pauses.get(endpoint) ?? null, clock.monotonic())
  }

  function throwIfLong (endpoint: Endpoint): void {
    const pause = current(endpoint)
    if (pause?.isLong === true) throw pauseError(endpoint, pause.detail, wallEndMs(pause, momentOf(clock)))
  }

  return {
    isPaused: (endpoint) => current(endpoint) !== null,
    throwIfLong,

    waiting (endpoint) {
      const pause = current(endpoint)
      return pause === null
        ? null
        : {
            for: 'pause',
            untilMs: wallEndMs(pause, momentOf(clock)),
            detail: `${ENDPOINT_NAMES[endpoint]} ${pause.detail}`,
          }
    },

    async wait (endpoint, signal) {
      for (let pause; (pause = current(endpoint)) !== null;) {
        throwIfLong(endpoint)
        await clock.sleep(msLeft(pause, clock.monotonic()), signal)
      }
    },

    begin (endpoint, namedMs, detail) {
      const now = momentOf(clock)
      const next = pauseFor(namedMs, { code: 'upstream_unavailable', detail }, namedMs > maxWaitMs, now)
      const longer = longerPause(current(endpoint), next, now.atMs)
      if (longer !== null) pauses.set(endpoint, longer)
    },
  }
}

function pauseError (endpoint: Endpoint, detail: string, untilMs: number): PauseError {
  return new PauseError(
    'upstream_unavailable',
    `${ENDPOINT_NAMES[endpoint]} ${detail}: no call to it before ${new Date(untilMs).toISOString()}`,
    untilMs
  )
}
