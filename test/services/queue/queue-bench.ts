import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { systemClock } from '../../../src/services/clock.ts'
import { createMemoryQueue } from '../../../src/services/queue/memory-queue.ts'
import { createPgBossQueue } from '../../../src/services/queue/pg-boss-queue.ts'
import type { Delivery, RunQueue } from '../../../src/services/queue/run-queue.ts'
import type { PostgresqlServer } from '../../postgresql.ts'
import { type RecordingLog, createRecordingLog } from '../recording-log.ts'

export const DONE: Delivery = { kind: 'done' }
export const CLOSED = new Error('shutting down')

export interface Delivered {
  id: string
  end: (delivery: Delivery | Promise<Delivery>) => void
  signal: AbortSignal
}

/** A queue with a worker that does what the test says, and waits for what it does. */
export interface Bench {
  queue: RunQueue
  log: RecordingLog
  delivered: Delivered[]
  settled: string[]
  /** Resolves with the n-th delivery (from 1). */
  delivery: (n: number) => Promise<Delivered>
}

function createBench (t: Test, queue: RunQueue, log: RecordingLog, works = true): Bench {
  const delivered: Delivered[] = []
  const settled: string[] = []
  async function work (id: string, signal: AbortSignal): Promise<Delivery> {
    return await new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
      if (signal.aborted) reject(signal.reason as Error)
      delivered.push({ id, end: resolve, signal })
    })
  }
  if (works) queue.work(work, (id) => settled.push(id))
  t.teardown(async () => await queue.close(CLOSED))
  return {
    queue,
    log,
    delivered,
    settled,
    async delivery (n) {
      await until(() => delivered.length >= n)
      return delivered[n - 1] as Delivered
    },
  }
}

export async function inMemory (t: Test, concurrency = 1): Promise<Bench> {
  const log = createRecordingLog()
  const bench = createBench(t, createMemoryQueue({ concurrency, clock: systemClock, log }), log)
  await bench.queue.start()
  return bench
}

/** Not started yet. */
export function createOnPgBoss (t: Test, databaseUrl: string, schema: string, concurrency = 1, works = true): Bench {
  const log = createRecordingLog()
  return createBench(t, createPgBossQueue({ databaseUrl, schema, concurrency, clock: systemClock, log }), log, works)
}

export async function onPgBoss (t: Test, databaseUrl: string, schema: string, concurrency = 1): Promise<Bench> {
  const bench = createOnPgBoss(t, databaseUrl, schema, concurrency)
  await bench.queue.start()
  return bench
}

/** The service makes the schema of its queue, before the queue is started. */
export async function newSchema ({ sql }: PostgresqlServer): Promise<string> {
  const name = `queue_${randomUUID().slice(0, 8)}`
  await sql(`create schema ${name}`)
  return name
}

export async function until (isSo: () => boolean, withinMs = 30_000): Promise<void> {
  const giveUpAtMs = performance.now() + withinMs
  while (!isSo()) {
    if (performance.now() > giveUpAtMs) throw new Error('it did not happen')
    await systemClock.sleep(5)
  }
}
