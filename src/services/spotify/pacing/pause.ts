import { type Clock } from '../../clock.ts'
import { type Log } from '../../log.ts'
import { type KnownPause, type Pause, onTheWall, pauseAt, plausible } from './throttle.ts'

/** Where the pause outlives the process, and where those that share the folder find it. */
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

  function inForce (): KnownPause | null {
    return pauseAt({ pause: known }, clock.monotonic())
  }

  function current (): Pause | null {
    const pause = inForce()
    return pause === null ? null : onTheWall(pause, { atMs: clock.monotonic(), wallMs: clock.now() })
  }

  /** A pause is only ever made longer. */
  function learn (pause: Pause, leftMs: number, isLong: boolean): void {
    const endsAtMs = clock.monotonic() + leftMs
    if (endsAtMs > (inForce()?.endsAtMs ?? clock.monotonic())) known = { ...pause, endsAtMs, isLong }
  }

  async function look (): Promise<void> {
    const stored = await store.load()
    if (stored === null || stored.untilMs === seenUntilMs) return
    const pause = plausible(stored, clock.now())
    const leftMs = pause.untilMs - clock.now()
    learn(pause, leftMs, leftMs > maxWaitMs)
    if (pause.untilMs === stored.untilMs) seenUntilMs = stored.untilMs
    else await keep(pause)
  }

  async function keep (pause: Pause): Promise<void> {
    seenUntilMs = pause.untilMs
    await store.save(pause).catch((error: unknown) => {
      log.error({ err: error }, 'the pause of the token endpoint could not be stored')
    })
  }

  return {
    current,
    async read () {
      await look()
      const [known, pause] = [inForce(), current()]
      return known === null || pause === null ? null : { pause, leftMs: known.endsAtMs - clock.monotonic(), isLong: known.isLong }
    },
    async begin ({ leftMs, isLong, code, detail }) {
      const mine: Pause = { untilMs: clock.now() + leftMs, code, detail }
      learn(mine, leftMs, isLong)
      await look()
      const longest = current() ?? mine
      await keep(longest)
      return longest
    },
  }
}
