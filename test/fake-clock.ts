import type { Clock } from '../src/services/clock.ts'

/** A clock that stands until it is moved. */
export interface FakeClock extends Clock {
  /** Move time on: whoever sleeps wakes in order, and all that follows has happened when it resolves. */
  pass: (ms: number) => Promise<void>
  /** Set the wall clock alone, as NTP or an operator does. */
  jump: (ms: number) => void
  /** How many sleep now. */
  sleeping: () => number
  /** Every sleep that was asked for, in milliseconds. */
  slept: number[]
}

interface Sleeper {
  dueMs: number
  wake: () => void
}

interface FakeClockOptions {
  startMs?: number
  /** Nobody waits: each sleep moves time itself. For code that sleeps between real input and output. */
  skipping?: boolean
}

export const START_MS = Date.parse('2026-11-22T13:40:59.000Z')

export function createFakeClock ({ startMs = START_MS, skipping = false }: FakeClockOptions = {}): FakeClock {
  let wallMs = startMs
  let monotonicMs = 1_000_000
  const sleepers: Sleeper[] = []
  const slept: number[] = []

  function move (ms: number): void {
    wallMs += ms
    monotonicMs += ms
  }

  function nextDue (untilMs: number): Sleeper | undefined {
    const [first] = sleepers.toSorted((a, b) => a.dueMs - b.dueMs)
    return first !== undefined && first.dueMs <= untilMs ? first : undefined
  }

  async function sleep (ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    slept.push(ms)
    if (skipping || ms <= 0) return move(skipping ? Math.max(0, ms) : 0)
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        sleepers.splice(sleepers.indexOf(sleeper), 1)
        reject(signal?.reason as Error)
      }
      const sleeper: Sleeper = {
        dueMs: monotonicMs + ms,
        wake () {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      sleepers.push(sleeper)
    })
  }

  return {
    now: () => wallMs,
    monotonic: () => monotonicMs,
    sleep,
    slept,
    sleeping: () => sleepers.length,
    jump (ms) { wallMs += ms },
    async pass (ms) {
      const untilMs = monotonicMs + ms
      await settle()
      for (let sleeper; (sleeper = nextDue(untilMs)) !== undefined;) {
        sleepers.splice(sleepers.indexOf(sleeper), 1)
        move(Math.max(0, sleeper.dueMs - monotonicMs))
        sleeper.wake()
        await settle()
      }
      move(untilMs - monotonicMs)
      await settle()
    },
  }
}

/** All promises that can go on without input, output or time have gone on. */
export async function settle (): Promise<void> {
  await new Promise(setImmediate)
}
