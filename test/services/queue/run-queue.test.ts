import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { systemClock } from '../../../src/services/clock.ts'
import { createBullmqQueue } from '../../../src/services/queue/bullmq-queue.ts'
import { createMemoryQueue } from '../../../src/services/queue/memory-queue.ts'
import { type Delivery, type RunQueue } from '../../../src/services/queue/run-queue.ts'
import { openRedis } from '../../../src/services/redis/connections.ts'
import { type RedisServer, startRedis } from '../../redis.ts'
import { createRecordingLog } from '../recording-log.ts'

const DONE: Delivery = { kind: 'done' }
const CLOSED = new Error('shutting down')

interface Delivered {
  id: string
  end: (delivery: Delivery) => void
  signal: AbortSignal
}

/** A queue with a worker that does what the test says, and waits for what it does. */
interface Bench {
  queue: RunQueue
  log: ReturnType<typeof createRecordingLog>
  delivered: Delivered[]
  settled: string[]
  /** Resolves with the n-th delivery (from 1). */
  delivery: (n: number) => Promise<Delivered>
}

type Create = (t: Test, concurrency?: number) => Promise<Bench>

function bench (t: Test, queue: RunQueue, log: Bench['log']): Bench {
  const delivered: Delivered[] = []
  const settled: string[] = []
  queue.work(async (id, signal) => await new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error))
    if (signal.aborted) reject(signal.reason as Error)
    delivered.push({ id, end: resolve, signal })
  }), (id) => settled.push(id))
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

async function onRedis (t: Test, { url }: RedisServer, concurrency = 1): Promise<Bench> {
  const log = createRecordingLog()
  const redis = await openRedis(url, log)
  t.teardown(() => redis.close())
  return bench(t, createBullmqQueue({ redis, concurrency, clock: systemClock, log }), log)
}

async function until (isSo: () => boolean, withinMs = 30_000): Promise<void> {
  const giveUpAtMs = performance.now() + withinMs
  while (!isSo()) {
    if (performance.now() > giveUpAtMs) throw new Error('it did not happen')
    await systemClock.sleep(5)
  }
}

/** What both queues promise. */
function contract (name: string, create: (t: Test, concurrency?: number) => Promise<Bench | null>): void {
  const test = (title: string, work: (t: Test, create: Create) => Promise<void>): void => {
    t.test(`${name}: ${title}`, async (t) => {
      const first = await create(t)
      if (first !== null) await work(t, async (t, concurrency) => concurrency === undefined ? first : await create(t, concurrency) as Bench)
    })
  }

  test('runs are delivered one after the other, first in, first out, each once', async (t, create) => {
    const { queue, delivered, delivery } = await create(t)
    for (const id of ['a', 'b', 'c', 'a', 'b']) await queue.enqueue(id)
    for (const n of [1, 2, 3]) (await delivery(n)).end(DONE)
    await queue.enqueue('d')
    await delivery(4)
    t.same(delivered.map(({ id }) => id), ['a', 'b', 'c', 'd'])
  })

  test('as many runs at a time as allowed', async (t, create) => {
    const { queue, delivered, delivery } = await create(t, 2)
    for (const id of ['a', 'b', 'c']) await queue.enqueue(id)
    await delivery(2)
    await systemClock.sleep(50)
    t.same(delivered.map(({ id }) => id).sort(), ['a', 'b'])
    delivered.find(({ id }) => id === 'b')?.end(DONE)
    t.equal((await delivery(3)).id, 'c')
  })

  test('a run that was let go on before the queue had forgotten it is enqueued again when it has', async (t, create) => {
    const { queue, settled, delivered, delivery } = await create(t)
    await queue.enqueue('a')
    const first = await delivery(1)
    await queue.enqueue('a')
    first.end(DONE)
    await until(() => settled.length === 1)
    t.same([delivered.length, settled], [1, ['a']])
    await queue.enqueue('a')
    t.equal((await delivery(2)).id, 'a')
  })

  test('a run that is enqueued for a time, or postponed to one, is delivered then, not before, and holds up no other', async (t, create) => {
    const { queue, settled, delivery } = await create(t)
    const enqueuedAtMs = Date.now()
    await queue.enqueue('a', enqueuedAtMs + 300)
    await queue.enqueue('b')
    const b = await delivery(1)
    t.equal(b.id, 'b')
    const untilMs = Date.now() + 600
    b.end({ kind: 'postponed', untilMs })
    const a = await delivery(2)
    t.equal(a.id, 'a')
    t.ok(Date.now() >= enqueuedAtMs + 300)
    a.end(DONE)
    t.equal((await delivery(3)).id, 'b')
    t.ok(Date.now() >= untilMs && Date.now() < untilMs + 3000, `${Date.now() - untilMs} ms after its time`)
    t.same(settled, ['a'])
  })

  test('a run that waits can be taken back, also one that waits for its time, and put in again', async (t, create) => {
    const { queue, delivered, delivery } = await create(t)
    for (const id of ['a', 'b', 'c']) await queue.enqueue(id)
    await queue.enqueue('d', Date.now() + 60_000)
    const a = await delivery(1)
    const removed: boolean[] = []
    for (const id of ['b', 'd', 'a', 'x', 'b']) removed.push(await queue.remove(id))
    t.same(removed, [true, true, false, false, false])
    await queue.enqueue('d')
    a.end(DONE)
    ;(await delivery(2)).end(DONE)
    await delivery(3)
    t.same(delivered.map(({ id }) => id), ['a', 'c', 'd'])
  })

  test('work that fails is told in the log and holds up no other', async (t, create) => {
    const { queue, log, delivery } = await create(t)
    await queue.enqueue('a')
    await queue.enqueue('b')
    const { end } = await delivery(1)
    end(Promise.reject(new Error('the disk is full')) as unknown as Delivery) // a promise resolved with one that rejects does so too
    t.equal((await delivery(2)).id, 'b')
    await until(() => log.lines.some((line) => line.startsWith('error')))
    t.match(log.text(), /could not be worked on[\s\S]*"runId":"a"/)
  })

  test('closing aborts what is worked on with its reason, and delivers nothing more', async (t, create) => {
    const { queue, delivered, delivery, log } = await create(t)
    await queue.enqueue('a')
    await queue.enqueue('b')
    const { signal } = await delivery(1)
    const startedAtMs = performance.now()
    await queue.close(CLOSED)
    t.equal(signal.reason, CLOSED)
    t.ok(performance.now() - startedAtMs < 2000)
    await queue.enqueue('c')
    t.equal(delivered.length, 1)
    t.notMatch(log.lines.join('\n'), /^(error|warn)/m, 'an abort is no fault')
  })
}

