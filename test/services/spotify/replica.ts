import { setMaxListeners } from 'node:events'
import { type Test } from 'tap'
import { systemClock } from '../../../src/services/clock.ts'
import { openQuickConnection } from '../../../src/services/redis/quick-connection.ts'
import { type Pacer, type Permit, createPacer } from '../../../src/services/spotify/pacer.ts'
import { createRedisWindow } from '../../../src/services/spotify/redis-window.ts'
import { type RecordingLog, createRecordingLog } from '../recording-log.ts'
import { createMemory } from './pacer-memory.ts'

/** One process of several that share a window in Redis, in real time. */
export interface Replica {
  pacer: Pacer
  log: RecordingLog
  /** Its connection is cut, and it tells nobody. */
  die: () => void
}

export interface ReplicaOptions {
  url: string
  account: string
  calls: number
  store?: ReturnType<typeof createMemory>
  windowMs?: number
  maxWaitMs?: number
  longestCallMs?: number
}

export const WINDOW_MS = 300

export async function createReplica (t: Test, options: ReplicaOptions): Promise<Replica> {
  const { url, account, calls, store = createMemory(), windowMs = WINDOW_MS, maxWaitMs = 2500, longestCallMs = 2000 } = options
  const log = createRecordingLog()
  const redis = await openQuickConnection(url, log)
  t.teardown(() => redis.disconnect())
  const window = await createRedisWindow({ redis, account, callsPerWindow: calls, windowMs, maxWaitMs, longestCallMs, clock: systemClock, store, log })
  const pacer = createPacer({ window, clock: systemClock, store, log })
  t.teardown(async () => await pacer.close())
  return { pacer, log, die: () => redis.disconnect() }
}

/** A call as the server may have seen it: wherever between its start and its end. */
export interface Call { givenMs: number, doneMs: number }

/** The most calls that a server may see in one window. */
export function mostInAnyWindow (made: Call[], windowMs = WINDOW_MS): number {
  const times = made.flatMap(({ givenMs, doneMs }) => [givenMs, doneMs]).filter(Number.isFinite)
  return Math.max(0, ...times.map((time) => made.filter(({ givenMs, doneMs }) => doneMs >= time && givenMs <= time + windowMs).length))
}

/** Call as often as the pacer lets, one call after the other, until the signal. */
export async function demand (pacer: Pacer, signal: AbortSignal, made: Call[], callMs: () => number = () => 0): Promise<void> {
  setMaxListeners(100, signal)
  for (;;) {
    let permit: Permit
    try {
      permit = await pacer.take(signal)
    } catch (error) {
      if (signal.aborted) return
      throw error
    }
    const call = { givenMs: performance.now(), doneMs: Infinity }
    made.push(call)
    await systemClock.sleep(callMs())
    call.doneMs = performance.now()
    permit.done(true)
  }
}
