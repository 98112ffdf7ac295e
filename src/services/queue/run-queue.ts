import { plausibleWaitMs } from '../deadline.ts'

/** What became of a delivery: the run has ended, or wants to be delivered again at a time (epoch milliseconds). */
export type Delivery = { kind: 'done' } | { kind: 'postponed', untilMs: number }

export type Work = (id: string, signal: AbortSignal) => Promise<Delivery>

/** Delivers runs to their workers. It may forget everything: the store is the truth. */
export interface RunQueue {
  /**
   * Delivers the run, now or at a time; nothing happens where it is waiting. A run that is being executed may be
   * delivered once more, and then turns out to have an owner. Never throws: a run that could not be taken is logged,
   * and found by the next sweep.
   */
  enqueue: (id: string, notBeforeMs?: number) => Promise<void>
  /**
   * Works on deliveries. Calls `settled` when a delivery is over and forgotten: a run that was resumed meanwhile could
   * not be enqueued before.
   */
  work: (work: Work, settled: (id: string) => void) => void
  /** Takes back a run that is waiting; a run that is being worked on stays. */
  remove: (id: string) => Promise<void>
  /**
   * Returns how many runs are delivered before this one; null where it does not wait for its delivery, or the order is
   * not known here.
   */
  ahead: (id: string) => number | null
  /** Makes ready what it needs; nothing is delivered before. */
  start: () => Promise<void>
  /** Stop delivering, abort what is being worked on with `reason`, hand it back, and wait for it. */
  close: (reason: Error) => Promise<void>
}

/**
 * Returns how long a run waits for its time. A time that is implausible was written before the wall clock was set back:
 * the run goes on now, and is paused again if it is too early.
 */
export function deliveryWaitMs (notBeforeMs: number, nowMs: number): number {
  return plausibleWaitMs(notBeforeMs, nowMs) ?? 0
}
