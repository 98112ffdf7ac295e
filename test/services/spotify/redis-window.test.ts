import { createHash, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { type PauseError } from '../../../src/errors.ts'
import { systemClock } from '../../../src/services/clock.ts'
import { createMemoryWindow } from '../../../src/services/spotify/memory-window.ts'
import { createPacer } from '../../../src/services/spotify/pacer.ts'
import { type PacerState } from '../../../src/services/spotify/window.ts'
import { type RedisServer, startRedis } from '../../redis.ts'
import { createRecordingLog } from '../recording-log.ts'
import { createMemory } from './pacer-memory.ts'
import { behavesAsPacer, never } from './pacer-spec.ts'
import { type Call, type Replica, type ReplicaOptions, WINDOW_MS, createReplica, demand, mostInAnyWindow } from './replica.ts'

const LIMIT = { quota: false, retryAfterMs: 1000, detail: 'answered 429' }
const FILE_LAG_MS = 2000
const sleep = systemClock.sleep

t.jobs = 20

/** Tests side by side on one Redis, each with an account of its own. */
void t.test('on one Redis', async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  t.jobs = 20

  void t.test('the pacer as on any window', { buffered: true, jobs: 20 }, async (t) => {
    behavesAsPacer(t, async (t) => {
      const [account, store, windowMs, maxWaitMs] = [randomUUID(), createMemory(), 400, 2500]
      return {
        windowMs,
        maxWaitMs,
        lateMs: 800,
        monotonic: systemClock.monotonic,
        pass: sleep,
        create: async (calls) => (await createReplica(t, { url: redis.url, account, store, calls, windowMs, maxWaitMs })).pacer,
      }
    })
  })

  shared('three processes, whatever each does: never more calls than allowed in any window, and the window is used', async (t, create) => {
    const scenario = fc.record({ calls: fc.integer({ min: 1, max: 8 }), callMs: fc.integer({ min: 0, max: 150 }), callers: fc.tuple(...[6, 6, 6].map((max) => fc.nat(max)) as [fc.Arbitrary<number>, fc.Arbitrary<number>, fc.Arbitrary<number>]) })
    const seed = fc.sample(fc.integer(), 1)[0] ?? 0
    const scenarios = fc.sample(scenario, { numRuns: 12, seed }).map(async ({ calls, callMs, callers }, index) => {
      const made: Call[] = []
      const signal = AbortSignal.timeout(8 * WINDOW_MS)
      await Promise.all(callers.map(async (count) => {
        const { pacer } = await create({ calls, account: `scenario-${index}` })
        await Promise.all(Array.from({ length: count }, async () => await demand(pacer, signal, made, () => Math.random() * callMs)))
      }))
      return { calls, callers, made }
    })
    for (const { calls, callers, made } of await Promise.all(scenarios)) {
      const wanted = Math.min(calls, callers[0] + callers[1] + callers[2])
      t.ok(mostInAnyWindow(made) <= calls, `${made.length} calls, at most ${mostInAnyWindow(made)} of ${calls} in a window (seed ${seed})`)
      t.ok(wanted === 0 || made.length > wanted, `${made.length} calls by ${callers.join(', ')} callers: they go on after the first window of ${calls}`)
    }
  })

  shared('a 429 of one stops the two others within 300 ms, and they go on when it is over', async (t, create) => {
    const replicas = await Promise.all([1, 2, 3].map(async () => await create({ calls: 1000 })))
    const [one, two, three] = replicas as [Replica, Replica, Replica]
    const controller = new AbortController()
    const made: Call[] = []
    const others = [two, three].map(async ({ pacer }) => await demand(pacer, controller.signal, made, () => 5))
    const permit = await one.pacer.take(never)
    while (made.length < 20) await sleep(20)
    const limitedAtMs = performance.now()
    await one.pacer.limited(permit, LIMIT)
    const toldMs = performance.now() - limitedAtMs
    for (const { pacer } of replicas) t.equal((await pacer.state()).pace, 450, 'the lower pace is everybody’s')
    await sleep(limitedAtMs + 1500 - performance.now())
    controller.abort()
    await Promise.all(others)
    const after = made.filter(({ givenMs }) => givenMs >= limitedAtMs)
    const late = after.map(({ givenMs }) => givenMs - limitedAtMs).filter((ms) => ms < 1000)
    t.ok(late.every((ms) => ms < 300), `${late.length} calls after it, the last ${Math.max(0, ...late)} ms after; Redis knew after ${toldMs} ms`)
    t.ok(after.length > late.length, 'they go on')
  })

  shared('a hold that one was told of refuses who waits elsewhere before long, and who begins later', async (t, create) => {
    const [one, two] = [await create({ calls: 2 }), await create({ calls: 2 })]
    const permit = await one.pacer.take(never)
    await one.pacer.take(never)
    const waiting = two.pacer.take(never).catch((error: unknown) => ({ error: error as PauseError, atMs: performance.now() }))
    await sleep(50)
    const atMs = performance.now()
    await one.pacer.limited(permit, { quota: true, retryAfterMs: 3_600_000, detail: 'QUOTA_EXCEEDED' })
    const refused = await waiting
    t.match(refused, { error: { code: 'quota_exceeded' } })
    t.ok('atMs' in refused && refused.atMs - atMs < 2000, 'atMs' in refused ? `${refused.atMs - atMs} ms` : '')
    const three = await create({ calls: 2, store: createMemory() })
    await t.rejects(three.pacer.throwIfHeld(), { code: 'quota_exceeded' })
    await t.rejects(three.pacer.take(never), { code: 'quota_exceeded' })
    const resumeAtMs = 'error' in refused ? refused.error.resumeAtMs : 0
    t.match(await three.pacer.state(), { pause: { untilMs: resumeAtMs } }, 'the same time for all')
  })

  shared('a call answered elsewhere ends the row of 429s', async (t, create) => {
    const [one, two] = [await create({ calls: 10 }), await create({ calls: 10 })]
    const store = createMemory()
    const three = await create({ calls: 10, store })
    await one.pacer.limited(await one.pacer.take(never), { ...LIMIT, retryAfterMs: 20 })
    await three.pacer.state()
    ;(await two.pacer.take(never)).done(true)
    await sleep(50)
    await three.pacer.close()
    t.equal(store.state?.strikes, 0)
  })

  shared('the places of a process that died are free when its calls cannot be under way any more', async (t, create) => {
    const longestCallMs = 500
    const [one, two] = [await create({ calls: 2, longestCallMs }), await create({ calls: 2, longestCallMs })]
    const atMs = performance.now()
    await Promise.all([one.pacer.take(never), one.pacer.take(never)])
    one.die()
    await two.pacer.take(never)
    const afterMs = performance.now() - atMs
    t.ok(afterMs >= WINDOW_MS + longestCallMs && afterMs < 5000, `${afterMs} ms`)
  })

  shared('a permit that comes when its caller has gone is given back', async (t, create) => {
    const { pacer } = await create({ calls: 1, longestCallMs: 60_000 })
    await pacer.state()
    const controller = new AbortController()
    const gone = pacer.take(controller.signal)
    controller.abort(new Error('gone'))
    await t.rejects(gone, { message: 'gone' })
    await sleep(100)
    t.ok(await pacer.take(AbortSignal.timeout(2000)))
  })

  shared('a first start begins at once; after calls that the file tells of, ended or not, one window later; after older ones at once', async (t, create) => {
    const windowMs = 2000
    const start = async (account: string, agoMs: number | null, open = 0): Promise<number> => {
      const state: PacerState | null = agoMs === null ? null : { pause: null, strikes: 0, callsByHour: {}, recent: [Date.now() - agoMs], open }
      const { pacer } = await create({ calls: 5, account, windowMs, store: createMemory(state) })
      const atMs = performance.now()
      await pacer.take(never)
      return performance.now() - atMs
    }
    const [first, recent, older, killed] = await Promise.all([start('first', null), start('recent', 1000), start('older', windowMs + FILE_LAG_MS + 100), start('killed', 10_000, 1)])
    t.ok(first < windowMs, `${first} ms`)
    t.ok(recent >= windowMs - 1, `${recent} ms`)
    t.ok(older < windowMs, `${older} ms`)
    t.ok(killed >= windowMs - 1, `${killed} ms`)
  })

  shared('the state moves between a process that is alone and those that share a Redis, both ways', async (t, create) => {
    const store = createMemory()
    const pause = { untilMs: Date.now() + 3_600_000, code: 'quota_exceeded' as const, detail: 'x' }
    store.state = { pause, strikes: 3, callsByHour: { [Math.floor(Date.now() / 3_600_000)]: 7 }, recent: [] }
    const { pacer } = await create({ calls: 5, store })
    await t.rejects(pacer.throwIfHeld(), { code: 'quota_exceeded', resumeAtMs: pause.untilMs })
    t.match(await pacer.state(), { pause, callsLast24Hours: 7 })
    await pacer.close()
    t.match(store.state, { pause, strikes: 3 })
    const alone = createPacer({ window: await createMemoryWindow({ callsPerWindow: 5, windowMs: WINDOW_MS, maxWaitMs: 1000, clock: systemClock, store }), clock: systemClock, store, log: createRecordingLog() })
    await t.rejects(alone.throwIfHeld(), { code: 'quota_exceeded', resumeAtMs: pause.untilMs })
    await alone.close()
  })

  shared('a lowered pace in the file fills a Redis that knows nothing', async (t, create) => {
    const store = createMemory({ pause: null, strikes: 0, callsByHour: {}, recent: [], reduced: { pace: 40, atMs: Date.now() } })
    const { pacer } = await create({ calls: 100, store, windowMs: 60_000 })
    t.equal((await pacer.state()).pace, 40)
    await pacer.close()
    t.match(store.state?.reduced, { pace: 40 })
  })

  shared('of each burst of calls the file knows before the first one is made, and at once of a 429', async (t, create) => {
    const store = createMemory()
    const { pacer } = await create({ calls: 5, store })
    const permit = await pacer.take(never)
    t.equal(store.state?.recent.length, 1)
    await pacer.limited(permit, LIMIT)
    t.match(store.state, { pause: { code: 'rate_limited' }, strikes: 1 })
  })

  shared('places from before the clock of Redis was set back do not stay for ever; the account is in no key', async (t, create, account) => {
    const longestCallMs = 100
    const { pacer } = await create({ calls: 1, longestCallMs })
    ;(await pacer.take(never)).done(true)
    const name = `ingest:{${createHash('sha256').update(account).digest('hex').slice(0, 16)}}`
    const keys = await redis.command('KEYS', `${name.replace('{', '?')}*`) as string[]
    t.same(keys.toSorted(), [`${name}:calls`, `${name}:places`, `${name}:window`], 'one slot of a cluster')
    const [place = ''] = await redis.command('ZRANGE', `${name}:places`, 0, 0) as string[]
    await redis.command('ZADD', `${name}:places`, Date.now() + 3_600_000, place)
    const atMs = performance.now()
    await pacer.take(AbortSignal.timeout(10_000))
    const afterMs = performance.now() - atMs
    t.ok(afterMs >= WINDOW_MS + longestCallMs - 50 && afterMs < 6000, `${afterMs} ms`)
  })

  /** A test with an account of its own; `create` makes a process. */
  function shared (title: string, body: (t: Test, create: (options: Partial<ReplicaOptions> & { calls: number }) => Promise<Replica>, account: string) => Promise<void>): void {
    const own = randomUUID()
    void t.test(title, { buffered: true }, async (t) => {
      const store = createMemory()
      await body(t, async ({ account = '', ...options }) => await createReplica(t, { url: (redis as RedisServer).url, store, ...options, account: `${own}${account}` }), own)
    })
  }
})
