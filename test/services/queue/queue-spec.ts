import type { Test } from 'tap'
import { systemClock } from '../../../src/services/clock.ts'
import { type Bench, CLOSED, DONE, until } from './queue-bench.ts'

type Create = (t: Test, concurrency?: number) => Promise<Bench>

/** What every queue promises. */
export function behavesAsRunQueue (t: Test, create: Create): void {
  const test = (title: string, work: (t: Test, create: Create) => Promise<void>): void => {
    void t.test(title, { buffered: true }, async (t) => await work(t, create))
  }

  test('runs are delivered one after the other, first in, first out, each once', async (t, create) => {
    const { queue, delivered, delivery } = await create(t)
    await queue.enqueue('a')
    const first = await delivery(1)
    for (const id of ['b', 'c', 'b', 'c']) await queue.enqueue(id)
    first.end(DONE)
    for (const n of [2, 3]) (await delivery(n)).end(DONE)
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

  test('a run that was resumed before the queue had forgotten it is enqueued again when it has', async (t, create) => {
    const { queue, settled, delivery } = await create(t)
    await queue.enqueue('a')
    const first = await delivery(1)
    await queue.enqueue('a')
    t.same(settled, [])
    first.end(DONE)
    await until(() => settled.length === 1)
    t.same(settled, ['a'])
    await queue.enqueue('a')
    t.equal((await delivery(2)).id, 'a')
  })

  test('a run that is enqueued for a time, or postponed to one, is delivered then, not ' +
    'before, and holds up no other', async (t, create) => {
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

  test('a time that is over, or further ahead than any pause lasts, is now', async (t, create) => {
    const { queue, delivery } = await create(t)
    await queue.enqueue('a', Date.now() - 60_000)
    const a = await delivery(1)
    t.equal(a.id, 'a')
    a.end(DONE)
    await queue.enqueue('b', Date.now() + 365 * 24 * 3_600_000)
    t.equal((await delivery(2)).id, 'b')
  })

  test('a run that waits can be taken back, also one that waits for its time, and put in again', async (t, create) => {
    const { queue, delivered, delivery } = await create(t)
    await queue.enqueue('a')
    const a = await delivery(1)
    for (const id of ['b', 'c']) await queue.enqueue(id)
    await queue.enqueue('d', Date.now() + 60_000)
    for (const id of ['b', 'd', 'a', 'x', 'b']) await queue.remove(id)
    await queue.enqueue('d')
    t.equal(a.signal.aborted, false, 'what is being worked on stays')
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
    end(Promise.reject(new Error('the disk is full')))
    t.equal((await delivery(2)).id, 'b')
    await until(() => log.lines.some((line) => line.startsWith('error')))
    t.match(log.text(), /the next sweep retries[\s\S]*"runId":"a"/)
  })

  test('closing aborts what is worked on with its reason, and delivers nothing more', async (t, create) => {
    const { queue, delivered, delivery, log } = await create(t)
    await queue.enqueue('a')
    await queue.enqueue('b')
    const { signal } = await delivery(1)
    const startedAtMs = performance.now()
    await queue.close(CLOSED)
    t.equal(signal.reason, CLOSED)
    t.ok(performance.now() - startedAtMs < 2000, `${Math.round(performance.now() - startedAtMs)} ms`)
    await queue.enqueue('c')
    t.equal(delivered.length, 1)
    t.notMatch(log.lines.join('\n'), /^(error|warn)/m, 'an abort is no fault')
  })
}
