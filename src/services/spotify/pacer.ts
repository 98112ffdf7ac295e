import { type PauseCode, PauseError } from '../../errors.ts'
import { type Clock } from '../clock.ts'
import { type Log } from '../log.ts'
import { type CallCount, createCallCount } from './call-count.ts'
import { recoveredPace, reducedPace } from './pace.ts'
import { unnamedPauseMs } from './retry-policy.ts'

/** The right to make one call; `done` says that the call has ended, and whether Spotify answered it. */
export interface Permit {
  done: (answered: boolean) => void
  /** When it was given, on the monotonic clock. */
  givenAtMs: number
}

/** What a 429 said. */
export interface Limit {
  quota: boolean
  /** null: it named no time. */
  retryAfterMs: number | null
  /** Spotify's own words, as evidence. */
  detail: string
}

/** A time before which Spotify may not be called. */
export interface Pause {
  /** Epoch milliseconds. */
  untilMs: number
  code: PauseCode
  detail: string
}

/** What outlives the process. */
export interface PacerState {
  pause: Pause | null
  /** 429 answers in a row. */
  strikes: number
  callsByHour: CallCount
  /** When the calls ended (or were under way) that occupied a place, in epoch milliseconds: a restart is no new window. */
  recent: number[]
}

export interface PacerStore {
  load: () => Promise<PacerState | null>
  save: (state: PacerState) => Promise<void>
}

export interface Pacer {
  /** Throws a `PauseError` where Spotify's pause is longer than a run may wait. */
  throwIfHeld: () => void
  /**
   * Wait for the right to make one call, first come first served. Throws the signal's reason, or a
   * `PauseError` where Spotify's pause is longer than a run may wait.
   */
  take: (signal: AbortSignal) => Promise<Permit>
  /** A call was answered 429: everybody stops until the time that it names, and this is stored. */
  limited: (permit: Permit, limit: Limit) => Promise<void>
  state: () => { pause: Pause | null, pace: number, callsLast24Hours: number }
  close: () => Promise<void>
}

interface PacerOptions {
  /** Calls in any window, at most. */
  callsPerWindow: number
  windowMs: number
  /** A longer pause than this is not waited for. */
  maxWaitMs: number
  clock: Clock
  store: PacerStore
  log: Log
}

interface Waiter {
  give: (permit: Permit) => void
  refuse: (error: Error) => void
}

const SAVE_COUNT_EVERY_MS = 1000

/**
 * The one gate before Spotify: a true sliding window shared by all runs. A call occupies its place from the
 * moment it is let through until one window after it has ended, so that however long it was on its way,
 * Spotify never sees more than `callsPerWindow` in any window.
 * Source: https://developer.spotify.com/documentation/web-api/concepts/rate-limits
 */
