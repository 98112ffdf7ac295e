import type { ResponseBudget, AnswerRoom } from './http/response-budget.ts'
import type { CostCounter } from './cost.ts'
import type { WaitReason } from './pacing/wait.ts'

/** The run whose call needs a slot. */
export interface Claimant {
  signal: AbortSignal
  /** Calls on one cost are those of one run, which take each other's turns. */
  cost: Pick<CostCounter, 'wait'>
}

/**
 * One place among the calls in flight, kept from before a call until its answer is stored. So a crash costs no more
 * calls than those that were in flight.
 */
export interface Slot {
  /** Opens room for the answer of an attempt; what the attempt before took is free again. */
  openRoom: () => AnswerRoom
  /** Lends the slot to other calls while `work` lasts, then waits for one again. */
  lend: <T>(work: () => Promise<T>) => Promise<T>
  [Symbol.dispose]: () => void
}

/**
 * Bounds the calls in flight. Not p-queue or p-limit: a slot is lent during a backoff and taken again in the middle of
 * a task, and an urgent call goes first among the calls of its own run only.
 */
export interface Semaphore {
  /** Waits for a slot; throws the signal's reason. An urgent call goes before all calls of its run that are not. */
  acquire: (claimant: Claimant, isUrgent: boolean) => Promise<Slot>
}

interface SemaphoreOptions {
  slots: number
  answers: ResponseBudget
  /** What the calls that have the slots wait for: so does everybody who waits for a slot. */
  waiting: WaitReason
}

interface Waiter {
  cost: Claimant['cost']
  isUrgent: boolean
  go: () => void
}

/**
 * Gives turns first come, first served; which call of its run takes a turn, urgency decides. So urgent calls of one run
 * set no other run back.
 */
export function createSemaphore ({ slots, answers, waiting: reason }: SemaphoreOptions): Semaphore {
  const waiting: Waiter[] = []
  let free = slots

  async function take ({ cost, signal }: Claimant, isUrgent: boolean): Promise<void> {
    signal.throwIfAborted()
    if (free > 0) {
      free--
      return
    }
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        cost,
        isUrgent,
        go () {
          signal.removeEventListener('abort', onAbort)
          resolve()
        },
      }
      const onAbort = (): void => {
        waiting.splice(waiting.indexOf(waiter), 1)
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      waiting.push(waiter)
    }).finally(cost.wait(reason))
  }

  function give (): void {
    const next = takeNext(waiting)
    if (next === undefined) free++
    else next.go()
  }

  return {
    async acquire (claimant, isUrgent) {
      await take(claimant, isUrgent)
      let room: AnswerRoom | null = null
      let isTaken = true

      function release (): void {
        room?.release()
        room = null
        if (!isTaken) return
        isTaken = false
        if (isUrgent) setImmediate(give) // the next call of a listing is asked for in this turn, and gets the slot
        else give()
      }

      return {
        openRoom () {
          room?.release()
          room = answers.open()
          return room
        },
        async lend (work) {
          release()
          const result = await work()
          await take(claimant, isUrgent)
          isTaken = true
          return result
        },
        [Symbol.dispose]: release,
      }
    },
  }
}

/**
 * The run of the first turn has it; where an urgent call takes it, those of the same run before that call move back by
 * one turn each.
 */
function takeNext (waiting: Waiter[]): Waiter | undefined {
  const first = waiting[0]
  const place = waiting.findIndex(({ cost, isUrgent }) => isUrgent && cost === first?.cost)
  if (first === undefined || place <= 0) return waiting.shift()
  let moved = first
  for (let turn = 1; turn <= place; turn++) {
    const waiter = waiting[turn]
    if (waiter?.cost === first.cost) [waiting[turn], moved] = [moved, waiter]
  }
  waiting.shift()
  return moved
}
