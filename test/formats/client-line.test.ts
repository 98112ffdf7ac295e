import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { createClientLine } from '../../src/formats/client-line.ts'
import { createConversions } from '../../src/formats/conversions.ts'

const LIMITS = { maxWaiting: 2, maxWaitMs: 60_000, stalledMs: 500 }
const never = new AbortController().signal

/** Whether it has resolved when all that can go on has gone on. */
async function isDone (promise: Promise<unknown>): Promise<boolean> {
  return await Promise.race([promise.then(() => true), delay(20, false)])
}

t.test('one goes on, the next one when it leaves, in the order of their coming', async (t) => {
  const line = createClientLine(LIMITS)
  const first = await line.join(never)
  const [second, third] = [line.join(never), line.join(never)]
  t.notOk(await isDone(second))
  first.leave()
  const place = await second
  t.notOk(await isDone(third))
  first.leave()
  t.notOk(await isDone(third), 'leaving twice changes nothing')
  place.leave()
  const last = await third
  t.notOk(line.isEmpty())
  last.leave()
  t.ok(line.isEmpty())
})

t.test('a line that is full refuses, with when to come back', async (t) => {
  const line = createClientLine(LIMITS)
  const first = await line.join(never)
  const waiting = [line.join(never), line.join(never)]
  await t.rejects(line.join(never), { code: 'too_many_requests', retryAfterSeconds: 10 })
  first.leave()
  for (const place of waiting) (await place).leave()
  t.ok(line.isEmpty())
})

t.test('a wait that is too long is refused, and leaves no place behind', async (t) => {
  const line = createClientLine({ ...LIMITS, maxWaitMs: 10 })
  const first = await line.join(never)
  await t.rejects(line.join(never), { code: 'too_many_requests', retryAfterSeconds: 10 })
  first.leave()
  t.ok(line.isEmpty())
})

t.test('whoever leaves while it waits is passed over', async (t) => {
  const line = createClientLine(LIMITS)
  const first = await line.join(never)
  const gone = new AbortController()
  const second = line.join(gone.signal)
  const third = line.join(never)
  gone.abort(new Error('gone'))
  await t.rejects(second, { message: 'gone' })
  first.leave()
  const place = await third
  place.leave()
  t.ok(line.isEmpty())
  await t.rejects(line.join(gone.signal), { message: 'gone' })
})

t.test('a reader that stalls lets the next one go on, and goes on itself before those that have not begun', async (t) => {
  const line = createClientLine({ ...LIMITS, stalledMs: 5 })
  const stalled = await line.join(never)
  stalled.rest()
  const second = await line.join(never)
  const third = line.join(never)
  const back = stalled.hold()
  t.type(back, Promise)
  t.notOk(await isDone(back ?? Promise.resolve()), 'the second one computes')
  second.leave()
  await back
  t.notOk(await isDone(third))
  stalled.leave()
  ;(await third).leave()
  t.ok(line.isEmpty())
})

t.test('one whose stream is destroyed takes no place again', async (t) => {
  const line = createClientLine(LIMITS)
  const place = await line.join(never)
  place.leave()
  t.equal(place.hold(), undefined)
  t.ok(line.isEmpty())
  const waited = await line.join(never)
  t.equal(waited.hold(), undefined, 'and keeps nobody out')
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
  for await (const album of conversion.inTurns(albums('a'))) for (const untilMs = performance.now() + 6; performance.now() < untilMs;) t.ok(album)
  clearInterval(loop)
  t.ok(served >= 4, `${served} times`)
  conversion.end()
})
