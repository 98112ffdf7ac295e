import { randomUUID } from 'node:crypto'
import { type Redis } from 'ioredis'
import { type Clock } from '../clock.ts'
import { type Log } from '../log.ts'
import { type CallCount } from './call-count.ts'
import { createOwnCalls } from './own-calls.ts'
import { type SharedWindow, createWindowScripts } from './redis-scripts.ts'
import { type Allowance, type KnownPause, type Moment, type Pause, type Standing, afterLimit, isNews, mergedStanding, onTheWall, paceAt, pauseAt, restoredStanding, storedStanding } from './standing.ts'
import { type Wait, waitForPace, waitForPause } from './wait.ts'
import { type PacerState, type PacerStore, type Place, type Taken, type Window } from './window.ts'

interface RedisWindowOptions extends Allowance {
  /** A connection that fails at once when Redis is away, and soon when it hangs: see `openQuickConnection`. */
  redis: Redis
  /** Whose limit it is: only its hash is in the names of the keys. */
  account: string
  /** No call takes longer: the place of a process that died becomes free a window after that. */
  longestCallMs: number
  clock: Clock
  store: Pick<PacerStore, 'load'>
  log: Log
}

/** Who waits asks at least as often, since the other processes tell nobody what they do. */
const ASK_EVERY_MS = 200
/** While Redis is away and nobody waits. */
const RETRY_EVERY_MS = 500
const REDIS_AWAY: Wait = { for: 'pace', untilMs: null, detail: 'Redis does not answer, and no call is made until it does' }
/** The file may miss as much of the last calls (the pacer stores once a second). */
const FILE_LAG_MS = 2000

/**
 * The window that several processes share. Without Redis's answer nobody is let through. A Redis that has lost
 * everything is filled again from the file and from what this process knows; since the other processes' last
 * calls may be missing there, nobody calls for one window if there were any.
 */