contract('in memory', async (t, concurrency = 1) => {
  const log = createRecordingLog()
  return bench(t, createMemoryQueue({ concurrency, clock: systemClock, log }), log)
})

contract('on Redis', async (t, concurrency) => {
  const redis = await startRedis(t)
  return redis === null ? null : await onRedis(t, redis, concurrency)
})

t.test('a queue that closes hands what it works on to another at once', async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  const [one, other] = [await onRedis(t, redis), await onRedis(t, redis)]
  const id = randomUUID()
  await one.queue.enqueue(id)
  await until(() => one.delivered.length + other.delivered.length === 1)
  const [from, to] = one.delivered.length === 1 ? [one, other] : [other, one]
  const closedAtMs = performance.now()
  const closed = from.queue.close(CLOSED)
  t.equal((await to.delivery(1)).id, id)
  const handedOverMs = performance.now() - closedAtMs
  await closed
  t.ok(handedOverMs < 2000, `${Math.round(handedOverMs)} ms`)
  t.comment(`handed over in ${Math.round(handedOverMs)} ms, closed in ${Math.round(performance.now() - closedAtMs)} ms`)
  t.match(from.log.text(), /run handed over/)
})

t.test('a lock that another has aborts the work; it is left to the other', async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  const { queue, delivery, delivered, settled, log } = await onRedis(t, redis)
  await queue.enqueue('a')
  const { signal } = await delivery(1)
  await redis.command('SET', 'bull:ingest:a:lock', 'another', 'PX', 60_000)
  await until(() => signal.aborted)
  t.match(signal.reason, { message: /lost the run/ })
  await until(() => settled.length === 1)
  await queue.enqueue('a')
  await systemClock.sleep(100)
  t.equal(delivered.length, 1, 'it is with the other')
  t.match(log.text(), /lock lost/)
})

t.test('FLUSHALL: what is worked on is aborted soon, and the queue goes on, with what is enqueued then', async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  const { queue, delivery, settled } = await onRedis(t, redis)
  let forgotten = 0
  queue.onForgotten(() => forgotten++)
  await queue.enqueue('a')
  const { signal } = await delivery(1)
  const flushedAtMs = performance.now()
  await redis.flush()
  await until(() => settled.includes('a'))
  t.ok(performance.now() - flushedAtMs < 12_000, `${Math.round(performance.now() - flushedAtMs)} ms`)
  t.equal(signal.aborted, true)
  t.equal(forgotten, 1, 'others may be forgotten too')
  await queue.enqueue('a')
  const again = await delivery(2)
  t.equal(again.id, 'a')
  again.end(DONE)
  await until(() => settled.length === 2)
  await redis.flush()
  await queue.enqueue('b')
  t.equal((await delivery(3)).id, 'b', 'also when it was idle')
})

t.test('a Redis that is killed and comes back empty: enqueueing fails quietly, and soon; then it is told that runs may be forgotten, and it goes on', async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  const { queue, delivery, log } = await onRedis(t, redis)
  let forgotten = 0
  queue.onForgotten(() => forgotten++)
  await queue.enqueue('a')
  ;(await delivery(1)).end(DONE)
  await redis.kill()
  const askedAtMs = performance.now()
  await queue.enqueue('b')
  t.equal(await queue.remove('b'), false)
  t.ok(performance.now() - askedAtMs < 3000)
  await redis.restart()
  await until(() => forgotten > 0)
  await queue.enqueue('b')
  t.equal((await delivery(2)).id, 'b')
  t.equal(log.lines.filter((line) => line.startsWith('warn')).length, 1, log.lines.join('\n'))
  t.match(log.text(), /Redis cannot be reached[\s\S]*Redis can be reached again/)
})

t.test('a queue whose Redis is gone, or never was there, or hangs, closes nevertheless', async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  const { queue, delivery } = await onRedis(t, redis)
  await queue.enqueue('a')
  await delivery(1)
  await redis.kill()
  const closingAtMs = performance.now()
  await queue.close(CLOSED)
  const never = await onRedis(t, redis)
  await never.queue.enqueue('a')
  const askedAtMs = performance.now()
  await never.queue.close(CLOSED)
  t.ok(performance.now() - askedAtMs < 8000)
  t.ok(askedAtMs - closingAtMs < 10_000)
  await redis.restart()
  const hanging = await onRedis(t, redis)
  await hanging.queue.enqueue('a')
  await hanging.delivery(1)
  redis.freeze()
  const frozenAtMs = performance.now()
  await hanging.queue.close(CLOSED)
  t.ok(performance.now() - frozenAtMs < 8000, `${Math.round(performance.now() - frozenAtMs)} ms`)
  redis.thaw()
})
