import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { Database } from '../../../../src/services/database/database.ts'
import { seal, unseal } from '../../../../src/services/database/checksum.ts'
import type { Pacer, Permit } from '../../../../src/services/spotify/pacing/pacer.ts'
import type { WindowPermit, Window } from '../../../../src/services/spotify/pacing/window.ts'
import { type FakeClock, START_MS, createFakeClock, settle } from '../../../fake-clock.ts'
import { never } from '../../../never.ts'
import { type Call, mostInAnyWindow } from '../calls.ts'
import {
  LONGEST_CALL_MS,
  MAX_WAIT_MS,
  type PacerDatabase,
  type PacerProcess,
  type PacerProcessOptions,
  WINDOW_MS,
  openMemory,
  startPacer,
} from './pacer-process.ts'
import { behavesAsPacer } from './pacer-spec.ts'

const HOUR_MS = 3_600_000
const LIMIT = { quota: false, retryAfterMs: 5000, detail: 'answered 429' }

behavesAsPacer(t, async (t) => {
  const [clock, database] = [createFakeClock(), await openMemory(t)]
  return {
    windowMs: WINDOW_MS,
    maxWaitMs: MAX_WAIT_MS,
    lateMs: 10,
    monotonic: clock.monotonic,
    pass: clock.pass,
    create: async (calls) => startPacer({ database, calls, clock, longestCallMs: 10 * WINDOW_MS }).pacer,
  }
})

interface World {
  clock: FakeClock
  database: Database
  /** A process on the database of all. */
  start: (options?: Partial<PacerProcessOptions>) => PacerProcess
}

/** What several processes share: a database and the time. */
async function createWorld (t: Test, calls = 10): Promise<World> {
  const [clock, database] = [createFakeClock(), await openMemory(t)]
  return { clock, database, start: (options = {}) => startPacer({ database, clock, calls, ...options }) }
}

/** Takes as many permits as there are; null where none is. */
async function takeOne (window: Window, endpoint = 'album'): Promise<WindowPermit | null> {
  const { permits } = await window.take([endpoint])
  return permits[0] ?? null
}

async function takeAll (window: Window, most = 100): Promise<WindowPermit[]> {
  return (await window.take(Array<string>(most).fill('album'))).permits
}

/** One call that was let through and answered. */
async function call ({ take }: Pacer): Promise<void> {
  (await take(never)).done(true)
}

t.test('permits that one process gives are taken for all, ended or not, and each is ' +
  'free one window after its end', async (t) => {
  const { clock, start } = await createWorld(t, 3)
  const [one, two] = [start(), start()]
  const permits = await takeAll(one.window, 2)
  t.equal((await takeAll(two.window)).length, 1)
  t.equal(await takeOne(one.window), null)
  await clock.pass(5000)
  for (const permit of permits) one.window.done(permit, true)
  t.equal(await takeOne(one.window), null, 'its own process tells of it')
  await clock.pass(WINDOW_MS)
  t.equal(await takeOne(two.window), null)
  await clock.pass(1)
  t.equal((await takeAll(two.window)).length, 2)
})

t.test('the permits of a process that died are free one window after its calls ' +
  'cannot be under way any more', async (t) => {
  const { clock, start } = await createWorld(t, 3)
  const one = start()
  await takeAll(one.window)
  one.kill()
  const two = start()
  await clock.pass(WINDOW_MS + LONGEST_CALL_MS)
  t.equal(await takeOne(two.window), null)
  await clock.pass(1)
  t.equal((await takeAll(two.window)).length, 3)
})

