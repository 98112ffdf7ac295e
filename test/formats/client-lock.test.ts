import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { createClientLock } from '../../src/formats/client-lock.ts'
import { createConversions } from '../../src/formats/conversions.ts'

const LIMITS = { maxWaiting: 2, maxWaitMs: 60_000, stalledMs: 500 }
const never = new AbortController().signal

/** Whether it has resolved when all that can go on has gone on. */
async function isDone (promise: Promise<unknown>): Promise<boolean> {
  return await Promise.race([promise.then(() => true), delay(20, false)])
}

t.test('one goes on, the next one when it releases the lock, in the order of their coming', async (t) => {
  const lock = createClientLock(LIMITS)
  const first = await lock.acquire(never)
  const [second, third] = [lock.acquire(never), lock.acquire(never)]
  t.notOk(await isDone(second))
  first.release()
  const lease = await second
  t.notOk(await isDone(third))
  first.release()
  t.notOk(await isDone(third), 'releasing twice changes nothing')
  lease.release()
  const last = await third
  t.notOk(lock.isFree())
  last.release()
  t.ok(lock.isFree())
})

t.test('a lock for which too many wait refuses, with when to come back', async (t) => {
  const lock = createClientLock(LIMITS)
  const first = await lock.acquire(never)
  const waiting = [lock.acquire(never), lock.acquire(never)]
  await t.rejects(lock.acquire(never), { code: 'too_many_requests', retryAfterSeconds: 10 })
  first.release()
  for (const lease of waiting) (await lease).release()
  t.ok(lock.isFree())
})

t.test('a wait that is too long is refused, and leaves no claim behind', async (t) => {
  const lock = createClientLock({ ...LIMITS, maxWaitMs: 10 })
  const first = await lock.acquire(never)
  await t.rejects(lock.acquire(never), { code: 'too_many_requests', retryAfterSeconds: 10 })
  first.release()
  t.ok(lock.isFree())
})

t.test('a client that leaves while it waits is passed over', async (t) => {
  const lock = createClientLock(LIMITS)
  const first = await lock.acquire(never)
  const gone = new AbortController()
  const second = lock.acquire(gone.signal)
  const third = lock.acquire(never)
  gone.abort(new Error('gone'))
  await t.rejects(second, { message: 'gone' })
  first.release()
  const lease = await third
  lease.release()
  t.ok(lock.isFree())
  await t.rejects(lock.acquire(gone.signal), { message: 'gone' })
})

t.test('a reader that stalls lets the next one go on, and goes on itself ' +
  'before those that have not begun', async (t) => {
  const lock = createClientLock({ ...LIMITS, stalledMs: 5 })
  const stalled = await lock.acquire(never)
  stalled.idle()
  const second = await lock.acquire(never)
  const third = lock.acquire(never)
  const back = stalled.renew()
  t.type(back, Promise)
  t.notOk(await isDone(back ?? Promise.resolve()), 'the second one computes')
  second.release()
  await back
  t.notOk(await isDone(third))
  stalled.release()
  ;(await third).release()
  t.ok(lock.isFree())
})

t.test('one whose stream is destroyed takes the lock no more', async (t) => {
  const lock = createClientLock(LIMITS)
  const lease = await lock.acquire(never)
  lease.release()
  t.equal(lease.renew(), undefined)
  t.ok(lock.isFree())
  const waited = await lock.acquire(never)
  t.equal(waited.renew(), undefined, 'and keeps nobody out')
})

t.test('clients do not wait for each other, and their conversions take turns', async (t) => {
  const conversions = createConversions(LIMITS)
  const order: string[] = []
  const run = async (client: string): Promise<void> => {
    const conversion = await conversions.begin(client, never)
    for await (const album of conversion.inTurns(albums(client))) {
      order.push(album.toString())
      for (const untilMs = performance.now() + 6; performance.now() < untilMs;); // one album is more than a turn
    }
    conversion.end()
  }
  await Promise.all(['a', 'b', 'c'].map(run))
  t.strictSame(order.join(''), 'abc'.repeat(5))
})

async function * albums (name: string): AsyncGenerator<Buffer> {
  for (let i = 0; i < 5; i++) yield Buffer.from(name)
}

t.test('between two albums the event loop serves others', async (t) => {
  const conversions = createConversions(LIMITS)
  const conversion = await conversions.begin('a', never)
  let served = 0
  const loop = setInterval(() => served++, 1)
  for await (const album of conversion.inTurns(albums('a'))) {
    for (const untilMs = performance.now() + 6; performance.now() < untilMs;) t.ok(album)
  }
  clearInterval(loop)
  t.ok(served >= 4, `${served} times`)
  conversion.end()
})