export async function createPacer (options: PacerOptions): Promise<Pacer> {
  const { callsPerWindow, windowMs, maxWaitMs, clock, store, log } = options
  const stored = await store.load()
  const count = createCallCount(stored?.callsByHour ?? {}, clock.now)
  const waiting: Waiter[] = []
  /** When the calls that still occupy a place ended, oldest first. */
  const ended: number[] = (stored?.recent ?? []).map((atMs) => clock.monotonic() - Math.max(0, clock.now() - atMs))
  let inFlight = 0
  let strikes = stored?.strikes ?? 0
  let pause: (Pause & { endsAtMs: number, hold: boolean }) | null = null
  let reduced = { pace: callsPerWindow, atMs: -Infinity }
  let timer: AbortController | null = null
  let saving = Promise.resolve()
  let saveTimer: NodeJS.Timeout | null = null

  if (stored?.pause != null) setPause(stored.pause, stored.pause.untilMs - clock.now())

  function setPause (next: Pause, remainingMs: number): void {
    const endsAtMs = clock.monotonic() + remainingMs
    if (remainingMs <= 0 || (pause !== null && pause.endsAtMs >= endsAtMs)) return
    pause = { ...next, endsAtMs, hold: next.code === 'quota_exceeded' || remainingMs > maxWaitMs }
  }

  function currentPause (): typeof pause {
    if (pause !== null && clock.monotonic() >= pause.endsAtMs) pause = null
    return pause
  }

  function currentPace (): number {
    return recoveredPace(reduced.pace, (clock.monotonic() - reduced.atMs) / windowMs, callsPerWindow)
  }

  function occupied (): number {
    const expired = clock.monotonic() - windowMs
    while (ended[0] !== undefined && ended[0] < expired) ended.shift()
    return inFlight + ended.length
  }

  /** Milliseconds until a place is free: 0 now, null when only the end of a call can tell. */
  function msUntilFree (): number | null {
    const stop = currentPause()
    if (stop !== null) return stop.endsAtMs - clock.monotonic()
    const excess = occupied() - currentPace()
    if (excess < 0) return 0
    const blocking = ended[excess]
    return blocking === undefined ? null : blocking + windowMs - clock.monotonic() + 1
  }

  /** Let through whom we may, then sleep until the next place is free. Whatever changes a place calls this. */
  function pump (): void {
    timer?.abort()
    timer = null
    const stop = currentPause()
    if (stop?.hold === true) return refuseAll(pauseError(stop))
    while (waiting.length > 0) {
      const waitMs = msUntilFree()
      if (waitMs === null) return
      if (waitMs > 0) return pumpAfter(waitMs)
      waiting.shift()?.give(permit())
    }
  }

  function pumpAfter (ms: number): void {
    const mine = timer = new AbortController()
    clock.sleep(ms, mine.signal).then(() => { if (timer === mine) pump() }, () => {})
  }

  function refuseAll (error: Error): void {
    for (const waiter of waiting.splice(0)) waiter.refuse(error)
  }

  function permit (): Permit {
    inFlight++
    count.add()
    saveCountSoon()
    let open = true
    const given: Permit = {
      givenAtMs: clock.monotonic(),
      done (answered) {
        if (!open) return
        open = false
        inFlight--
        ended.push(clock.monotonic())
        if (answered && given.givenAtMs >= reduced.atMs) strikes = 0
        pump()
      },
    }
    return given
  }

  function throwIfHeld (): void {
    const stop = currentPause()
    if (stop?.hold === true) throw pauseError(stop)
  }

  async function take (signal: AbortSignal): Promise<Permit> {
    signal.throwIfAborted()
    throwIfHeld()
    return await new Promise<Permit>((resolve, reject) => {
      const waiter: Waiter = {
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
      pump()
    })
  }

  async function limited (given: Permit, limit: Limit): Promise<void> {
    const isNews = given.givenAtMs >= reduced.atMs
    if (isNews) {
      strikes++
      reduced = { pace: reducedPace(currentPace(), occupied(), callsPerWindow), atMs: clock.monotonic() }
    }
    const pauseMs = limit.retryAfterMs ?? unnamedPauseMs(Math.max(1, strikes), limit.quota)
    const code = limit.quota ? 'quota_exceeded' : 'rate_limited'
    setPause({ untilMs: clock.now() + pauseMs, code, detail: limit.detail }, pauseMs)
    if (isNews) log.warn({ pauseMs, pace: currentPace(), quota: limit.quota }, 'Spotify limits us: no call until the pause is over')
    given.done(false)
    await save()
  }

  function state (): PacerState {
    occupied()
    const offsetMs = clock.now() - clock.monotonic()
    return { pause: storedPause(), strikes, callsByHour: count.read(), recent: [...ended, ...Array<number>(inFlight).fill(clock.monotonic())].map((atMs) => Math.round(atMs + offsetMs)) }
  }

  function save (): Promise<void> {
    saving = saving.then(() => store.save(state())).catch((error: unknown) => {
      log.error({ err: error }, 'the pause and the count of calls could not be stored')
    })
    return saving
  }

  function storedPause (): Pause | null {
    const stop = currentPause()
    return stop === null ? null : { untilMs: stop.untilMs, code: stop.code, detail: stop.detail }
  }

  function saveCountSoon (): void {
    saveTimer ??= setTimeout(() => {
      saveTimer = null
      void save()
    }, SAVE_COUNT_EVERY_MS).unref()
  }

  return {
    throwIfHeld,
    take,
    limited,
    state: () => ({ pause: storedPause(), pace: currentPace(), callsLast24Hours: count.last24Hours() }),
    async close () {
      timer?.abort()
      if (saveTimer !== null) clearTimeout(saveTimer)
      saveTimer = null
      await save()
    },
  }
}

function pauseError ({ code, detail, untilMs }: Pause): PauseError {
  const until = new Date(untilMs).toISOString()
  const what = code === 'quota_exceeded' ? 'the quota of this Spotify account is spent' : 'Spotify limits the rate'
  return new PauseError(code, `${what} (${detail}): no call before ${until}, then the run goes on by itself`, untilMs)
}
