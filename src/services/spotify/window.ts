import { type CallCount } from './call-count.ts'
import { type Limit, type Pause, type StoredStanding } from './standing.ts'
import { type Wait } from './wait.ts'

/** What outlives the process. */
export interface PacerState extends StoredStanding {
  callsByHour: CallCount
  /** When the calls ended (or, in Redis, were under way) that occupied a place, in epoch milliseconds: a restart is no new window. */
  recent: number[]
  /** Calls that may have been made and whose end nobody has stored: those under way, and those counted in advance. */
  open?: number
}

export interface PacerStore {
  load: () => Promise<PacerState | null>
  save: (state: PacerState) => Promise<void>
}

/** A place in the window, which one call occupies. */
export interface Place {
  id: string
  /** On the window's clock. */
  givenAtMs: number
}

export interface Taken {
  /** As many as were free, at most as many as were wanted. */
  places: Place[]
  /** When to ask again for the rest; null: when a call has ended. */
  waitMs: number | null
  /** What the rest waits for; null where a place is free. */
  wait: Wait | null
  /** A pause that is too long to be waited for. */
  hold: Pause | null
}

/**
 * A true sliding window over the calls of all who share it, and how we stand with Spotify: in the memory of one
 * process, or in a Redis that several share. No method rejects.
 */
export interface Window {
  /** How many calls the file counts in advance while calls are under way. */
  readonly advance: number
  /** Ask for up to `wanted` places. */
  take: (wanted: number) => Promise<Taken>
  /** The call was not made after all. */
  giveBack: (place: Place) => void
  /** The call has ended: its place is free one window from now. */
  done: (place: Place, answered: boolean) => void
  /** A call was answered 429. In force for this process when the call returns, for all when it resolves. */
  limited: (givenAtMs: number, limit: Limit) => Promise<{ isNews: boolean, pauseMs: number, pace: number }>
  /** The pause that is too long to be waited for, if there is one. */
  hold: () => Promise<Pause | null>
  snapshot: () => Promise<{ state: PacerState, pace: number }>
  close: () => Promise<void>
}
