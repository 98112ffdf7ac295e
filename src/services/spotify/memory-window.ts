import { type Clock } from '../clock.ts'
import { createCallCount } from './call-count.ts'
import { type Allowance, type Moment, type Pause, afterLimit, isNews, onTheWall, paceAt, pauseAt, restoredStanding, storedStanding } from './standing.ts'
import { type Wait, waitForPace, waitForPause } from './wait.ts'
import { type PacerStore, type Window } from './window.ts'

interface MemoryWindowOptions extends Allowance {
  clock: Clock
  store: Pick<PacerStore, 'load'>
}

/** The share of the pace that is counted in advance, and lost for one window by a process that is killed. */
const ADVANCE_SHARE = 0.1

/**
 * The window of a process that is alone. Of a process that was killed nobody knows when its last calls ended: they occupy
 * their places as if they had ended now.
 */
export async function createMemoryWindow ({ clock, store, ...allowance }: MemoryWindowOptions): Promise<Window> {
  const { callsPerWindow, windowMs } = allowance
  const stored = await store.load()
  const count = createCallCount(stored?.callsByHour ?? {}, clock.now)
  /** When the calls that still occupy a place ended, oldest first. */
  const ended: number[] = [
    ...(stored?.recent ?? []).map((atMs) => clock.monotonic() - Math.max(0, clock.now() - atMs)),
    ...Array<number>(stored?.open ?? 0).fill(clock.monotonic()),
  ]
  let inFlight = 0
  let standing = restoredStanding(stored, moment(), allowance)

  function moment (): Moment {
    return { atMs: clock.monotonic(), wallMs: clock.now() }
  }

  function occupied (): number {
    const expired = clock.monotonic() - windowMs
    while (ended[0] !== undefined && ended[0] < expired) ended.shift()
    return inFlight + ended.length
  }

  /** Milliseconds until a place is free: 0 now, null when only the end of a call can tell. */
  function msUntilFree (): number | null {
    const now = clock.monotonic()
    const pause = pauseAt(standing, now)
    if (pause !== null) return pause.endsAtMs - now
    const excess = occupied() - paceAt(standing, now, allowance)
    if (excess < 0) return 0
    const blocking = ended[excess]
    return blocking === undefined ? null : blocking + windowMs - now + 1
  }

  function currentHold (): Pause | null {
    const pause = pauseAt(standing, clock.monotonic())
    return pause?.hold === true ? onTheWall(pause, moment()) : null
  }

  function currentWait (): Wait | null {
    const now = clock.monotonic()
    const pause = pauseAt(standing, now)
    if (pause !== null) return waitForPause(onTheWall(pause, moment()))
    const waitMs = msUntilFree()
    if (waitMs === 0) return null
    return waitForPace({ used: occupied(), pace: paceAt(standing, now, allowance), callsPerWindow, windowMs }, waitMs === null ? null : clock.now() + waitMs)
  }

  return {
    advance: Math.ceil(callsPerWindow * ADVANCE_SHARE),
    async take (wanted) {
      const hold = currentHold()
      const places = []
      while (places.length < wanted && msUntilFree() === 0) {
        inFlight++
        count.add()
        places.push({ id: '', givenAtMs: clock.monotonic() })
      }
      return { places, waitMs: msUntilFree(), wait: currentWait(), hold }
    },
    giveBack () { inFlight-- },
    done ({ givenAtMs }, answered) {
      inFlight--
      ended.push(clock.monotonic())
      if (answered && isNews(standing, givenAtMs)) standing = { ...standing, strikes: 0 }
    },
    async limited (givenAtMs, limit) {
      const news = isNews(standing, givenAtMs)
      const { standing: next, pauseMs } = afterLimit(standing, { givenAtMs, limit, occupied: occupied(), now: moment() }, allowance)
      standing = next
      return { isNews: news, pauseMs, pace: paceAt(standing, clock.monotonic(), allowance) }
    },
    hold: async () => currentHold(),
    async snapshot () {
      occupied()
      const offsetMs = clock.now() - clock.monotonic()
      const recent = ended.map((atMs) => Math.round(atMs + offsetMs))
      return {
        state: { ...storedStanding(standing, moment()), callsByHour: count.read(), recent, open: inFlight },
        pace: paceAt(standing, clock.monotonic(), allowance),
      }
    },
    close: async () => {},
  }
}
