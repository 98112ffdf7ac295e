import { type Limit, type Pause } from './throttle.ts'
import { type Wait } from './wait.ts'

/** The right to one call, which occupies a place in the window. */
export interface Place {
  id: string
  /** On the monotonic clock. */
  givenAtMs: number
}

export interface Taken {
  /** As many as were free, at most as many as were wanted. */
  places: Place[]
  /** When to ask again for the rest. */
  waitMs: number
  /** What the rest waits for; null where a place is free. */
  wait: Wait | null
  /** A pause that is too long to be waited for. */
  hold: Pause | null
}

/** A true sliding window over the calls of all who share it, and how we stand with Spotify. No method but `snapshot` rejects. */
export interface Window {
  /** Asks for a place for each of these calls, named by their endpoints. */
  take: (endpoints: string[]) => Promise<Taken>
  /** The call was not made after all. */
  giveBack: (place: Place) => void
  /** The call has ended: its place is free one window from now. */
  done: (place: Place, answered: boolean) => void
  /** A call was answered 429. In force for this process when the call returns, for all when it resolves. */
  limited: (givenAtMs: number, limit: Limit) => Promise<{ isNews: boolean, pauseMs: number, pace: number }>
  /** The pause that is too long to be waited for, if there is one. */
  hold: () => Promise<Pause | null>
  snapshot: () => Promise<{ pause: Pause | null, pace: number, callsLast24Hours: number }>
  /** Stores what is not stored yet. */
  close: () => Promise<void>
}
