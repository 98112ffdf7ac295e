import { createHash, randomUUID } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { sealJson, unsealJson } from '../../database/checksum.ts'
import type { Database, Transaction } from '../../database/database.ts'
import { isDamaged, reasonOf } from '../../database/failure.ts'
import type { Log } from '../../log.ts'
import { type Moment, wallEndMs } from '../../deadline.ts'
import { type Pause, inForce, onTheWall } from './pause.ts'
import {
  type Allowance, type StoredThrottleState, afterLimit, isNews, mergedThrottle, paceAt, restoredThrottle, storedThrottle
} from './throttle.ts'
import { type Wait, waitForPace, waitForPause } from './wait.ts'
import type { WindowPermit, Taken, Window } from './window.ts'

interface RateWindowOptions extends Allowance {
  database: Pick<Database, 'kind' | 'queries' | 'transaction' | 'nowMs'>
  /** Whose limit it is: only its hash is stored. */
  account: string
  /** No call takes longer: the permit of a process that died becomes free a window after that. */
  longestCallMs: number
  clock: Clock
  log: Log
}

/** A waiting caller asks at least this often, because other processes do not announce free permits. */
const ASK_EVERY_MS = { sqlite: 1000, postgresql: 200 }
/** Two clocks that nobody has set differ by less. */
const MAX_DRIFT_MS = 1000
/** Ends of calls are stored together. */
const TELL_AFTER_MS = 250
const RETRY_MS = 1000
const AWAY: Wait = {
  for: 'pace',
  untilMs: null,
  detail: 'the database does not answer, and no call is made until it does',
}
const HOUR_MS = 3_600_000
const DAY_HOURS = 24

/** How the account stands, as it is stored; `change` is another one after each change. */
interface StoredThrottle extends StoredThrottleState { change: string }

/** The database's clock less the monotonic one lies between these: an answer takes its time. */
interface Offset { leastMs: number, mostMs: number }

/**
 * The window of all processes of a database: permits and pauses are rows, changed under one lock. Without an answer of
 * the database nobody is let through. What this process has learnt of a pause it keeps on its monotonic clock, so that
 * a wall clock which is set makes no pause longer or shorter.
 */
