import t from 'tap'
import { ServiceError } from '../../../src/errors.ts'
import { createMemoryQueue } from '../../../src/services/queue/memory-queue.ts'
import type { Delivery } from '../../../src/services/queue/run-queue.ts'
import { type FakeClock, START_MS, createFakeClock, settle } from '../../fake-clock.ts'
import { createGate } from '../gate.ts'
import { createRecordingLog } from '../recording-log.ts'
import { inMemory } from './queue-bench.ts'
import { behavesAsRunQueue } from './queue-spec.ts'

const DAY_MS = 24 * 3_600_000
const DONE: Delivery = { kind: 'done' }

function create (concurrency = 1, clock: FakeClock = createFakeClock()) {
  const log = createRecordingLog()
  const queue = createMemoryQueue({ concurrency, clock, log })
  const started: string[] = []
  const settled: string[] = []
  const gates = new Map<string, ReturnType<typeof createGate<Delivery>>>()
  /** Work that lasts until the test ends it. */
  function workByHand (): void {
    queue.work(async (id, signal) => {
      started.push(id)
      const gate = createGate<Delivery>()
      gates.set(id, gate)
      const aborted = new Promise<never>((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      )
      return await Promise.race([gate.promise, aborted])
    }, (id) => settled.push(id))
  }
  async function end (id: string, delivery: Delivery = DONE): Promise<void> {
    gates.get(id)?.resolve(delivery)
    await settle()
  }
  return { queue, clock, log, started, settled, workByHand, end }
}

t.test('the queue in memory as any queue', async (t) => {
  t.jobs = 10
  behavesAsRunQueue(t, inMemory)
})

t.test('runs are delivered one after the other, first in, first out', async (t) => {
  const { queue, started, workByHand, end } = create()
  workByHand()
  for (const id of ['a', 'b', 'c']) await queue.enqueue(id)
  await settle()
  t.same(started, ['a'])
  await end('a')
  t.same(started, ['a', 'b'])
  await end('b')
  await end('c')
  t.same(started, ['a', 'b', 'c'])
})

t.test('as many runs at a time as allowed', async (t) => {
  const { queue, started, workByHand, end } = create(2)
  workByHand()
  for (const id of ['a', 'b', 'c', 'd']) await queue.enqueue(id)
  await settle()
  t.same(started, ['a', 'b'])
  await end('b')
  t.same(started, ['a', 'b', 'c'])
})

t.test('what was enqueued before anybody works is delivered as soon as somebody does', async (t) => {
  const { queue, started, workByHand } = create()
  await queue.enqueue('a')
  await settle()
  t.same(started, [])
  workByHand()
  await settle()
  t.same(started, ['a'])
})

t.test('a run that waits, is being worked on, or sleeps is not delivered a second time', async (t) => {
  const { queue, clock, started, workByHand, end } = create()
  workByHand()
  for (const id of ['a', 'a', 'b', 'b']) await queue.enqueue(id)
  await queue.enqueue('c', START_MS + 1000)
  await queue.enqueue('c')
  await settle()
  await queue.enqueue('a')
  await end('a')
  await end('b')
  t.same(started, ['a', 'b'])
  await clock.pass(1000)
  t.same(started, ['a', 'b', 'c'])
  await end('c')
  t.same(started, ['a', 'b', 'c'])
})

t.test('a run that is done may be enqueued again', async (t) => {
  const { queue, started, workByHand, end } = create()
  workByHand()
  await queue.enqueue('a')
  await settle()
  await end('a')
  await queue.enqueue('a')
  await settle()
  t.same(started, ['a', 'a'])
})

t.test('the worker is told when a run that has ended may be enqueued again, and not sooner', async (t) => {
  const { queue, started, settled, workByHand, end } = create()
  workByHand()
  await queue.enqueue('a')
  await settle()
  await queue.enqueue('a')
  t.same([started, settled], [['a'], []], 'while it is worked on, nothing happens')
  await end('a')
  t.same([started, settled], [['a'], ['a']])
  await queue.enqueue('b')
  await end('b', { kind: 'postponed', untilMs: START_MS + 5000 })
  t.same(settled, ['a'], 'a postponed run is in the queue')
})

t.test('a run that is enqueued for a time is delivered then, and not before', async (t) => {
  const { queue, clock, started, workByHand } = create()
  workByHand()
  await queue.enqueue('a', START_MS + 86_207_000)
  await clock.pass(86_206_999)
  t.same(started, [])
  await clock.pass(1)
  t.same(started, ['a'])
})

t.test('a time that is over is now', async (t) => {
  const { queue, started, workByHand } = create()
  workByHand()
  await queue.enqueue('a', START_MS)
  await queue.enqueue('b', START_MS - 5000)
  await settle()
  t.same(started, ['a'])
})

t.test('a wall clock that is set back by an hour, or forward, changes nothing for a run that waits', async (t) => {
  for (const jumpMs of [-3_600_000, 3_600_000]) {
    const { queue, clock, started, workByHand } = create()
    workByHand()
    await queue.enqueue('a', START_MS + 10_000)
    clock.jump(jumpMs)
    await clock.pass(9999)
    t.same(started, [])
    await clock.pass(1)
    t.same(started, ['a'])
  }
})

t.test('a sleep that ends early, as long timers do, is taken up again', async (t) => {
  const clock = createFakeClock()
  const { queue, started, workByHand } = create(1, {
    ...clock,
    sleep: async (ms, signal) => await clock.sleep(Math.min(ms, 4000), signal),
  })
  workByHand()
  await queue.enqueue('a', START_MS + 10_000)
  await clock.pass(9999)
  t.same(started, [])
  await clock.pass(1)
  t.same(started, ['a'])
})

t.test('a time that lies further ahead than any pause lasts, since the clock was set back, is now', async (t) => {
  const { queue, clock, started, workByHand, end } = create()
  workByHand()
  await queue.enqueue('a', START_MS + 7 * DAY_MS + 1)
  await settle()
  t.same(started, ['a'], 'whether it may go on is known by the pacer')
  await end('a')
  await queue.enqueue('b', START_MS + 60_000)
  clock.jump(-365 * DAY_MS)
  await clock.pass(59_999)
  t.same(started, ['a'])
  await clock.pass(1)
  t.same(started, ['a', 'b'])
  await end('b', { kind: 'postponed', untilMs: clock.now() + 7 * DAY_MS })
  await clock.pass(7 * DAY_MS - 1)
  t.same(started, ['a', 'b'])
  await clock.pass(1)
  t.same(started, ['a', 'b', 'b'])
})

t.test('a postponed run comes back at its time, and holds up no other until then', async (t) => {
  const { queue, clock, started, workByHand, end } = create()
  workByHand()
  await queue.enqueue('a')
  await queue.enqueue('b')
  await settle()
  await end('a', { kind: 'postponed', untilMs: START_MS + 5000 })
  t.same(started, ['a', 'b'])
  await end('b')
  await clock.pass(4999)
  t.same(started, ['a', 'b'])
  await clock.pass(1)
  t.same(started, ['a', 'b', 'a'])
})

t.test('a run that waits can be taken back, also one that waits for its time, and may be enqueued again', async (t) => {
  const { queue, clock, started, workByHand, end } = create()
  workByHand()
  for (const id of ['a', 'b', 'c']) await queue.enqueue(id)
  await queue.enqueue('d', START_MS + 1000)
  await settle()
  for (const id of ['b', 'd', 'a', 'x']) await queue.remove(id)
  await clock.pass(1000)
  await end('a')
  await end('c')
  t.same(started, ['a', 'c'])
  t.equal(clock.sleeping(), 0)
  await queue.enqueue('b')
  await queue.enqueue('d', clock.now() + 1000)
  await end('b')
  await clock.pass(1000)
  t.same(started, ['a', 'c', 'b', 'd'])
})

t.test('a run that was taken back and put in for a later time is delivered once, then', async (t) => {
  const { queue, clock, started, workByHand } = create()
  workByHand()
  await queue.enqueue('a', START_MS + 1000)
  await queue.remove('a')
  await queue.enqueue('a', START_MS + 5000)
  await clock.pass(1000)
  t.same(started, [])
  await clock.pass(4000)
  t.same(started, ['a'])
})

t.test('work that fails is told in the log, holds up no other, and the run may be enqueued again', async (t) => {
  const { queue, log } = create()
  const started: string[] = []
  queue.work(async (id) => {
    started.push(id)
    if (started.length === 1) throw new Error('the disk is full')
    return DONE
  }, () => {})
  await queue.enqueue('a')
  await queue.enqueue('b')
  await settle()
  t.same(started, ['a', 'b'])
  t.equal(log.lines.filter((line) => line.startsWith('error')).length, 1)
  t.match(log.text(), /"runId":"a"/)
  await queue.enqueue('a')
  await settle()
  t.same(started, ['a', 'b', 'a'])
})

t.test('work that is left to another process is no fault', async (t) => {
  const { queue, log } = create()
  queue.work(
    async () => {
      throw new ServiceError('shutting_down', 'another process has taken the run over')
    },
    () => {}
  )
  await queue.enqueue('a')
  await settle()
  t.same(log.lines, ['info another process executes the run'])
})

t.test('how many runs are before one that waits is known; of one that is worked on, ' +
  'sleeps, or is not here it is not', async (t) => {
  const { queue, workByHand, end } = create()
  workByHand()
  for (const id of ['a', 'b', 'c']) await queue.enqueue(id)
  await queue.enqueue('d', START_MS + 1000)
  await settle()
  t.same(['a', 'b', 'c', 'd', 'x'].map((id) => queue.ahead(id)), [null, 1, 2, null, null])
  await end('a')
  t.same(['b', 'c'].map((id) => queue.ahead(id)), [null, 1])
})

t.test('closing aborts what is being worked on with the reason, waits for it, and delivers nothing more', async (t) => {
  const { queue, log } = create()
  const reasons: unknown[] = []
  const cleanup = createGate()
  const started: string[] = []
  queue.work(async (id, signal) => {
    started.push(id)
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    reasons.push(signal.reason)
    await cleanup.promise
    throw signal.reason as Error
  }, () => {})
  await queue.enqueue('a')
  await queue.enqueue('b')
  await settle()
  const reason = new Error('shutting down')
  let isClosed = false
  const closed = queue.close(reason).then(() => { isClosed = true })
  await settle()
  t.same([reasons, isClosed], [[reason], false])
  cleanup.resolve()
  await closed
  await queue.enqueue('c')
  await settle()
  t.same(started, ['a'])
  t.same(log.lines, [], 'an abort is no fault')
})

t.test('closing leaves nothing asleep', async (t) => {
  const { queue, clock, started, workByHand } = create()
  workByHand()
  await queue.enqueue('a', START_MS + 5000)
  t.equal(clock.sleeping(), 1)
  await queue.close(new Error('shutting down'))
  t.equal(clock.sleeping(), 0)
  await clock.pass(5000)
  t.same(started, [])
})

t.test('a run that is postponed while the queue closes stays with the store', async (t) => {
  const { queue, clock } = create()
  queue.work(async (_id, signal) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    return { kind: 'postponed', untilMs: START_MS + 5000 }
  }, () => {})
  await queue.enqueue('a')
  await settle()
  await queue.close(new Error('shutting down'))
  await settle()
  t.equal(clock.sleeping(), 0)
})
