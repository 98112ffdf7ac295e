import t, { type Test } from 'tap'
import { systemClock } from '../../../src/services/clock.ts'
import { type RedisServer, startRedis } from '../../redis.ts'
import { createMemory } from './pacer-memory.ts'
import { never } from './pacer-spec.ts'
import { type Call, type Replica, WINDOW_MS, createReplica, demand, mostInAnyWindow } from './replica.ts'

const ACCOUNT = 'the account'
const CALLS = 5
/** What Redis had answered before is made use of by then. */
const SETTLED_MS = 200
const sleep = systemClock.sleep

t.jobs = 10

interface Trouble {
  redis: RedisServer
  replicas: [Replica, Replica, Replica]
  store: ReturnType<typeof createMemory>
  made: Call[]
  /** All that the replicas logged, by level. */
  logged: (level: string) => string[]
}

async function until (isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadlineMs = performance.now() + 20_000; !await isSo() && performance.now() < deadlineMs;) await sleep(20)
}

/** A Redis of its own, and three processes with more to do than is allowed. */
function trouble (title: string, body: (t: Test, trouble: Trouble) => Promise<void>, { calls = CALLS, windowMs = WINDOW_MS } = {}): void {
  void t.test(title, { buffered: true }, async (t) => {
    const redis = await startRedis(t)
    if (redis === null) return
    const store = createMemory()
    const replicas = await Promise.all([1, 2, 3].map(async () => await createReplica(t, { url: redis.url, account: ACCOUNT, calls, store, windowMs, longestCallMs: 20_000 }))) as Trouble['replicas']
    const made: Call[] = []
    const logged = (level: string): string[] => replicas.flatMap(({ log }) => log.lines.filter((line) => line.startsWith(level)))
    const controller = new AbortController()
    const work = replicas.flatMap(({ pacer }) => [1, 2, 3].map(async () => await demand(pacer, controller.signal, made, () => Math.random() * 100)))
    await sleep(2 * WINDOW_MS)
    await body(t, { redis, replicas, store, made, logged })
    controller.abort()
    await Promise.all(work)
    t.ok(mostInAnyWindow(made, windowMs) <= calls, `${made.length} calls, at most ${mostInAnyWindow(made, windowMs)} of ${calls} in a window`)
  })
}

trouble('Redis is wiped, twice: never more calls than allowed, and they go on; the counts and the places of calls are known again', async (t, { redis, replicas, store, made, logged }) => {
  const counted = (await replicas[0].pacer.state()).callsLast24Hours
  await until(() => Object.values(store.state?.callsByHour ?? {}).reduce((sum, calls) => sum + calls, 0) >= counted)
  await redis.flush()
  const wipedAtMs = performance.now()
  await until(() => made.some(({ givenMs }) => givenMs > wipedAtMs))
  t.ok(made.some(({ givenMs }) => givenMs > wipedAtMs), 'they go on')
  t.ok((await replicas[0].pacer.state()).callsLast24Hours >= counted, 'no call is forgotten')
  await redis.flush()
  const againAtMs = performance.now()
  await until(() => made.some(({ givenMs }) => givenMs > againAtMs))
  t.ok(made.some(({ givenMs }) => givenMs > againAtMs))
  await sleep(WINDOW_MS)
  t.equal(logged('info').filter((line) => line.includes('anew')).length, 3, 'at the start and twice one of the three filled it')
  t.same(logged('warn'), [])
})

trouble('Redis is wiped during a pause: nobody calls before its end, and it shows', async (t, { redis, replicas, made }) => {
  const [one, two] = replicas
  const limitedAtMs = performance.now()
  await one.pacer.limited(await one.pacer.take(never), { quota: false, retryAfterMs: 1500, detail: 'x' })
  const toldAtMs = performance.now()
  await sleep(SETTLED_MS)
  await redis.flush()
  t.match(await two.pacer.state(), { pause: { code: 'rate_limited' } })
  await redis.flush()
  await until(() => made.some(({ givenMs }) => givenMs > limitedAtMs + 1500))
  t.same(made.filter(({ givenMs }) => givenMs > toldAtMs + SETTLED_MS && givenMs < limitedAtMs + 1500), [])
  t.ok(made.some(({ givenMs }) => givenMs > limitedAtMs + 1500), 'they go on')
  t.ok((await two.pacer.state()).pace < 1000)
}, { calls: 1000 })

trouble('Redis is killed, and comes back empty: no call while it is away, nobody is refused, and they go on', async (t, { redis, replicas, made, logged }) => {
  await redis.kill()
  const killedAtMs = performance.now()
  await sleep(100)
  for (const { pacer } of replicas) await pacer.throwIfHeld()
  t.ok(performance.now() - killedAtMs < 1500, 'to ask for a hold takes no time')
  const controller = new AbortController()
  const waiting = replicas[0].pacer.take(controller.signal)
  controller.abort(new Error('gone'))
  await t.rejects(waiting, { message: 'gone' }, 'who gives up is told')
  t.match(await replicas[0].pacer.state(), { pause: null }, 'what is known is shown')
  await sleep(killedAtMs + 1200 - performance.now())
  t.same(made.filter(({ givenMs }) => givenMs > killedAtMs + SETTLED_MS), [], 'no call without Redis')
  await redis.restart()
  const backAtMs = performance.now()
  await until(() => made.some(({ givenMs }) => givenMs > backAtMs) && logged('info').filter((line) => line.includes('again')).length >= 3)
  const [first] = made.filter(({ givenMs }) => givenMs > backAtMs)
  t.comment(`the first call ${(first?.givenMs ?? NaN) - backAtMs} ms after it was back`)
  t.not(first, undefined)
  t.equal(logged('warn').length, 3, 'one warning a process')
  t.equal(logged('info').filter((line) => line.includes('again')).length, 3, 'and one word that it is over')
})