t.test('a permit that is given back is free for everybody as soon as that is ' +
  'stored, without being asked for', async (t) => {
  const { start } = await createWorld(t, 1)
  const [one, two] = [start(), start()]
  const permit = await takeOne(one.window)
  if (permit !== null) one.window.release(permit)
  const deadlineMs = performance.now() + 10_000
  let given = null
  while (given === null && performance.now() < deadlineMs) {
    given = await takeOne(two.window)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  t.not(given, null)
  t.equal((await two.window.snapshot()).callsLast24Hours, 1, 'it is no call of the last 24 hours')
})

t.test('a permit that comes when its caller has gone is given back', async (t) => {
  const { start } = await createWorld(t, 1)
  const { pacer } = start()
  const controller = new AbortController()
  const gone = pacer.take(controller.signal)
  controller.abort(new Error('gone'))
  await t.rejects(gone, { message: 'gone' })
  await settle()
  t.ok(await pacer.take(never))
})

type Step = { process: number } & (
  | { kind: 'take' }
  | { kind: 'abort', which: number }
  | { kind: 'done', which: number }
  | { kind: 'pass', ms: number }
  | { kind: 'limited', which: number }
  | { kind: 'restart' }
  | { kind: 'jump', ms: number }
)

const SHORT_WINDOW_MS = 3000
const process = fc.nat(2)
const which = fc.nat(20)
const ordinarySteps = [
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('take' as const), process }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('abort' as const), process, which }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('done' as const), process, which }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      process,
      ms: fc.oneof(
        fc.integer({ min: 1, max: 4000 }),
        fc.constantFrom(1, SHORT_WINDOW_MS - 1, SHORT_WINDOW_MS, SHORT_WINDOW_MS + 1)
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('limited' as const), process, which }) },
]
const restartStep = { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), process }) }
const jumpStep = (sign: number) => ({
  weight: 1,
  arbitrary: fc.record({
    kind: fc.constant('jump' as const),
    process,
    ms: fc.constantFrom(sign * HOUR_MS, sign * 10_000),
  }),
})

/** Plays the steps on three processes; gives the calls that were made. */
async function play (database: Database, calls: number, steps: Step[]): Promise<Call[]> {
  const [clock, account] = [createFakeClock(), randomUUID()]
  const start = (): PacerProcess =>
    startPacer({ database, clock, calls, account, windowMs: SHORT_WINDOW_MS, longestCallMs: 100_000 })
  const processes = [start(), start(), start()]
  for (const { pacer } of processes) await pacer.state()
  const made: Call[] = []
  let open: Array<{ permit: Permit, call: Call, process: PacerProcess }> = []
  const waiting = new Set<AbortController>()
  for (const step of steps) {
    const mine = processes[step.process] as PacerProcess
    const ofMine = open.filter(({ process }) => process === mine)
    const chosen = 'which' in step ? ofMine[step.which % ofMine.length] : undefined
    if (step.kind === 'take') {
      const controller = new AbortController()
      waiting.add(controller)
      mine.pacer.take(controller.signal).then((permit) => {
        if (!processes.includes(mine)) return
        const call = { givenMs: clock.monotonic(), doneMs: Infinity }
        made.push(call)
        open.push({ permit, call, process: mine })
      }, () => {}).finally(() => waiting.delete(controller)).catch(() => {})
    } else if (step.kind === 'pass') {
      await clock.pass(step.ms)
    } else if (step.kind === 'jump') {
      clock.jump(step.ms)
    } else if (step.kind === 'abort') {
      [...waiting][step.which % waiting.size]?.abort()
    } else if (step.kind === 'restart') {
      mine.kill()
      processes[step.process] = start()
      for (const { call } of ofMine) call.doneMs = clock.monotonic()
      open = open.filter(({ process }) => process !== mine)
    } else if (chosen !== undefined) {
      open = open.filter((one) => one !== chosen)
      chosen.call.doneMs = clock.monotonic()
      if (step.kind === 'done') chosen.permit.done(true)
      else await mine.pacer.limited(chosen.permit, { ...LIMIT, retryAfterMs: 100 })
    }
    await settle()
  }
  for (const { pacer } of processes) await pacer.close()
  return made
}

for (const [title, step] of [
  ['processes that come and go', restartStep],
  ['processes on a wall clock that is set forward', jumpStep(1)],
  ['processes on a wall clock that is set back', jumpStep(-1)],
] as const) {
  t.test(`three ${title}, whatever each does: never more calls than allowed in any window`, async (t) => {
    const database = await openMemory(t)
    let fullest = 0
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.oneof(...ordinarySteps, step) as fc.Arbitrary<Step>, { minLength: 20, maxLength: 90 }),
        async (calls, steps) => {
          const most = mostInAnyWindow(await play(database, calls, steps), SHORT_WINDOW_MS)
          if (most > calls) throw new Error(`${most} calls in one window, ${calls} allowed`)
          if (most === calls) fullest++
        }
      ),
      { numRuns: 25 }
    )
    t.ok(fullest > 6, `${fullest} times all that was allowed was made`)
  })
}

