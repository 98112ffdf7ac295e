/** What became of a delivery: the run has ended, or wants to be delivered again at a time (epoch milliseconds). */
export type Delivery = { kind: 'done' } | { kind: 'postponed', untilMs: number }

export type Work = (id: string, signal: AbortSignal) => Promise<Delivery>

/** Delivers runs to whoever works on them. It may forget everything: the store is the truth. */
export interface RunQueue {
  /** Deliver the run, now or at a time; nothing happens where it is waiting or being worked on. */
  enqueue: (id: string, notBeforeMs?: number) => void
  work: (work: Work) => void
  /** Take back a run that is waiting; false where it is being worked on or is not known. */
  remove: (id: string) => boolean
  /** Stop delivering, abort what is being worked on with `reason`, and wait for it. */
  close: (reason: Error) => Promise<void>
}
