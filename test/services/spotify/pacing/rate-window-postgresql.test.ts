import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { systemClock } from '../../../../src/services/clock.ts'
import type { Database } from '../../../../src/services/database/database.ts'
import { openPostgresql } from '../../../../src/services/database/postgresql.ts'
import { never } from '../../../never.ts'
import { type PostgresqlServer, startPostgresql } from '../../../postgresql.ts'
import { createRecordingLog } from '../../recording-log.ts'
import { type Call, demand, mostInAnyWindow } from '../calls.ts'
import { type PacerProcess, type PacerProcessOptions, startPacer } from './pacer-process.ts'
import { behavesAsPacer } from './pacer-spec.ts'

const WINDOW_MS = 300
const LIMIT = { quota: false, retryAfterMs: 1000, detail: 'answered 429' }
const sleep = systemClock.sleep

type Options = Partial<PacerProcessOptions> & { calls: number }

/** Tests side by side on one PostgreSQL, each with an account of its own; then those that stop it. */
void t.test('the rate window on PostgreSQL', { buffered: true }, async (t) => {
  const server = await startPostgresql(t)
  if (server === null) return
  const databases = [await open(t, server), await open(t, server), await open(t, server)] as const

  await t.test('while it runs', async (t) => {
    t.jobs = 8
    behavesAsPacer(t, async (t) => {
      const [database, account, windowMs, maxWaitMs] = [await open(t, server), randomUUID(), 400, 2500]
      return {
        windowMs,
        maxWaitMs,
        lateMs: 800,
        monotonic: systemClock.monotonic,
        pass: sleep,
        create: async (calls) => start(t, database, { calls, account, windowMs, maxWaitMs }).pacer,
      }
    })
    isShared(t, databases)
    keepsSchemasApart(t, server)
  })

  await t.test('while it is away', async (t) => await outlivesAnOutage(t, server, databases))
})

async function open (t: Test, { url }: PostgresqlServer, schema = 'album_ingest'): Promise<Database> {
  const database = await openPostgresql(url, schema, createRecordingLog())
  t.teardown(async () => await database.close())
  return database
}

function start (t: Test, database: Database, options: Options): PacerProcess {
  const process = startPacer({
    database,
    clock: systemClock,
    windowMs: WINDOW_MS,
    maxWaitMs: 2500,
    longestCallMs: 2000,
    ...options,
  })
  t.teardown(async () => await process.stop())
  return process
}