for (const jumpMs of [HOUR_MS, -HOUR_MS]) {
  const how = jumpMs > 0 ? 'forward' : 'back'
  t.test(`a wall clock that is set ${how} by an hour in mid-window frees no permit of any process early, and none ` +
    'more than a longest call late', async (t) => {
    const { clock, start } = await createWorld(t, 2)
    const [one, two] = [start(), start()]
    for (const { window } of [one, two]) {
      const permit = await takeOne(window)
      if (permit !== null) window.done(permit, true)
      await takeOne(window)
    }
    await clock.pass(10_000)
    clock.jump(jumpMs)
    const left = async (): Promise<number> => (await takeAll(two.window)).length + (await takeAll(one.window)).length
    t.equal(await left(), 0)
    await clock.pass(WINDOW_MS - 10_000)
    t.equal(await left(), 0)
    await clock.pass(10_000 + LONGEST_CALL_MS + 1)
    t.equal(await left(), 2)
  })

  t.test(`a wall clock that is set ${how} by an hour in mid-pause makes it neither longer nor shorter, for those who ` +
    'know it and for those who come', async (t) => {
    const { clock, start } = await createWorld(t, 100)
    const [one, two] = [start(), start()]
    for (const { pacer } of [one, two]) await call(pacer)
    await one.pacer.limited(await one.pacer.take(never), { ...LIMIT, retryAfterMs: 50_000 })
    await two.pacer.state()
    await clock.pass(10_000)
    clock.jump(jumpMs)
    const known = [one, two].map(({ pacer }) => watch(pacer.take(never)))
    await settle()
    const later = watch(start().pacer.take(never))
    await clock.pass(39_999)
    t.same([...known, later].map(({ isOver }) => isOver), [false, false, false])
    await clock.pass(1)
    t.same([...known, later].map(({ isOver }) => isOver), [true, true, true])
  })
}

/** Whether it has been let through. */
function watch (promise: Promise<unknown>): { isOver: boolean } {
  const watched = { isOver: false }
  promise.then(() => { watched.isOver = true }, () => {})
  return watched
}

/** A database that can be away, and be slow. */
function trouble (database: Database, clock: FakeClock) {
  const state = { isAway: false, isDamaged: false, slowMs: 0, durable: [] as boolean[] }
  const troubled: PacerDatabase = {
    ...database,
    async transaction (options, work) {
      if (state.isDamaged) throw Object.assign(new Error('database disk image is malformed'), { errcode: 11 })
      if (state.isAway) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
      const answer = await database.transaction(options, work)
      state.durable.push(options.isDurable)
      if (state.slowMs > 0) await clock.sleep(state.slowMs)
      return answer
    },
  }
  return { troubled, state }
}

t.test('while the database is away no call is let through and nobody is refused; then all goes ' +
  'on, and one line each says so', async (t) => {
  const { clock, database, start } = await createWorld(t, 3)
  const { troubled, state } = trouble(database, clock)
  const { pacer, log } = start({ database: troubled })
  await call(pacer)
  state.isAway = true
  const asked = watch(pacer.take(never))
  await clock.pass(10 * WINDOW_MS)
  t.equal(asked.isOver, false)
  t.match(pacer.waiting(), { for: 'pace', untilMs: null, detail: /database does not answer/ })
  await pacer.throwIfPaused()
  await t.rejects(pacer.state(), { code: 'ECONNREFUSED' }, 'nothing is shown that is not known')
  state.isAway = false
  await clock.pass(1000)
  t.equal(asked.isOver, true)
  t.same(
    log.lines.filter((line) => !line.startsWith('debug')),
    ['warn database does not answer; calls to Spotify stopped', 'info database answers again; calls to Spotify resumed']
  )
})

t.test('where the database is damaged, callers are told so at once; what can ' +
  'be read again is used again', async (t) => {
  const { clock, database, start } = await createWorld(t, 3)
  const { troubled, state } = trouble(database, clock)
  const { pacer } = start({ database: troubled })
  state.isDamaged = true
  await t.rejects(pacer.take(never), { message: /malformed/ })
  await t.rejects(pacer.take(never), { message: /malformed/ }, 'each of them')
  state.isDamaged = false
  await call(pacer)
})

