import { type Clock } from '../clock.ts'
import { type Log } from '../log.ts'
import { type RunQueue, type Work } from './run-queue.ts'

/** The queue of a single process: first in, first out, `concurrency` runs at a time. */
export function createMemoryQueue ({ concurrency, clock, log }: { concurrency: number, clock: Clock, log: Log }): RunQueue {
  const ready: string[] = []
  const known = new Set<string>()
  const working = new Set<Promise<void>>()
  const closing = new AbortController()
  let work: Work | null = null

  function enqueue (id: string, notBeforeMs = 0): void {
    if (known.has(id) || closing.signal.aborted) return
    known.add(id)
    const waitMs = notBeforeMs - clock.now()
    if (waitMs <= 0) {
      ready.push(id)
      next()
      return
    }
    clock.sleep(waitMs, closing.signal).then(() => {
      known.delete(id)
      enqueue(id, notBeforeMs)
    }, () => {})
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
    } catch (error) {
      known.delete(id)
      if (!closing.signal.aborted) log.error({ err: error, runId: id }, 'the run could not be worked on: the next sweep tries again')
    }
  }

  return {
    enqueue,
    work (handler) {
      work = handler
      next()
    },
    async close (reason) {
      closing.abort(reason)
      await Promise.allSettled(working)
    },
  }
}