/** What processes that each have connections of their own tell each other by the database alone. */
function isShared (t: Test, databases: readonly [Database, Database, Database]): void {
  /** A test with an account of its own; `create` makes processes on the databases in turn. */
  const test = (title: string, body: (t: Test, create: (options: Options) => PacerProcess) => Promise<void>): void => {
    void t.test(title, { buffered: true }, async (t) => {
      const own = randomUUID()
      let made = 0
      await body(t, ({ account = '', ...options }) =>
        start(t, databases[made++ % 3] as Database, { ...options, account: `${own}${account}` })
      )
    })
  }

  test('three processes, whatever each does: never more calls than allowed in any ' +
    'window, and the window is used', async (t, create) => {
    const scenario = fc.record({
      calls: fc.integer({ min: 1, max: 8 }),
      callMs: fc.integer({ min: 0, max: 150 }),
      callers: fc.tuple(
        ...([6, 6, 6].map((max) => fc.nat(max)) as [fc.Arbitrary<number>, fc.Arbitrary<number>, fc.Arbitrary<number>])
      ),
    })
    const seed = fc.sample(fc.integer(), 1)[0] ?? 0
    const scenarios = fc.sample(scenario, { numRuns: 6, seed }).map(async ({ calls, callMs, callers }, index) => {
      const made: Call[] = []
      const signal = AbortSignal.timeout(8 * WINDOW_MS)
      await Promise.all(callers.map(async (count) => {
        const { pacer } = create({ calls, account: `scenario-${index}` })
        await Promise.all(
          Array.from({ length: count }, async () => await demand(pacer, signal, made, () => Math.random() * callMs))
        )
      }))
      return { calls, callers, made }
    })
    for (const { calls, callers, made } of await Promise.all(scenarios)) {
      const wanted = Math.min(calls, callers[0] + callers[1] + callers[2])
      const most = mostInAnyWindow(made, WINDOW_MS)
      t.ok(most <= calls, `${made.length} calls, at most ${most} of ${calls} in a window (seed ${seed})`)
      t.ok(
        wanted === 0 || made.length > wanted,
        `${made.length} calls by ${callers.join(', ')} callers: they go on after the first window of ${calls}`
      )
    }
  })

  test('a 429 of one stops the two others as soon as they ask, and they go on when it is over', async (t, create) => {
    const processes = [create({ calls: 1000 }), create({ calls: 1000 }), create({ calls: 1000 })] as const
    const [one, two, three] = processes
    const controller = new AbortController()
    const made: Call[] = []
    const others = [two, three].map(async ({ pacer }) => await demand(pacer, controller.signal, made, () => 5))
    const permit = await one.pacer.take(never)
    while (made.length < 20) await sleep(20)
    await one.pacer.limited(permit, LIMIT)
    const toldAtMs = performance.now()
    for (const { pacer } of processes) t.ok((await pacer.state()).pace < 470, 'the lower pace is everybody’s')
    await sleep(toldAtMs + 1500 - performance.now())
    controller.abort()
    await Promise.all(others)
    const after = made.filter(({ givenMs }) => givenMs >= toldAtMs)
    const late = after.map(({ givenMs }) => givenMs - toldAtMs).filter((ms) => ms < 900)
    t.ok(late.length <= 2, `${late.length} calls after it was stored, which had been on their way`)
    t.ok(after.length > late.length, 'they go on')
  })

  test('a longPause that one was told of refuses who waits elsewhere before long, and who ' +
    'begins later, with the same time', async (t, create) => {
    const [one, two] = [create({ calls: 2 }), create({ calls: 2 })]
    const permit = await one.pacer.take(never)
    await one.pacer.take(never)
    const waiting = two.pacer.take(never).then(
      () => null,
      (error: unknown) => error as { code: string, resumeAtMs: number }
    )
    await sleep(50)
    await one.pacer.limited(permit, { quota: true, retryAfterMs: 3_600_000, detail: 'QUOTA_EXCEEDED' })
    const atMs = performance.now()
    const refused = await waiting
    t.match(refused, { code: 'quota_exceeded' })
    t.ok(performance.now() - atMs < 2000, `${performance.now() - atMs} ms`)
    const three = create({ calls: 2 })
    await t.rejects(three.pacer.throwIfPaused(), { code: 'quota_exceeded' })
    await t.rejects(three.pacer.take(never), { code: 'quota_exceeded' })
    t.match(await three.pacer.state(), { pause: { untilMs: refused?.resumeAtMs } })
  })

  test('the permits of a process that died are free when its calls cannot be under way any more', async (t, create) => {
    const longestCallMs = 500
    const [one, two] = [create({ calls: 2, longestCallMs }), create({ calls: 2, longestCallMs })]
    const atMs = performance.now()
    await Promise.all([one.pacer.take(never), one.pacer.take(never)])
    one.kill()
    await two.pacer.take(never)
    const afterMs = performance.now() - atMs
    t.ok(afterMs >= WINDOW_MS + longestCallMs && afterMs < 5000, `${afterMs} ms`)
  })

  test('429s and ends of calls that come together, while others are on their way to ' +
    'the database, are all stored', async (t, create) => {
    const [one, two] = [create({ calls: 40, windowMs: 60_000 }), create({ calls: 40, windowMs: 60_000 })]
    const permits = await Promise.all(
      Array.from({ length: 20 }, async () => await one.pacer.take(new AbortController().signal))
    )
    const startedAtMs = Date.now()
    await Promise.all(permits.map(async (permit, index) => {
      await sleep(index)
      if (index % 2 === 0) permit.done(true)
      else await one.pacer.limited(permit, { ...LIMIT, retryAfterMs: 2000 * index })
    }))
    const untilMs = (await two.pacer.state()).pause?.untilMs ?? NaN
    t.ok(untilMs - startedAtMs >= 38_000 && untilMs - startedAtMs < 40_000, `${untilMs - startedAtMs} ms`)
    await one.pacer.close()
    const rows = await databases[0].queries
      .selectFrom('permits')
      .select('free_ms')
      .where('free_ms', '>', Date.now() + 60_000)
      .execute()
    t.same(rows, [], 'no permit waits for the longest call')
  })
}

