import type { PauseCode } from '../../../errors.ts'
import { type Deadline, type Moment, deadlineIn, msLeft, restoredDeadline, storedEndMs } from '../../deadline.ts'

/** A time before which Spotify may not be called, as it is stored and shown. */
export interface Pause {
  /** Epoch milliseconds. */
  untilMs: number
  code: PauseCode
  detail: string
}

/** A pause that a process obeys: of the account, of the token endpoint or of another one. */
export interface KnownPause extends Pause, Deadline {
  /** It is too long to be waited for: calls are refused. */
  isLong: boolean
}

/** Returns the pause that starts now. */
export function pauseFor (
  ms: number, { code, detail }: Pick<Pause, 'code' | 'detail'>, isLong: boolean, now: Moment
): KnownPause {
  return { ...deadlineIn(ms, now), code, detail, isLong }
}

/** Returns what is left of a stored pause. */
export function restoredPause ({ untilMs, code, detail }: Pause, maxWaitMs: number, now: Moment): KnownPause {
  const deadline = restoredDeadline(untilMs, now)
  return { ...deadline, code, detail, isLong: isTooLong(msLeft(deadline, now.atMs), code, maxWaitMs) }
}

/** A spent quota is never waited for. */
export function isTooLong (ms: number, code: Pause['code'], maxWaitMs: number): boolean {
  return code === 'quota_exceeded' || ms > maxWaitMs
}

/** Returns the pause while it is in force, else null. */
export function inForce (pause: KnownPause | null, atMs: number): KnownPause | null {
  return pause !== null && msLeft(pause, atMs) > 0 ? pause : null
}

/** A pause is only ever made longer. */
export function longerPause (known: KnownPause | null, next: KnownPause, atMs: number): KnownPause | null {
  if (msLeft(next, atMs) === 0 || (known !== null && known.endsAtMs >= next.endsAtMs)) return known
  return next
}

/** Returns a pause to store or show: never earlier than what is left of it, whatever has happened to the wall clock. */
export function onTheWall (pause: KnownPause, now: Moment): Pause {
  return { untilMs: storedEndMs(pause, now), code: pause.code, detail: pause.detail }
}
