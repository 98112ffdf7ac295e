import { hasCode } from '../../errors.ts'
import type { Clock } from '../clock.ts'
import { deadlineIn, momentOf, sleepUntil } from '../deadline.ts'
import type { Log } from '../log.ts'
import { type RunQueue, type Work, deliveryWaitMs } from './run-queue.ts'

/** The queue of a single process: first in, first out, `concurrency` runs at a time. */
export function createMemoryQueue (
  { concurrency, clock, log }: { concurrency: number, clock: Clock, log: Log }
): RunQueue {
  const ready: string[] = []
  /** Waiting or being worked on. */
  const known = new Set<string>()
  const delayed = new Map<string, AbortController>()
  const working = new Set<Promise<void>>()
  const closing = new AbortController()
  let work: Work | null = null
  let settled: (id: string) => void = () => {}

  function enqueue (id: string, notBeforeMs = 0): void {
    if (known.has(id) || closing.signal.aborted) return
    known.add(id)
    const waitMs = deliveryWaitMs(notBeforeMs, clock.now())
    if (waitMs <= 0) {
      ready.push(id)
      next()
      return
    }
    const waiting = new AbortController()
    delayed.set(id, waiting)
    sleepUntil(deadlineIn(waitMs, momentOf(clock)), clock, waiting.signal).then(() => {
      delayed.delete(id)
      ready.push(id)
      next()
    }, () => {})
  }

  function forget (id: string): void {
    known.delete(id)
    delayed.delete(id)
  }

  function next (): void {
    for (;;) {
      const id = work === null || working.size >= concurrency || closing.signal.aborted ? undefined : ready.shift()
      if (id === undefined || work === null) return
      const done = deliver(id, work).finally(() => {
        working.delete(done)
        next()
      })
      working.add(done)
    }
  }

  async function deliver (id: string, work: Work): Promise<void> {
    try {
      const delivery = await work(id, closing.signal)
      known.delete(id)
      if (delivery.kind === 'postponed') enqueue(id, delivery.untilMs)
      else settled(id)
    } catch (error) {
      known.delete(id)
      if (closing.signal.aborted) return
      if (hasCode(error, 'shutting_down')) log.info({ runId: id }, 'another process executes the run')
      else log.error({ err: error, runId: id }, 'run could not be executed; the next sweep retries')
    }
  }

  return {
    enqueue: async (id, notBeforeMs) => enqueue(id, notBeforeMs),
    work (handler, onSettled) {
      work = handler
      settled = onSettled
      next()
    },
    async start () {},
    ahead (id) {
      const place = ready.indexOf(id)
      return place < 0 ? null : place + working.size
    },
    async remove (id) {
      const place = ready.indexOf(id)
      if (place >= 0) ready.splice(place, 1)
      else if (delayed.has(id)) delayed.get(id)?.abort()
      else return
      forget(id)
    },
    async close (reason) {
      closing.abort(reason)
      for (const waiting of delayed.values()) waiting.abort()
      await Promise.allSettled(working)
    },
  }
}
