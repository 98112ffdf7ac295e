/** Who wants to make a call. */
export interface Claimant {
  /** Calls of the same owner take each other's turns. */
  owner: object
  /** It goes before all calls of its owner that are not. */
  isUrgent: boolean
  signal: AbortSignal
}

/** The places of the calls in flight: `work` waits for one, and holds it until it has ended. Throws the signal's reason while it waits. */
export type Slots = <T>(claimant: Claimant, work: () => Promise<T>) => Promise<T>

type Waiter = Pick<Claimant, 'owner' | 'isUrgent'> & { go: () => void }

/** Turns are given first come, first served; which call of its owner takes a turn, urgency decides. So nobody's urgent calls set others back. */
export function createSlots (places: number): Slots {
  const waiting: Waiter[] = []
  let free = places

  async function take ({ owner, isUrgent, signal }: Claimant): Promise<void> {
    signal.throwIfAborted()
    if (free > 0) {
      free--
      return
    }
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        owner,
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
    })
  }

  function release (): void {
    const next = takeNext(waiting)
    if (next === undefined) free++
    else next.go()
  }

  return async (claimant, work) => {
    await take(claimant)
    try {
      return await work()
    } finally {
      if (claimant.isUrgent) setImmediate(release) // whoever asks for what comes next, as the next page of a listing, gets this place
      else release()
    }
  }
}

/** The owner of the first turn has it; where an urgent call takes it, those of the same owner before that call move back by one turn each. */
function takeNext (waiting: Waiter[]): Waiter | undefined {
  const first = waiting[0]
  const place = waiting.findIndex(({ owner, isUrgent }) => isUrgent && owner === first?.owner)
  if (first === undefined || place <= 0) return waiting.shift()
  let moved = first
  for (let turn = 1; turn <= place; turn++) {
    const waiter = waiting[turn]
    if (waiter?.owner === first.owner) [waiting[turn], moved] = [moved, waiter]
  }
  waiting.shift()
  return moved
}
