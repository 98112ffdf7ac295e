import { ServiceError } from '../../errors.ts'
import { type Run } from '../../schemas/run.ts'
import { type Delivery, type RunQueue } from '../queue/run-queue.ts'
import { type Roster } from './roster.ts'
import { hasEnded } from './transitions.ts'

interface CancelOptions {
  get: (id: string) => Promise<Run>
  queue: RunQueue
  roster: Roster
  /** Begin an execution here whose signal is aborted already: it ends the run with what it has. */
  end: (id: string, signal: AbortSignal) => Promise<Delivery>
  closing: AbortSignal
}

const LOOK_EVERY_MS = 250
const MOST_LOOKS = 240
/** Of whoever executes a run something is heard each second: this long a silence means that nobody does. */
const LOOKS_UNTIL_SILENCE = 12

export function canceled (): ServiceError {
  return new ServiceError('canceled', 'canceled by a client: what was fetched until then stays; resume the run to go on', { affectsEveryCall: true })
}

/**
 * End a run with what it has, wherever it is: waiting, being worked on by this process or another, or on its way
 * from the one to the other (then it is looked for again). Where nobody answers for it, it is taken over: a new
 * execution shuts out the one that may still be somewhere. Throws `storage_failed` where the disk refuses its end.
 */
export function createCancel ({ get, queue, roster, end, closing }: CancelOptions): (id: string) => Promise<void> {
  async function endHere (id: string): Promise<void> {
    const delivery = await end(id, AbortSignal.abort(canceled()))
    if (delivery.kind === 'done') return
    await queue.enqueue(id, delivery.untilMs)
    const { error } = await get(id)
    if (error?.code !== 'storage_failed') throw new ServiceError('internal_error', `the run could not be ended: ${error?.detail ?? ''}`)
    throw new ServiceError('storage_failed', `the run could not be ended, and is resumed in a minute: ${error.detail}; then cancel it again`)
  }

  return async (id) => {
    let silentLooks = 0
    for (let look = 0; look < MOST_LOOKS && !closing.aborted && !hasEnded(await get(id)); look++) {
      silentLooks = roster.get(id) === undefined ? silentLooks + 1 : 0
      if (await queue.remove(id) || silentLooks > LOOKS_UNTIL_SILENCE) await endHere(id)
      else roster.requestCancel(id)
      await roster.waitForEnd(id, LOOK_EVERY_MS, closing)
    }
  }
}