function keepsSchemasApart (t: Test, server: PostgresqlServer): void {
  void t.test('two services with different schemas do not see each other', { buffered: true }, async (t) => {
    const [one, two] = [
      start(t, await open(t, server, 'one'), { calls: 1 }),
      start(t, await open(t, server, 'two'), { calls: 1 }),
    ]
    const permit = await one.pacer.take(never)
    await one.pacer.limited(permit, { quota: true, retryAfterMs: 3_600_000, detail: 'x' })
    t.match(await two.pacer.state(), { pause: null, pace: 1, callsLast24Hours: 0 })
    t.ok(await two.pacer.take(never))
  })
}

const CALLS = 5

/** Three processes with more to do than is allowed, on a server that is killed, comes back, and hangs for a moment. */
async function outlivesAnOutage (t: Test, server: PostgresqlServer, databases: readonly Database[]): Promise<void> {
  const processes = databases.map((database) => start(t, database, { calls: CALLS, longestCallMs: 20_000 }))
  const logged = (level: string): string[] =>
    processes.flatMap(({ log }) => log.lines.filter((line) => line.startsWith(level)))
  const controller = new AbortController()
  const made: Call[] = []
  const work = processes.flatMap(({ pacer }) =>
    [1, 2, 3].map(async () => await demand(pacer, controller.signal, made, () => Math.random() * 100))
  )
  const [one] = processes as [PacerProcess, PacerProcess, PacerProcess]
  const until = async (isSo: () => boolean): Promise<void> => {
    for (const deadlineMs = performance.now() + 20_000; !isSo() && performance.now() < deadlineMs;) await sleep(10)
  }

  const told = start(t, databases[0] as Database, { calls: 1, account: 'told' })
  const permit = await told.pacer.take(never)

  await until(() => made.length > 2 * CALLS)
  await server.kill()
  const killedAtMs = performance.now()
  await until(() => logged('warn').length === 3)
  for (const { pacer } of processes) await pacer.throwIfPaused()
  const waiting = new AbortController()
  const gone = one.pacer.take(waiting.signal)
  waiting.abort(new Error('gone'))
  await t.rejects(gone, { message: 'gone' }, 'who gives up is told')
  await t.rejects(one.pacer.state(), 'nothing is shown that is not known')
  await told.pacer.limited(permit, { quota: true, retryAfterMs: 3_600_000, detail: 'while it was away' })
  await t.rejects(told.pacer.throwIfPaused(), { code: 'quota_exceeded' })
  await sleep(killedAtMs + 600 - performance.now())
  t.same(made.filter(({ givenMs }) => givenMs > killedAtMs + 50), [], 'no call without the database')
  await server.restart()
  const backAtMs = performance.now()
  await until(() => made.some(({ givenMs }) => givenMs > backAtMs) && logged('info').length === 3)
  t.ok(made.some(({ givenMs }) => givenMs > backAtMs), 'they go on')
  t.same(
    [logged('warn').length, logged('info').length],
    [3, 3],
    'one warning for each process, and one word that it is over'
  )
  const other = start(t, databases[1] as Database, { calls: 1, account: 'told' })
  let isHeld = false
  for (const deadlineMs = performance.now() + 10_000; !isHeld && performance.now() < deadlineMs;) {
    isHeld = await other.pacer.throwIfPaused().then(
      () => false,
      () => true
    )
  }
  t.ok(isHeld, 'a 429 while it was away is everybody’s, though nobody asks')

  server.freeze()
  const frozenAtMs = performance.now()
  await sleep(600)
  t.ok(made.filter(({ givenMs }) => givenMs > frozenAtMs + 50).length <= CALLS, 'no call without an answer')
  server.thaw()
  const thawedAtMs = performance.now()
  await until(() => made.filter(({ givenMs }) => givenMs > thawedAtMs).length > 2 * CALLS)
  t.ok(
    made.filter(({ givenMs }) => givenMs > thawedAtMs).length > 2 * CALLS,
    'no permit is kept by a call that was never made'
  )

  controller.abort()
  await Promise.all(work)
  t.ok(
    mostInAnyWindow(made, WINDOW_MS) <= CALLS,
    `${made.length} calls, at most ${mostInAnyWindow(made, WINDOW_MS)} of ${CALLS} in a window`
  )
}
