import { type Clock } from '../clock.ts'
import { createCallCount } from './call-count.ts'
import { type Allowance, type Moment, type Pause, afterLimit, isNews, onTheWall, paceAt, pauseAt, restoredStanding, storedStanding } from './standing.ts'
import { type PacerStore, type Window } from './window.ts'

interface MemoryWindowOptions extends Allowance {
  clock: Clock
  store: Pick<PacerStore, 'load'>
}

/** The window of a process that is alone. */
export async function createMemoryWindow ({ clock, store, ...allowance }: MemoryWindowOptions): Promise<Window> {
  const { windowMs } = allowance
  const stored = await store.load()
  const count = createCallCount(stored?.callsByHour ?? {}, clock.now)
  /** When the calls that still occupy a place ended, oldest first. */
  const ended: number[] = (stored?.recent ?? []).map((atMs) => clock.monotonic() - Math.max(0, clock.now() - atMs))
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

  return {
    isVolatile: false,
    async take (wanted) {
      const hold = currentHold()
      const places = []
      while (places.length < wanted && msUntilFree() === 0) {
        inFlight++
        count.add()
        places.push({ id: '', givenAtMs: clock.monotonic() })
      }
      return { places, waitMs: msUntilFree(), hold }
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
      const underWay = Array<number>(inFlight).fill(clock.monotonic())
      const recent = [...ended, ...underWay].map((atMs) => Math.round(atMs + offsetMs))
      return {
        state: { ...storedStanding(standing, moment()), callsByHour: count.read(), recent },
        pace: paceAt(standing, clock.monotonic(), allowance),
      }
    },
    close: async () => {},
  }
}
