import type { Run } from '../../schemas/run.ts'
import type { Clock } from '../clock.ts'
import type { RunQueue } from '../queue/run-queue.ts'
import { hasEnded } from '../run-record.ts'
import type { RunStore } from '../store/run-store.ts'
import { waitingOf } from './standstill.ts'

interface ViewOptions {
  queue: Pick<RunQueue, 'ahead'>
  store: Pick<RunStore, 'countAhead'>
  clock: Clock
}

/** Returns what shows a run with what it waits for, which nothing stores. */
export function createView ({ queue, store, clock }: ViewOptions): (run: Run) => Promise<Run> {
  return async (run) => {
    if (hasEnded(run)) return run
    const ahead = queue.ahead(run.id)
    const others = ahead === null && run.status !== 'running' ? await store.countAhead(run.id) : 0
    return { ...run, waiting: waitingOf(run, { ahead, others, nowMs: clock.now() }) }
  }
}