export function createRateWindow (
  { database, account: owner, longestCallMs, clock, log, ...allowance }: RateWindowOptions
): Window {
  const { callsPerWindow, windowMs } = allowance
  const { queries, transaction } = database
  const account = createHash('sha256').update(owner).digest('hex').slice(0, 32)
  /** When each permit of this process becomes free, on the monotonic clock; Infinity while its call is under way. */
  const own = new Map<string, number>()
  /** Permits whose calls have ended, or were not made (null), and of which the database does not know. */
  let untold: Array<{ permit: WindowPermit, endedAtMs: number | null }> = []
  let known = restoredThrottle(null, moment(clock.now()), allowance)
  /** The stored throttle that is known. */
  let change: string | null = null
  /** Raised whenever this process has learnt something; `storedRevision` is the last one that is stored. */
  let revision = 0
  let storedRevision = 0
  let offset: Offset | null = null
  let occupied = 0
  let isAway = false
  let countedHour = 0
  let telling: NodeJS.Timeout | null = null
  let isClosed = false

  function moment (wallMs: number): Moment {
    return { atMs: clock.monotonic(), wallMs }
  }

  function currentLongPause (): Pause | null {
    const pause = inForce(known.pause, clock.monotonic())
    return pause?.isLong === true ? onTheWall(pause, moment(clock.now())) : null
  }

  /** Runs what the lock protects, or gives what `otherwise` makes of the error where the database gives no answer. */
  async function locked<T> (
    work: (within: Transaction, nowMs: number) => Promise<T>, otherwise: (error: unknown) => T
  ): Promise<T> {
    try {
      const answer = await lockedOrThrow(work)
      if (isAway) log.info('database answers again; calls to Spotify resumed')
      isAway = false
      return answer
    } catch (error) {
      if (!isAway) log.warn({ reason: reasonOf(error) }, 'database does not answer; calls to Spotify stopped')
      isAway = true
      tellAfter(RETRY_MS)
      return otherwise(error)
    }
  }

  /** Stores what only this process knows, and learns what others have stored. */
  async function sync (): Promise<void> {
    await locked(async () => {}, () => {})
  }

  async function lockedOrThrow<T> (work: (within: Transaction, nowMs: number) => Promise<T>): Promise<T> {
    const told = [...untold]
    const writes = revision > storedRevision
    const options = { lock: `pace ${account}`, isDurable: writes || database.kind === 'postgresql' }
    const { answer, synced, measured } = await transaction(options, async (within) => {
      const askedAtMs = clock.monotonic()
      const nowMs = await database.nowMs(within)
      const measured = { leastMs: nowMs - clock.monotonic(), mostMs: nowMs - askedAtMs }
      const jumpMs = jumpOf(offset, measured)
      if (jumpMs !== 0) await followJump(within, jumpMs, moment(nowMs))
      const synced = await syncThrottle(within, nowMs, writes || jumpMs !== 0)
      await tell(within, told, measured)
      return { answer: await work(within, nowMs), synced, measured }
    })
    offset = measured
    change = synced.change
    if (writes) storedRevision = synced.revision
    untold = untold.filter((permit) => !told.includes(permit))
    return answer
  }

  /**
   * Keeps permits occupied that a clock which was set forward would free early, and the pause at what is left of it.
   */
  async function followJump (within: Transaction, jumpMs: number, now: Moment): Promise<void> {
    const { pause } = known
    if (pause !== null) known = { ...known, pause: { ...pause, untilMs: wallEndMs(pause, now) } }
    if (jumpMs <= 0) return
    const later = within.updateTable('permits').set(({ eb }) => ({ free_ms: eb('free_ms', '+', jumpMs) }))
    await later.where('account', '=', account).execute()
  }

  /** Learns what others have stored, and stores what only this process knows; gives what is stored then. */
  async function syncThrottle (
    within: Transaction, nowMs: number, writes: boolean
  ): Promise<{ change: string, revision: number }> {
    const stored = await readThrottle(within)
    const now = moment(nowMs)
    let knowsMore = writes
    if (stored !== null && stored.change !== change) {
      const shared = restoredThrottle(stored, now, allowance)
      const merged = mergedThrottle(shared, known, now.atMs)
      known = merged
      knowsMore ||= merged !== shared
    }
    if (stored !== null && !knowsMore) return { change: stored.change, revision }
    const synced = { change: randomUUID(), revision }
    const throttle = sealJson({ ...storedThrottle(known, now), change: synced.change } satisfies StoredThrottle)
    await within.insertInto('throttles').values({ account, throttle })
      .onConflict((row) => row.column('account').doUpdateSet({ throttle })).execute()
    return synced
  }

  async function readThrottle (within: Transaction): Promise<StoredThrottle | null> {
    const row = await within.selectFrom('throttles').select('throttle').where('account', '=', account)
      .executeTakeFirst()
    if (row === undefined) return null
    const stored = unsealJson<StoredThrottle>(row.throttle)
    if (stored === null) log.error('stored throttle is damaged; continuing without it')
    return stored
  }

  /** Frees the permits of calls that have ended, each one window after its end. */
  async function tell (within: Transaction, permits: typeof untold, { mostMs }: Offset): Promise<void> {
    for (const { permit: { id, endpoint, hour }, endedAtMs } of permits) {
      if (endedAtMs === null) {
        const { numDeletedRows } = await within.deleteFrom('permits')
          .where('account', '=', account).where('id', '=', id).executeTakeFirst()
        if (numDeletedRows === 0n) continue // a transaction before it was stored, and its answer was lost
        const counted = within.updateTable('call_counts').set(({ eb }) => ({ calls: eb('calls', '-', 1) }))
        await counted.where('account', '=', account).where('endpoint', '=', endpoint).where('hour', '=', hour).execute()
      } else {
        const freeMs = Math.ceil(endedAtMs + mostMs + windowMs)
        const ended = within.updateTable('permits').set({ free_ms: freeMs })
        await ended.where('account', '=', account).where('id', '=', id).execute()
      }
    }
  }

  /**
   * Counts the permits that are occupied; what lies further ahead than any permit can was written before the clock was
   * set back.
   */
  async function countOccupied (within: Transaction, nowMs: number): Promise<number> {
    const longest = nowMs + windowMs + longestCallMs
    const all = await within.selectFrom('permits').where('account', '=', account)
      .select(({ fn }) => [
        fn.countAll<number>().as('count'),
        fn.min<number | null>('free_ms').as('first'),
        fn.max<number | null>('free_ms').as('last'),
      ]).executeTakeFirstOrThrow()
    const isAnyFree = (all.first ?? Infinity) < nowMs
    const freed = isAnyFree
      ? await within.deleteFrom('permits').where('account', '=', account).where(
        'free_ms', '<', nowMs
      ).executeTakeFirst()
      : null
    if ((all.last ?? 0) > longest) {
      await within.updateTable('permits').set({ free_ms: longest }).where(
        'account', '=', account
      ).where('free_ms', '>', longest).execute()
    }
    const count = Number(all.count) - Number(freed?.numDeletedRows ?? 0)
    const atMs = clock.monotonic()
    for (const [id, freeAtMs] of own) if (freeAtMs < atMs) own.delete(id)
    return Math.max(count, own.size)
  }

  async function give (within: Transaction, endpoints: string[], nowMs: number): Promise<WindowPermit[]> {
    const givenAtMs = clock.monotonic()
    const hour = Math.floor(nowMs / HOUR_MS)
    const permits = endpoints.map((endpoint) => ({ id: randomUUID(), givenAtMs, endpoint, hour }))
    if (permits.length === 0) return permits
    await within.insertInto('permits').values(
      permits.map(({ id }) => ({ id, account, free_ms: nowMs + windowMs + longestCallMs }))
    ).execute()
    for (const [endpoint, calls] of tally(endpoints)) {
      await within.insertInto('call_counts').values({ account, endpoint, hour, calls })
        .onConflict((row) => row.columns(['account', 'hour', 'endpoint']).doUpdateSet(
          ({ eb }) => ({ calls: eb('call_counts.calls', '+', calls) })
        )).execute()
    }
    if (hour !== countedHour) {
      await within.deleteFrom('call_counts').where('account', '=', account).where(
        'hour', '<', hour - DAY_HOURS
      ).execute()
    }
    countedHour = hour
    return permits
  }

  /** Milliseconds until the next permit is free. */
  async function msUntilFree (within: Transaction, pace: number, nowMs: number): Promise<number> {
    if (occupied < pace) return 0
    const row = await within.selectFrom('permits').select('free_ms').where('account', '=', account).orderBy(
      'free_ms'
    ).offset(Math.max(0, occupied - pace)).limit(1).executeTakeFirst()
    return row === undefined ? windowMs : Math.max(1, row.free_ms + 1 - nowMs)
  }

  async function take (endpoints: string[]): Promise<Taken> {
    const askMs = ASK_EVERY_MS[database.kind]
    const taken = await locked<Taken>(async (within, nowMs) => {
      const now = moment(nowMs)
      const pause = inForce(known.pause, now.atMs)
      const pace = paceAt(known, now.atMs, allowance)
      occupied = await countOccupied(within, nowMs)
      const permits = await give(within, endpoints.slice(0, pause === null ? Math.max(0, pace - occupied) : 0), nowMs)
      occupied += permits.length
      if (pause !== null) {
        return {
          permits,
          waitMs: Math.min(askMs, pause.endsAtMs - now.atMs),
          wait: waitForPause(onTheWall(pause, moment(clock.now()))),
          longPause: currentLongPause(),
        }
      }
      const waitMs = await msUntilFree(within, pace, nowMs)
      return {
        permits,
        waitMs: Math.min(askMs, waitMs),
        wait: waitMs === 0
          ? null
          : waitForPace({ used: occupied, pace, callsPerWindow, windowMs }, clock.now() + waitMs),
        longPause: null
      }
    }, (error) => {
      if (isDamaged(error)) throw error
      return { permits: [], waitMs: askMs, wait: AWAY, longPause: currentLongPause() }
    })
    for (const { id } of taken.permits) own.set(id, Infinity)
    return taken
  }

  /** Others must not wait for permits that are free, nor call during a pause that only this process knows. */
  function tellAfter (ms: number): void {
    if (isClosed) return
    telling ??= setTimeout(() => {
      telling = null
      void sync()
    }, ms).unref()
  }

  return {
    take,

    release (permit) {
      own.delete(permit.id)
      untold.push({ permit, endedAtMs: null })
      tellAfter(TELL_AFTER_MS)
    },

    done (permit, answered) {
      const endedAtMs = clock.monotonic()
      own.set(permit.id, endedAtMs + windowMs)
      untold.push({ permit, endedAtMs })
      tellAfter(TELL_AFTER_MS)
      if (!answered || known.strikes === 0 || !isNews(known, permit.givenAtMs)) return
      known = { ...known, strikes: 0 }
      revision++
    },

    async limited (givenAtMs, limit) {
      const isNew = isNews(known, givenAtMs)
      const now = moment(offset === null ? clock.now() : Math.ceil(clock.monotonic() + offset.mostMs))
      const after = afterLimit(known, { givenAtMs, limit, occupied, now }, allowance)
      known = after.throttle
      revision++
      const pace = paceAt(known, clock.monotonic(), allowance)
      await sync()
      return { isNews: isNew, pauseMs: after.pauseMs, pace }
    },

    async longPause () {
      if (currentLongPause() === null && !isAway) await sync()
      return currentLongPause()
    },

    async snapshot () {
      const hour = await lockedOrThrow(async (_within, nowMs) => Math.floor(nowMs / HOUR_MS))
      const { calls } = await queries.selectFrom('call_counts').select(
        ({ fn }) => fn.sum<number | null>('calls').as('calls')
      ).where('account', '=', account).where('hour', '>=', hour - DAY_HOURS).executeTakeFirstOrThrow()
      const now = moment(clock.now())
      const pause = inForce(known.pause, now.atMs)
      return {
        pause: pause === null ? null : onTheWall(pause, now),
        pace: paceAt(known, now.atMs, allowance),
        callsLast24Hours: Number(calls ?? 0),
      }
    },

    async close () {
      isClosed = true
      if (telling !== null) clearTimeout(telling)
      telling = null
      await sync()
    },
  }
}

/** Returns how far one of the clocks was set between two measurements; 0: neither was. */
function jumpOf (before: Offset | null, after: Offset): number {
  if (before === null) return 0
  if (after.leastMs > before.mostMs + MAX_DRIFT_MS) return Math.ceil(after.mostMs - before.leastMs)
  return after.mostMs < before.leastMs - MAX_DRIFT_MS ? Math.floor(after.leastMs - before.mostMs) : 0
}

function tally (names: string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