trouble('Redis hangs: no call, to ask for a hold takes 2 s at most, and they go on when it answers', async (t, { redis, replicas, made, logged }) => {
  redis.freeze()
  const frozenAtMs = performance.now()
  await replicas[0].pacer.throwIfHeld()
  t.ok(performance.now() - frozenAtMs < 8000, `${performance.now() - frozenAtMs} ms`)
  await sleep(frozenAtMs + 3000 - performance.now())
  const late = made.filter(({ givenMs }) => givenMs > frozenAtMs + SETTLED_MS)
  t.ok(late.length <= CALLS, `no call without an answer: ${late.length} that had one and were still being stored`)
  redis.thaw()
  const backAtMs = performance.now()
  await until(() => made.filter(({ givenMs }) => givenMs > backAtMs).length > 2 * CALLS)
  const after = made.filter(({ givenMs }) => givenMs > backAtMs)
  t.ok(after.length > 2 * CALLS, `${after.length} calls after it: no place is kept by a call that was never made`)
  t.equal(logged('warn').length, 3)
})

trouble('a 429 while Redis is away: in the file at once, and everybody’s when Redis is back', async (t, { redis, replicas, store, made }) => {
  const [one, two, three] = replicas
  const permit = await one.pacer.take(never)
  await redis.kill()
  const limitedAtMs = performance.now()
  await one.pacer.limited(permit, { quota: false, retryAfterMs: 2000, detail: 'while Redis was away' })
  t.match(store.state, { pause: { code: 'rate_limited', detail: 'while Redis was away' } })
  store.state = null
  await redis.restart()
  const knows = async ({ pacer }: Replica): Promise<boolean> => (await pacer.state()).pause?.detail === 'while Redis was away'
  await until(async () => await knows(two) && await knows(three))
  for (const { pacer } of [two, three]) t.match(await pacer.state(), { pause: { detail: 'while Redis was away' } })
  await sleep(limitedAtMs + 2500 - performance.now())
  t.same(made.map(({ givenMs }) => givenMs - limitedAtMs).filter((ms) => ms > SETTLED_MS && ms < 2000), [], 'no call before its end')
}, { windowMs: 1000 })

t.test('the end of a call that was told while Redis was away is not lost, though nobody asks for another', { buffered: true }, async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  const options = { url: redis.url, account: ACCOUNT, calls: 1, longestCallMs: 60_000 }
  const [one, two] = [await createReplica(t, options), await createReplica(t, options)]
  const permit = await one.pacer.take(never)
  redis.freeze()
  const endMs = performance.now()
  permit.done(true)
  await sleep(2300)
  redis.thaw()
  await two.pacer.take(never)
  t.ok(performance.now() - endMs < 12_000, `free ${performance.now() - endMs} ms after it had ended`)
})

t.test('a Redis that comes back with an older memory is told again of our calls', { buffered: true }, async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  const windowMs = 2000
  const { pacer } = await createReplica(t, { url: redis.url, account: ACCOUNT, calls: 1, windowMs })
  const permit = await pacer.take(never)
  const endMs = performance.now()
  permit.done(true)
  await sleep(50)
  const [places = ''] = (await redis.command('KEYS', '*:places')) as string[]
  await redis.command('DEL', places)
  await redis.command('CLIENT', 'KILL', 'TYPE', 'normal')
  await sleep(200)
  await pacer.take(never)
  t.ok(performance.now() - endMs >= windowMs, `${performance.now() - endMs} ms, though nobody asked while it was away`)
})

t.test('a call that is under way when Redis is wiped keeps its place for as long as it takes', { buffered: true }, async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  const windowMs = 1000
  const options = { url: redis.url, account: ACCOUNT, calls: 1, windowMs, store: createMemory() }
  const [one, two] = [await createReplica(t, options), await createReplica(t, options)]
  const permit = await one.pacer.take(never)
  const given: string[] = []
  const waiting = [one, two].map(async ({ pacer }, index) => {
    const next = await pacer.take(never)
    given.push(`${index}`)
    next.done(true)
  })
  await redis.flush()
  await sleep(2.5 * windowMs)
  t.same(given, [])
  permit.done(true)
  await Promise.all(waiting)
})

t.test('without a Redis at the start: no call; with it, calls', { buffered: true }, async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  await redis.kill()
  const { pacer, log } = await createReplica(t, { url: redis.url, account: ACCOUNT, calls: 1 })
  await pacer.throwIfHeld()
  let isThrough = false
  const asked = pacer.take(never).then((permit) => { isThrough = true; return permit })
  await sleep(500)
  t.equal(isThrough, false)
  await redis.restart()
  ;(await asked).done(true)
  t.equal(log.lines.filter((line) => line.startsWith('warn')).length, 1)
  await redis.kill()
  const atMs = performance.now()
  await pacer.close()
  t.ok(performance.now() - atMs < 3000, 'closing does not wait for Redis')
})