t.test('what a process has learnt while the database was away is known to all when it is back: ' +
  'a pause, the end of a call', async (t) => {
  const { clock, database, start } = await createWorld(t, 3)
  const { troubled, state } = trouble(database, clock)
  const [one, two] = [start({ database: troubled }), start()]
  const [limited, answered] = [await one.pacer.take(never), await one.pacer.take(never)]
  state.isAway = true
  const quota = { quota: true, retryAfterMs: 50_000, detail: 'while it was away' }
  await one.pacer.limited(limited, quota)
  await t.rejects(one.pacer.throwIfPaused(), { code: 'quota_exceeded' }, 'it knows already')
  answered.done(true)
  await two.pacer.throwIfPaused()
  await clock.pass(1000)
  state.isAway = false
  await one.pacer.state()
  await t.rejects(two.pacer.throwIfPaused(), { code: 'quota_exceeded', resumeAtMs: START_MS + 50_000 })
  await clock.pass(49_001)
  t.equal((await takeAll(two.window)).length, (await two.pacer.state()).pace, 'the ends of both calls are known')
})

t.test('what comes while a transaction is on its way is not lost: another 429, the end of a call', async (t) => {
  const { clock, database, start } = await createWorld(t, 3)
  const { troubled, state } = trouble(database, clock)
  const [one, two] = [start({ database: troubled }), start()]
  const permits = [await one.pacer.take(never), await one.pacer.take(never), await one.pacer.take(never)] as const
  state.slowMs = 50
  const first = one.pacer.limited(permits[0], LIMIT)
  await settle()
  const second = one.pacer.limited(permits[1], { ...LIMIT, retryAfterMs: 20_000 })
  await settle()
  permits[2].done(true)
  await clock.pass(50)
  await Promise.all([first, second])
  t.match(await two.pacer.state(), { pause: { untilMs: START_MS + 20_000 } }, 'the longer pause is stored')
  const closed = one.pacer.close()
  await clock.pass(50)
  await closed
  await clock.pass(WINDOW_MS)
  t.equal(
    (await takeAll(two.window)).length,
    (await two.pacer.state()).pace,
    'no permit is kept by a call that has ended'
  )
})

t.test('a permit that was on its way when a 429 came is not used, and given back', async (t) => {
  const { clock, database, start } = await createWorld(t, 2)
  const { troubled, state } = trouble(database, clock)
  const { pacer } = start({ database: troubled })
  const permit = await pacer.take(never)
  state.slowMs = 50
  const asked = watch(pacer.take(never))
  await settle()
  const told = pacer.limited(permit, LIMIT)
  await clock.pass(4999)
  await told
  t.equal(asked.isOver, false)
  await clock.pass(WINDOW_MS)
  t.equal(asked.isOver, true)
})

t.test('a 429 that could not be stored, while an earlier one was on its way, is stored later', async (t) => {
  const { clock, database, start } = await createWorld(t, 3)
  const { troubled, state } = trouble(database, clock)
  const [one, two] = [start({ database: troubled }), start()]
  const permits = [await one.pacer.take(never), await one.pacer.take(never)] as const
  state.slowMs = 50
  const first = one.pacer.limited(permits[0], LIMIT)
  await settle()
  state.isAway = true
  await one.pacer.limited(permits[1], { ...LIMIT, retryAfterMs: 20_000 })
  state.isAway = false
  await clock.pass(50)
  await first
  state.slowMs = 0
  await one.pacer.state()
  t.match(await two.pacer.state(), { pause: { untilMs: START_MS + 20_000 } })
})

t.test('a database that has forgotten the permits, as an older copy of it, frees none of ' +
  'the process that knows them', async (t) => {
  const { clock, database, start } = await createWorld(t, 3)
  const { pacer, window } = start()
  for (let calls = 0; calls < 2; calls++) await call(pacer)
  await pacer.take(never)
  await database.queries.deleteFrom('permits').execute()
  t.equal(await takeOne(window), null)
  await clock.pass(WINDOW_MS + 1)
  t.equal((await takeAll(window)).length, 2)
})

