import { PauseError } from '../../../errors.ts'
import { type Clock } from '../../clock.ts'
import { type Endpoint, ENDPOINT_NAMES } from '../http/endpoint.ts'
import { type Wait } from './wait.ts'

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
  const pauses = new Map<Endpoint, { endsAtMs: number, isLong: boolean, detail: string }>()

  function current (endpoint: Endpoint): { leftMs: number, isLong: boolean, detail: string } | null {
    const pause = pauses.get(endpoint)
    const leftMs = (pause?.endsAtMs ?? -Infinity) - clock.monotonic()
    return pause === undefined || leftMs <= 0 ? null : { ...pause, leftMs }
  }

  function throwIfLong (endpoint: Endpoint): void {
    const pause = current(endpoint)
    if (pause?.isLong === true) throw pauseError(endpoint, pause.detail, clock.now() + pause.leftMs)
  }

  return {
    isPaused: (endpoint) => current(endpoint) !== null,
    throwIfLong,

    waiting (endpoint) {
      const pause = current(endpoint)
      return pause === null ? null : { for: 'pause', untilMs: Math.ceil(clock.now() + pause.leftMs), detail: `${ENDPOINT_NAMES[endpoint]} ${pause.detail}` }
    },

    async wait (endpoint, signal) {
      for (let pause; (pause = current(endpoint)) !== null;) {
        throwIfLong(endpoint)
        await clock.sleep(pause.leftMs, signal)
      }
    },

    begin (endpoint, namedMs, detail) {
      if (namedMs <= (current(endpoint)?.leftMs ?? 0)) return
      pauses.set(endpoint, { endsAtMs: clock.monotonic() + namedMs, isLong: namedMs > maxWaitMs, detail })
    },
  }
}

function pauseError (endpoint: Endpoint, detail: string, untilMs: number): PauseError {
  return new PauseError('upstream_unavailable', `${ENDPOINT_NAMES[endpoint]} ${detail}: no call to it before ${new Date(untilMs).toISOString()}`, untilMs)
}
