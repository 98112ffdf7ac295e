import { ServiceError } from '../../errors.ts'
import type { Run } from '../../schemas/run.ts'
import type { Notice } from '../database/database.ts'
import { isAway } from '../database/failure.ts'
import type { Delivery, RunQueue } from '../queue/run-queue.ts'
import type { RunStore } from '../store/run-store.ts'
import type { ActiveRuns } from './active-runs.ts'
import { hasEnded } from '../run-record.ts'

interface CancelOptions {
  get: (id: string) => Promise<Run>
  store: Pick<RunStore, 'read' | 'wantCancel'>
  queue: Pick<RunQueue, 'enqueue' | 'remove'>
  active: Pick<ActiveRuns, 'waitForEnd'>
  /** Aborts the run where this process executes it. */
  abortHere: (id: string) => boolean
  notify: (notice: Notice) => void
  /** Begin an execution here whose signal is aborted already: it ends the run with what it has. */
  end: (id: string, signal: AbortSignal) => Promise<Delivery>
  closing: AbortSignal
}

const LOOK_EVERY_MS = 250
const MAX_LOOKS = 240

export function canceled (): ServiceError {
  return new ServiceError(
    'canceled', 'canceled by a client: what was fetched stays; resume the run to continue', { affectsEveryCall: true }
  )
}

/**
 * Ends a run with what it has: here, or in the process that executes it, or, where none does, by an execution that only
 * writes what there is. Throws `storage_failed` where the disk refuses its end.
 */
export function createCancel (
  { get, store, queue, active, abortHere, notify, end, closing }: CancelOptions
): (id: string) => Promise<void> {
  async function endHere (id: string): Promise<void> {
    await queue.remove(id)
    const delivery = await end(id, AbortSignal.abort(canceled()))
    if (delivery.kind === 'done') return
    await queue.enqueue(id, delivery.untilMs)
    const { error } = await get(id)
    if (error?.code !== 'storage_failed') {
      throw new ServiceError('internal_error', `the run could not be ended: ${error?.detail ?? ''}`)
    }
    throw new ServiceError(
      'storage_failed', `the run could not be ended, and is resumed in a minute: ${error.detail}; then cancel it again`
    )
  }

  return async (id) => {
    await store.wantCancel(id).catch((error: unknown) => {
      if (isAway(error) || !abortHere(id)) throw error // a disk that is full does not keep it from ending
    })
    for (let look = 0; look < MAX_LOOKS && !closing.aborted; look++) {
      const stored = await store.read(id)
      if (stored === null) return
      const isOver = hasEnded(stored.record.run)
      if (isOver && hasEnded(await get(id))) return // else its execution has not shown the end yet
      if (!isOver && !abortHere(id)) {
        if (stored.isOwned) notify({ kind: 'cancel', id })
        else await endHere(id)
      }
      await active.waitForEnd(id, LOOK_EVERY_MS, closing)
    }
  }
}
