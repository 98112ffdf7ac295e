import { setTimeout as delay } from 'node:timers/promises'
import { ServiceError } from '../errors.ts'

/** The right of one conversion to go on, as long as its reader does not stall. */
export interface Lease {
  /**
   * Resolves when this conversion may go on: immediately unless another one has taken over while its reader stalled.
   */
  renew: () => Promise<void> | undefined
  /** Marks that the conversion has handed out a piece and waits for its reader. */
  idle: () => void
  /** Lets the next one go on; may be called more than once. */
  release: () => void
}

/** The conversions of one client: one goes on, the others wait. */
export interface ClientLock {
  /** Resolves when a new conversion may begin. Throws `too_many_requests` where too many wait, or it waits too long. */
  acquire: (signal: AbortSignal) => Promise<Lease>
  isFree: () => boolean
}

export interface LockLimits {
  /** Conversions that wait to begin. */
  maxWaiting: number
  /** How long one waits to begin. */
  maxWaitMs: number
  /** A reader that takes nothing for so long lets the next conversion of its client go on. */
  stalledMs: number
}

interface Claimant {
  /** null: it computes, or waits. */
  idleSinceMs: number | null
  resume: (() => void) | null
}

export function createClientLock ({ maxWaiting, maxWaitMs, stalledMs }: LockLimits): ClientLock {
  let holder: Claimant | null = null
  let newcomers = 0
  let isWatching = false
  /** Conversions that have begun come first. */
  const waiting: Claimant[] = []

  function passOn (): void {
    holder = waiting.shift() ?? null
    const resume = holder?.resume
    if (holder !== null) holder.resume = null
    resume?.()
  }

  async function wait (claimant: Claimant, hasBegun: boolean): Promise<void> {
    const turn = new Promise<void>((resolve) => { claimant.resume = resolve })
    if (hasBegun) waiting.unshift(claimant)
    else waiting.push(claimant)
    void watchHolder()
    await turn
  }

  /** Passes the lock on when the holder's reader stalls, while another conversion waits. */
  async function watchHolder (): Promise<void> {
    if (isWatching) return
    isWatching = true
    while (holder !== null && waiting.length > 0) {
      const idleMs = holder.idleSinceMs === null ? 0 : performance.now() - holder.idleSinceMs
      if (idleMs >= stalledMs) passOn()
      else await delay(Math.max(1, stalledMs - idleMs))
    }
    isWatching = false
  }

  function release (claimant: Claimant): void {
    const index = waiting.indexOf(claimant)
    if (index !== -1) waiting.splice(index, 1)
    claimant.resume?.()
    claimant.resume = null
    if (holder === claimant) passOn()
  }

  async function waitToBegin (claimant: Claimant, signal: AbortSignal): Promise<void> {
    if (newcomers >= maxWaiting) throw refused()
    newcomers++
    const begun = new AbortController()
    const isTurn = wait(claimant, false).then(() => holder === claimant)
    const isOver = delay(maxWaitMs, false, { signal: AbortSignal.any([signal, begun.signal]) }).catch(() => false)
    const canBegin = await Promise.race([isTurn, isOver])
    newcomers--
    begun.abort()
    if (canBegin) return
    release(claimant)
    signal.throwIfAborted()
    throw refused()
  }

  return {
    async acquire (signal) {
      signal.throwIfAborted()
      const claimant: Claimant = { idleSinceMs: null, resume: null }
      let isReleased = false
      if (holder === null) holder = claimant
      else await waitToBegin(claimant, signal)
      return {
        renew () {
          if (isReleased) return undefined // its stream is being destroyed
          claimant.idleSinceMs = null
          if (holder !== null && holder !== claimant) return wait(claimant, true)
          holder = claimant
          return undefined
        },
        idle () { claimant.idleSinceMs = performance.now() },
        release () {
          isReleased = true
          release(claimant)
        },
      }
    },
    isFree: () => holder === null && waiting.length === 0,
  }
}

const RETRY_AFTER_SECONDS = 10

function refused (): ServiceError {
  const detail = 'a client has one conversion of a document at a time, and too many of this one wait: ask for one ' +
    'after the other, or for ?format=json, which is not converted'
  return new ServiceError('too_many_requests', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS })
}
