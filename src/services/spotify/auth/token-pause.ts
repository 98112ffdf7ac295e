import type { Clock } from '../../clock.ts'
import type { Log } from '../../log.ts'
import { momentOf, msLeft } from '../../deadline.ts'
import {
  type KnownPause, type Pause, inForce, longerPause, onTheWall, pauseFor, restoredPause
} from '../pacing/pause.ts'

/** Stores the pause beyond the process, for all processes of the database. */
export interface PauseStore {
  load: () => Promise<Pause | null>
  save: (pause: Pause) => Promise<void>
}

/** Until when the token endpoint wants to hear nothing, from any process. */
export interface TokenPause {
  /** The pause in force, in wall-clock terms, as far as this process knows. */
  current: () => Pause | null
  /** The same, and what is left of it, after a look at what others were told. */
  read: () => Promise<{ pause: Pause, leftMs: number, isLong: boolean } | null>
  /** The endpoint named a time. Stored when it resolves. `isLong`: it is not waited for. */
  begin: (named: { leftMs: number, isLong: boolean, code: Pause['code'], detail: string }) => Promise<Pause>
}

interface TokenPauseOptions {
  store: PauseStore
  /** A longer pause that was stored is not waited for. */
  maxWaitMs: number
  clock: Clock
  log: Log
}

export function createTokenPause ({ store, maxWaitMs, clock, log }: TokenPauseOptions): TokenPause {
  let known: KnownPause | null = null
  /** The end that was read or written last: once it is known, the wall clock has no say in it. */
  let seenUntilMs: number | null = null

  function current (): Pause | null {
    const now = momentOf(clock)
    const pause = inForce(known, now.atMs)
    return pause === null ? null : onTheWall(pause, now)
  }

  async function look (): Promise<void> {
    const stored = await store.load()
    if (stored === null || stored.untilMs === seenUntilMs) return
    const now = momentOf(clock)
    const pause = restoredPause(stored, maxWaitMs, now)
    known = longerPause(known, pause, now.atMs)
    if (pause.untilMs === stored.untilMs) seenUntilMs = stored.untilMs
    else await keep(onTheWall(pause, now))
  }

  async function keep (pause: Pause): Promise<void> {
    seenUntilMs = pause.untilMs
    await store.save(pause).catch((error: unknown) => {
      log.error({ err: error }, 'pause of the token endpoint could not be stored')
    })
  }

  return {
    current,
    async read () {
      await look()
      const now = momentOf(clock)
      const pause = inForce(known, now.atMs)
      return pause === null
        ? null
        : { pause: onTheWall(pause, now), leftMs: msLeft(pause, now.atMs), isLong: pause.isLong }
    },
    async begin ({ leftMs, isLong, code, detail }) {
      const now = momentOf(clock)
      const mine = pauseFor(leftMs, { code, detail }, isLong, now)
      known = longerPause(known, mine, now.atMs)
      await look()
      const longest = current() ?? onTheWall(mine, now)
      await keep(longest)
      return longest
    },
  }
}