t.test('a damaged throttle is told once and replaced by what is known; calls go on', async (t) => {
  const { clock, database, start } = await createWorld(t)
  const [one, two] = [start(), start()]
  await one.pacer.limited(await one.pacer.take(never), LIMIT)
  await database.queries.updateTable('throttles').set({ throttle: seal('{}').replace('{', '[') }).execute()
  t.match(await two.pacer.state(), { pause: null }, 'who did not know it cannot know it')
  await two.pacer.state()
  t.same(
    two.log.lines.filter((line) => line.startsWith('error')),
    ['error stored throttle is damaged; continuing without it']
  )
  t.match(await one.pacer.state(), { pause: { untilMs: START_MS + 5000 }, pace: 4 })
  t.match(await two.pacer.state(), { pause: { untilMs: START_MS + 5000 }, pace: 4 }, 'who knew it has stored it again')
  await clock.pass(5000)
  t.ok(await two.pacer.take(never))
})

t.test('a throttle that has gone, as with an older copy of the database, is ' +
  'stored again by who knows it', async (t) => {
  const { database, start } = await createWorld(t)
  const [one, two] = [start(), start()]
  await one.pacer.limited(await one.pacer.take(never), LIMIT)
  await database.queries.deleteFrom('throttles').execute()
  await one.pacer.state()
  t.match(await two.pacer.state(), { pause: { untilMs: START_MS + 5000 } })
})

t.test('a pause is committed durably; giving permits is not, since that is over in a moment', async (t) => {
  const { clock, database, start } = await createWorld(t)
  const { troubled, state } = trouble(database, clock)
  const { pacer } = start({ database: troubled })
  const permit = await pacer.take(never)
  await call(pacer)
  t.notOk(state.durable.includes(true))
  state.durable.length = 0
  await pacer.limited(permit, LIMIT)
  t.ok(state.durable.includes(true))
})

t.test('a pause is never made shorter, by whatever process, in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ process: fc.nat(2), seconds: fc.integer({ min: 1, max: 60 }), passMs: fc.nat(3000) }), {
        minLength: 1,
        maxLength: 8,
      }),
      async (limits) => {
        const clock = createFakeClock()
        const account = randomUUID()
        const processes = [0, 1, 2].map(() => startPacer({ database, clock, calls: 100, account }))
        const permits = await Promise.all(
          processes.map(async ({ window }) => await window.take(Array<string>(8).fill('album')))
        )
        let untilMs = 0
        for (const { process, seconds, passMs } of limits) {
          await processes[process]?.window.limited(permits[process]?.permits[0]?.givenAtMs ?? 0, {
            ...LIMIT,
            retryAfterMs: seconds * 1000,
          })
          untilMs = Math.max(untilMs, clock.now() + seconds * 1000)
          await clock.pass(passMs)
          for (const { pacer } of processes) {
            const { pause } = await pacer.state()
            if ((pause?.untilMs ?? 0) !== (clock.now() < untilMs ? untilMs : 0)) {
              throw new Error(`${pause?.untilMs}, and ${untilMs} was named`)
            }
          }
        }
      }
    ),
    { numRuns: 40 }
  )
})
const database = await openMemory(t)

t.test('429s in a row count over all processes, and an answered call of any of them ends the row', async (t) => {
  const { clock, start } = await createWorld(t, 100)
  const [one, two] = [start(), start()]
  const pauses: number[] = []
  const refused = async ({ pacer }: PacerProcess): Promise<void> => {
    await pacer.limited(await pacer.take(never), { ...LIMIT, retryAfterMs: null })
    pauses.push(((await pacer.state()).pause?.untilMs ?? 0) - clock.now())
    await clock.pass(10_000)
  }
  await refused(one)
  await refused(two)
  await refused(one)
  await call(two.pacer)
  await two.pacer.close()
  await refused(one)
  t.same(pauses, [1000, 2000, 4000, 1000])
})

t.test('a call that was let through before a 429 of another process does not end the row', async (t) => {
  const { clock, start } = await createWorld(t, 100)
  const [one, two] = [start(), start()]
  const older = await one.pacer.take(never)
  await clock.pass(1)
  await two.pacer.limited(await two.pacer.take(never), { ...LIMIT, retryAfterMs: null })
  await one.pacer.state()
  older.done(true)
  await clock.pass(1000)
  await one.pacer.limited(await one.pacer.take(never), { ...LIMIT, retryAfterMs: null })
  t.equal((await two.pacer.state()).pause?.untilMs, clock.now() + 2000)
})

