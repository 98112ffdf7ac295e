import { PauseError } from '../../../errors.ts'
import type { Clock } from '../../clock.ts'
import type { Log } from '../../log.ts'
import type { Pause } from './pause.ts'
import type { Limit } from './throttle.ts'
import type { Wait } from './wait.ts'
import type { WindowPermit, Window } from './window.ts'

/** The right to make one call. */
export interface Permit {
  /** The call has ended, answered by Spotify or not. */
  done: (answered: boolean) => void
  /** The call was not made, and never will be. */
  release: () => void
  /** When it was given, on the clock of the window. */
  givenAtMs: number
}

export interface Pacer {
  /** Rejects with a `PauseError` where Spotify's pause is longer than a run may wait. */
  throwIfPaused: () => Promise<void>
  /**
   * Wait for the right to make one call, first come first served. Throws the signal's reason, or a
   * `PauseError` where Spotify's pause is longer than a run may wait.
   */
  take: (signal: AbortSignal, endpoint?: string) => Promise<Permit>
  /** A call was answered 429: everybody stops until the time that it names, and this is stored. */
  limited: (permit: Permit, limit: Limit) => Promise<void>
  /** What those who wait for a permit wait for; null while nobody has to. */
  waiting: () => Wait | null
  state: () => Promise<{ pause: Pause | null, pace: number, callsLast24Hours: number }>
  close: () => Promise<void>
}

interface PacerOptions {
  window: Window
  clock: Clock
  log: Log
}

interface Waiter {
  endpoint: string
  give: (permit: Permit) => void
  refuse: (error: Error) => void
}

/**
 * The one gate before Spotify: callers queue here, and the window says how many may go. A call occupies a
 * permit from the moment it is let through until one window after it has ended, so that however long it was on
 * its way, Spotify never sees more than the allowed number in any window.
 * Source: https://developer.spotify.com/documentation/web-api/concepts/rate-limits
 */
export function createPacer ({ window, clock, log }: PacerOptions): Pacer {
  const waiting: Waiter[] = []
  let asking = false
  let again = false
  let closed = false
  /** 429 answers so far: a permit that was given before one of them is not used after it. */
  let limits = 0
  let timer: AbortController | null = null
  /** What the last answer of the window left callers waiting for. */
  let wait: Wait | null = null

  /** Let through whom we may, then sleep until the next permit is free. Whatever changes a permit calls this. */
  async function pump (): Promise<void> {
    again = true
    if (asking) return
    asking = true
    while (again) {
      again = false
      await askWindow().catch(refuseAll)
    }
    asking = false
  }

  async function askWindow (): Promise<void> {
    timer?.abort()
    timer = null
    if (closed || waiting.length === 0) {
      wait = null
      return
    }
    const limitsBefore = limits
    const { permits, waitMs, longPause, ...taken } = await window.take(waiting.map(({ endpoint }) => endpoint))
    wait = taken.wait
    if (closed || limits !== limitsBefore) {
      for (const permit of permits) window.release(permit)
      again = true
      return
    }
    for (const permit of permits) letThrough(permit)
    if (longPause !== null) return refuseAll(pauseError(longPause))
    if (waiting.length > 0) pumpAfter(waitMs)
  }

  function pumpAfter (ms: number): void {
    const mine = timer = new AbortController()
    clock.sleep(ms, mine.signal).then(() => { if (timer === mine) void pump() }, () => {})
  }

  /** Gives the permit to the next caller, or releases it if all have given up. */
  function letThrough (permit: WindowPermit): void {
    const waiter = waiting.shift()
    if (waiter === undefined) window.release(permit)
    else waiter.give(permitOf(permit))
  }

  function refuseAll (error: Error): void {
    for (const waiter of waiting.splice(0)) waiter.refuse(error)
  }

  function permitOf (permit: WindowPermit): Permit {
    let open = true
    function close (end: () => void): void {
      if (!open) return
      open = false
      end()
      void pump()
    }
    return {
      givenAtMs: permit.givenAtMs,
      done: (answered) => close(() => window.done(permit, answered)),
      release: () => close(() => window.release(permit)),
    }
  }

  async function take (signal: AbortSignal, endpoint = 'other'): Promise<Permit> {
    signal.throwIfAborted()
    return await new Promise<Permit>((resolve, reject) => {
      const waiter: Waiter = {
        endpoint,
        give (given) {
          signal.removeEventListener('abort', onAbort)
          resolve(given)
        },
        refuse (error) {
          signal.removeEventListener('abort', onAbort)
          reject(error)
        },
      }
      const onAbort = (): void => {
        waiting.splice(waiting.indexOf(waiter), 1)
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      waiting.push(waiter)
      void pump()
    })
  }

  async function limited (given: Permit, limit: Limit): Promise<void> {
    limits++
    const told = window.limited(given.givenAtMs, limit).then(({ isNews, pauseMs, pace }) => {
      if (isNews) log.warn({ pauseMs, pace, quota: limit.quota }, 'rate limited by Spotify; all calls paused')
    })
    given.done(false)
    await told
  }

  return {
    async throwIfPaused () {
      const longPause = await window.longPause()
      if (longPause !== null) throw pauseError(longPause)
    },
    take,
    limited,
    waiting: () => waiting.length > 0 ? wait : null,
    state: async () => await window.snapshot(),
    async close () {
      closed = true
      timer?.abort()
      await window.close()
    },
  }
}

function pauseError ({ code, detail, untilMs }: Pause): PauseError {
  const until = new Date(untilMs).toISOString()
  const what = code === 'quota_exceeded' ? 'the quota of this Spotify account is spent' : 'Spotify limits the rate'
  return new PauseError(code, `${what} (${detail}): no call before ${until}`, untilMs)
}
