import { setTimeout as delay } from 'node:timers/promises'
import { ServiceError } from '../errors.ts'

/** The place of one conversion in the line of its client. */
export interface Place {
  /**
   * Resolves when this conversion is the one that goes on: immediately unless another took over while its reader
   * stalled.
   */
  hold: () => Promise<void> | undefined
  /** Marks that the conversion has handed out a piece and waits for its reader. */
  rest: () => void
  /** Lets the next one go on; may be called more than once. */
  leave: () => void
}

/** The conversions of one client: one goes on, the others wait. */
export interface ClientLine {
  /**
   * Resolves when a new conversion may begin. Throws `too_many_requests` where the line is full or the wait too long.
   */
  join: (signal: AbortSignal) => Promise<Place>
  isEmpty: () => boolean
}

export interface LineLimits {
  /** Conversions that wait to begin. */
  maxWaiting: number
  /** How long one waits to begin. */
  maxWaitMs: number
  /** A reader that takes nothing for so long lets the next conversion of its client go on. */
  stalledMs: number
}

interface Member {
  /** null: it computes, or waits. */
  restsSinceMs: number | null
  resume: (() => void) | null
}

export function createClientLine ({ maxWaiting, maxWaitMs, stalledMs }: LineLimits): ClientLine {
  let holder: Member | null = null
  let newcomers = 0
  let isWatching = false
  /** Conversions that have begun come first. */
  const waiting: Member[] = []

  function passOn (): void {
    holder = waiting.shift() ?? null
    const resume = holder?.resume
    if (holder !== null) holder.resume = null
    resume?.()
  }

  async function wait (member: Member, hasBegun: boolean): Promise<void> {
    const turn = new Promise<void>((resolve) => { member.resume = resolve })
    if (hasBegun) waiting.unshift(member)
    else waiting.push(member)
    void watchHolder()
    await turn
  }

  /** Passes the line on when the holder's reader stalls, while another conversion waits. */
  async function watchHolder (): Promise<void> {
    if (isWatching) return
    isWatching = true
    while (holder !== null && waiting.length > 0) {
      const restsMs = holder.restsSinceMs === null ? 0 : performance.now() - holder.restsSinceMs
      if (restsMs >= stalledMs) passOn()
      else await delay(Math.max(1, stalledMs - restsMs))
    }
    isWatching = false
  }

  function leave (member: Member): void {
    const index = waiting.indexOf(member)
    if (index !== -1) waiting.splice(index, 1)
    member.resume?.()
    member.resume = null
    if (holder === member) passOn()
  }

  async function waitToBegin (member: Member, signal: AbortSignal): Promise<void> {
    if (newcomers >= maxWaiting) throw refused()
    newcomers++
    const begun = new AbortController()
    const isTurn = wait(member, false).then(() => holder === member)
    const isOver = delay(maxWaitMs, false, { signal: AbortSignal.any([signal, begun.signal]) }).catch(() => false)
    const canBegin = await Promise.race([isTurn, isOver])
    newcomers--
    begun.abort()
    if (canBegin) return
    leave(member)
    signal.throwIfAborted()
    throw refused()
  }

  return {
    async join (signal) {
      signal.throwIfAborted()
      const member: Member = { restsSinceMs: null, resume: null }
      let hasLeft = false
      if (holder === null) holder = member
      else await waitToBegin(member, signal)
      return {
        hold () {
          if (hasLeft) return undefined // its stream is being destroyed
          member.restsSinceMs = null
          if (holder !== null && holder !== member) return wait(member, true)
          holder = member
          return undefined
        },
        rest () { member.restsSinceMs = performance.now() },
        leave () {
          hasLeft = true
          leave(member)
        },
      }
    },
    isEmpty: () => holder === null && waiting.length === 0,
  }
}

const RETRY_AFTER_SECONDS = 10

function refused (): ServiceError {
  const detail = 'a client has one conversion of a document at a time, and too many of this one wait: ask for one ' +
    'after the other, or for ?format=json, which is not converted'
  return new ServiceError('too_many_requests', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS })
}