t.test('a longPause that one process was told of refuses who waits elsewhere within a second, and who ' +
  'begins later, with the same time', async (t) => {
  const { clock, start } = await createWorld(t, 1)
  const [one, two] = [start(), start()]
  const permit = await one.pacer.take(never)
  const waiting = two.pacer.take(never)
  void waiting.catch(() => {})
  await settle()
  await one.pacer.limited(permit, { quota: true, retryAfterMs: HOUR_MS, detail: 'QUOTA_EXCEEDED' })
  await clock.pass(1000)
  const refused = { code: 'quota_exceeded', resumeAtMs: START_MS + HOUR_MS }
  await t.rejects(waiting, refused)
  await t.rejects(start().pacer.throwIfPaused(), refused)
  await t.rejects(start().pacer.take(never), refused)
})

t.test('calls are counted by endpoint and hour', async (t) => {
  const { clock, database, start } = await createWorld(t, 10)
  const { window, pacer } = start()
  await window.take(['album', 'search', 'album'])
  await pacer.take(never)
  await clock.pass(HOUR_MS)
  await pacer.take(never, 'album')
  const rows = await database.queries
    .selectFrom('call_counts')
    .select(['endpoint', 'hour', 'calls'])
    .orderBy('hour')
    .orderBy('endpoint')
    .execute()
  const hour = Math.floor(START_MS / HOUR_MS)
  t.same(rows, [
    { endpoint: 'album', hour, calls: 2 },
    { endpoint: 'other', hour, calls: 1 },
    { endpoint: 'search', hour, calls: 1 },
    { endpoint: 'album', hour: hour + 1, calls: 1 },
  ])
  t.equal((await pacer.state()).callsLast24Hours, 5)
})

t.test('the calls of the last day are never fewer than the true number of 24 hours, never more than that of ' +
  '25, and what is older goes', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 5 * HOUR_MS }), { maxLength: 40 }), async (steps) => {
      const clock = createFakeClock({ startMs: 500_000 * HOUR_MS })
      const account = randomUUID()
      const { window, pacer } = startPacer({ database, clock, calls: 1000, account, windowMs: 1, longestCallMs: 1 })
      const calls: number[] = []
      for (const step of steps) {
        clock.jump(step)
        await takeOne(window)
        calls.push(clock.now())
        const younger = (hours: number): number => calls.filter((call) => call > clock.now() - hours * HOUR_MS).length
        const { callsLast24Hours: counted } = await pacer.state()
        if (counted < younger(24) || counted > younger(25)) throw new Error(`${counted} counted of ${younger(24)}`)
      }
    }),
    { numRuns: 20 }
  )
  const { hours } = await database.queries
    .selectFrom('call_counts')
    .select(({ eb, fn }) => eb(fn.max('hour'), '-', fn.min('hour')).as('hours'))
    .groupBy('account')
    .orderBy('hours', 'desc')
    .executeTakeFirstOrThrow()
  t.ok(Number(hours) <= 24, `${hours} hours are stored`)
})

t.test('two accounts do not see each other, and of their names only hashes are stored', async (t) => {
  const { database, start } = await createWorld(t, 2)
  const [one, two] = [start({ account: 'client-id-one' }), start({ account: 'client-id-two' })]
  const [permit] = [await one.pacer.take(never), await one.pacer.take(never)]
  await one.pacer.limited(permit, { quota: true, retryAfterMs: HOUR_MS, detail: 'x' })
  t.match(await two.pacer.state(), { pause: null, pace: 2, callsLast24Hours: 0 })
  t.equal((await takeAll(two.window)).length, 2)
  const stored = [
    await database.queries.selectFrom('throttles').selectAll().execute(),
    await database.queries.selectFrom('permits').selectAll().execute(),
    await database.queries.selectFrom('call_counts').selectAll().execute(),
  ]
  t.notMatch(JSON.stringify(stored), 'client-id')
})

t.test('of an account at rest nothing is written but what was learnt', async (t) => {
  const { database, start } = await createWorld(t)
  const { pacer } = start()
  await pacer.state()
  const before = await database.queries.selectFrom('throttles').selectAll().execute()
  await call(pacer)
  await pacer.close()
  t.same(await database.queries.selectFrom('throttles').selectAll().execute(), before)
  t.same(
    before
      .map(({ throttle }) => JSON.parse(unseal(throttle) ?? '') as object)
      .map((throttle) => ({ ...throttle, change: '' })),
    [{ pause: null, strikes: 0, reduced: null, change: '' }]
  )
})
