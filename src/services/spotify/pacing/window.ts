import type { Pause } from './pause.ts'
import type { Limit } from './throttle.ts'
import type { Wait } from './wait.ts'

/** The right to one call, which occupies a permit in the window. */
export interface WindowPermit {
  id: string
  /** On the monotonic clock. */
  givenAtMs: number
  /** What it is counted as among the calls of 24 hours. */
  endpoint: string
  /** Hours since the epoch. */
  hour: number
}

export interface Taken {
  /** As many as were free, at most as many as were wanted. */
  permits: WindowPermit[]
  /** When to ask again for the rest. */
  waitMs: number
  /** What the rest waits for; null where a permit is free. */
  wait: Wait | null
  /** A pause that is too long to be waited for. */
  longPause: Pause | null
}

/**
 * A true sliding window over the calls of all who share it, and how we stand with Spotify. Only `snapshot` rejects, and
 * `take` where the database is damaged: there is nothing to wait for then.
 */
export interface Window {
  /** Asks for a permit for each of these calls, named by their endpoints. */
  take: (endpoints: string[]) => Promise<Taken>
  /** The call was not made: its permit is free, and it is not counted. */
  release: (permit: WindowPermit) => void
  /** The call has ended: its permit is free one window from now. */
  done: (permit: WindowPermit, answered: boolean) => void
  /** A call was answered 429. In force for this process when the call returns, for all when it resolves. */
  limited: (givenAtMs: number, limit: Limit) => Promise<{ isNews: boolean, pauseMs: number, pace: number }>
  /** The pause that is too long to be waited for, if there is one. */
  longPause: () => Promise<Pause | null>
  snapshot: () => Promise<{ pause: Pause | null, pace: number, callsLast24Hours: number }>
  /** Stores what is not stored yet. */
  close: () => Promise<void>
}