export async function createRedisWindow ({ redis, account, longestCallMs, clock, store, log, ...allowance }: RedisWindowOptions): Promise<Window> {
  const { callsPerWindow, windowMs } = allowance
  const me = randomUUID()
  const scripts = createWindowScripts(redis, account, { windowMs, longestCallMs })
  const own = createOwnCalls(windowMs, clock.monotonic)
  /** Redis's clock is at most our monotonic one and this; until it was asked, the wall clock stands for it. */
  let offsetMs = clock.now() - clock.monotonic()
  const stored = await store.load()
  let known = firstKnown()
  let callsByHour: CallCount = stored?.callsByHour ?? {}
  let isMeasured = false
  let occupied = 0
  /** Of the standing that we know: "life of Redis's memory:change"; null: to be read before anything else. */
  let version: string | null = null
  let life: string | null = null
  let batches = 0
  let isAway = false
  let closed = false
  let retryTimer: NodeJS.Timeout | null = null

  function moment (): Moment {
    return { atMs: clock.monotonic() + offsetMs, wallMs: clock.now() }
  }

  /** A pause in the file is obeyed at once; of the pace Redis knows more, unless it is filled from the file. */
  function firstKnown (): Standing {
    return restoredStanding(stored === null ? null : { ...stored, reduced: null }, moment(), allowance)
  }

  function currentPause (): KnownPause | null {
    return pauseAt(known, moment().atMs)
  }

  function currentHold (): Pause | null {
    const pause = currentPause()
    return pause?.hold === true ? onTheWall(pause, moment()) : null
  }

  /** Who answers next may not know what was known: another Redis, or the same with an older memory. */
  function doubt (): void {
    version = null
    own.tellAgain()
  }

  /** Redis's answer, or `otherwise` where it gives none. */
  async function answerOf<T> (work: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      const answer = await work()
      if (isAway) log.info('Redis answers again: calls to Spotify go on')
      isAway = false
      return answer
    } catch (error) {
      if (!isAway && !closed) log.warn({ reason: error instanceof Error ? error.message : String(error) }, 'Redis does not answer: no call to Spotify until it does')
      isAway = true
      doubt()
      retrySoon()
      return otherwise
    }
  }

  /** What Redis was not told while it was away must not wait for the next caller. */
  function retrySoon (): void {
    if (closed) return
    retryTimer ??= setTimeout(() => {
      retryTimer = null
      void answerOf<unknown>(reconcile, null)
    }, RETRY_EVERY_MS).unref()
  }

  async function tell (): Promise<void> {
    await own.tell(async (news) => await scripts.tell(news, `${life}:${randomUUID()}`))
  }

  /** Redis's clock lies between its answer's time plus nothing and plus the time that the answer took. */
  async function timed<T extends { nowMs: number } | null> (work: () => Promise<T>): Promise<T> {
    const sentAtMs = clock.monotonic()
    const answer = await work()
    if (answer !== null) {
      const most = answer.nowMs + 1 - sentAtMs
      offsetMs = Math.max(answer.nowMs - clock.monotonic(), isMeasured ? Math.min(offsetMs, most) : most)
      isMeasured = true
    }
    return answer
  }

  /** Until Redis and this process know the same: how we stand, and which calls occupy a place. */
  async function reconcile (): Promise<SharedWindow> {
    for (;;) {
      const content = await timed(scripts.read)
      const { shared } = content
      occupied = content.freeAtMs.length
      if (life === null) known = firstKnown()
      if (shared === null) {
        await restore()
        continue
      }
      callsByHour = content.callsByHour
      known = mergedStanding(shared.standing, known, moment().atMs)
      const knownLife = lifeOf(shared.version)
      const next = known === shared.standing ? shared.version : `${knownLife}:${randomUUID()}`
      if (next !== shared.version && !await scripts.write(shared.version, next, known)) continue
      if (knownLife !== life) own.tellAgain()
      life = knownLife
      await tell()
      version = next
      return content
    }
  }

  async function restore (): Promise<void> {
    const file = await store.load()
    const now = moment()
    const standing = mergedStanding(restoredStanding(file, now, allowance), known, now.atMs)
    const sinceMs = windowMs + FILE_LAG_MS
    const isRecent = (file?.open ?? 0) > 0 || file?.recent.some((atMs) => atMs > now.wallMs - sinceMs) === true || own.endings().some((atMs) => atMs > clock.monotonic() - sinceMs)
    const isOurs = await scripts.restore(`${randomUUID()}:0`, standing, mostOf(file?.callsByHour ?? {}, callsByHour), isRecent ? windowMs : 0)
    if (isOurs) log.info({ closedMs: isRecent ? windowMs : 0 }, 'Redis knows nothing of our calls: the window begins anew')
  }

  async function ask (wanted: number): Promise<Taken> {
    for (;;) {
      if (version === null) await reconcile()
      const stop = currentPause()
      const pace = paceAt(known, moment().atMs, allowance)
      const mayTake = stop === null ? wanted : 0
      const idPrefix = `${me}:${++batches}:`
      const placesAt = (count: number, givenAtMs: number): Place[] => Array.from({ length: count }, (_, index) => ({ id: `${idPrefix}${index + 1}`, givenAtMs }))
      const taken = await timed(async () => await scripts.take({ version: version ?? '', pace, wanted: mayTake, idPrefix })).catch((error: unknown) => {
        for (const place of placesAt(mayTake, 0)) own.addUnmade(place)
        throw error
      })
      if (taken === null) {
        version = null
        continue
      }
      occupied = taken.occupied
      const places = placesAt(taken.given, taken.nowMs)
      for (const place of places) own.add(place)
      const waitMs = stop === null ? taken.waitMs : stop.endsAtMs - taken.nowMs
      const wait = stop === null ? paceWait(pace, taken.waitMs) : waitForPause(onTheWall(stop, moment()))
      return { places, waitMs: Math.min(ASK_EVERY_MS, Math.max(1, waitMs)), wait, hold: currentHold() }
    }
  }

  function paceWait (pace: number, waitMs: number): Wait | null {
    return occupied < pace ? null : waitForPace({ used: occupied, pace, callsPerWindow, windowMs }, clock.now() + waitMs)
  }

  async function take (wanted: number): Promise<Taken> {
    const taken = await answerOf(async () => await ask(wanted), null)
    return taken ?? { places: [], waitMs: ASK_EVERY_MS, wait: REDIS_AWAY, hold: currentHold() }
  }

  /** While Redis is away it is told by the retries. */
  function tellSoon (): void {
    if (!isAway && !closed) void answerOf(tell, undefined)
  }

  async function snapshot (): Promise<PacerState> {
    const toWallMs = clock.now() - clock.monotonic()
    const content = await answerOf<SharedWindow | null>(reconcile, null)
    const recent = content === null
      ? own.endings()
      : content.freeAtMs.map((freeAtMs) => Math.min(freeAtMs - windowMs, content.nowMs) - offsetMs)
    return { ...storedStanding(known, moment()), callsByHour, recent: recent.map((atMs) => Math.round(atMs + toWallMs)) }
  }

  redis.on('close', doubt)

  return {
    advance: allowance.callsPerWindow,
    take,
    giveBack ({ id }) {
      own.giveBack(id)
      tellSoon()
    },
    done ({ id }, answered) {
      own.end(id, answered)
      tellSoon()
    },
    async limited (givenAtMs, limit) {
      const news = isNews(known, givenAtMs)
      const after = afterLimit(known, { givenAtMs, limit, occupied, now: moment() }, allowance)
      known = after.standing
      const pace = paceAt(known, moment().atMs, allowance)
      version = null
      await answerOf<unknown>(reconcile, null)
      return { isNews: news, pauseMs: after.pauseMs, pace }
    },
    async hold () {
      if (currentHold() === null && !isAway) await take(0)
      return currentHold()
    },
    snapshot: async () => ({ state: await snapshot(), pace: paceAt(known, moment().atMs, allowance) }),
    async close () {
      closed = true
      redis.off('close', doubt)
      if (retryTimer !== null) clearTimeout(retryTimer)
      await answerOf(tell, undefined)
    },
  }
}

function lifeOf (version: string): string {
  return version.slice(0, version.indexOf(':'))
}

function mostOf (a: CallCount, b: CallCount): CallCount {
  return Object.fromEntries([...Object.keys(a), ...Object.keys(b)].map((hour) => [hour, Math.max(a[hour] ?? 0, b[hour] ?? 0)]))
}
