import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { PauseError } from '../../../../src/errors.ts'
import type { Database } from '../../../../src/services/database/database.ts'
import type { Pacer, Permit } from '../../../../src/services/spotify/pacing/pacer.ts'
import { type FakeClock, START_MS, createFakeClock, settle } from '../../../fake-clock.ts'
import { never } from '../../../never.ts'
import {
  LONGEST_CALL_MS,
  MAX_WAIT_MS,
  type PacerProcessOptions,
  WINDOW_MS,
  openMemory,
  startPacer,
} from './pacer-process.ts'

/** A process on a database of its own, or on that of an earlier one. */
async function create (
  t: Test,
  calls: number,
  clock: FakeClock,
  database?: Database,
  more: Partial<PacerProcessOptions> = {}
) {
  const own = database ?? await openMemory(t)
  return { ...startPacer({ database: own, calls, clock, ...more }), database: own }
}

/** Ask, and watch what comes of it. */
function ask (pacer: Pacer, signal = never) {
  const asked: { permit: Permit | null, error: unknown } = { permit: null, error: null }
  pacer.take(signal).then((permit) => { asked.permit = permit }, (error: unknown) => { asked.error = error })
  return asked
}

/** `count` calls at once that are answered at once. */
async function burst (pacer: Pacer, count: number): Promise<void> {
  for (let i = 0; i < count; i++) (await pacer.take(never)).done(true)
}

const LIMIT = { quota: false, retryAfterMs: 5000, detail: 'answered 429' }

t.test('a burst up to the limit passes at once, the next call waits until the first is a window old', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 3, clock)
  await burst(pacer, 3)
  const fourth = ask(pacer)
  await clock.pass(WINDOW_MS)
  t.equal(fourth.permit, null)
  await clock.pass(1)
  t.not(fourth.permit, null)
})

t.test('the window slides: each permit is free one window after its own call', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 2, clock)
  await burst(pacer, 1)
  await clock.pass(20_000)
  await burst(pacer, 1)
  const third = ask(pacer)
  const fourth = ask(pacer)
  await clock.pass(10_001)
  t.not(third.permit, null)
  third.permit?.done(true)
  await clock.pass(19_999)
  t.equal(fourth.permit, null)
  await clock.pass(1)
  t.not(fourth.permit, null)
})

t.test('a call occupies its permit while it is under way, and one window after its end', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 1, clock, undefined, { longestCallMs: 20 * WINDOW_MS })
  const permit = await pacer.take(never)
  const second = ask(pacer)
  await clock.pass(10 * WINDOW_MS)
  t.equal(second.permit, null, 'nobody knows yet when Spotify sees the first')
  permit.done(true)
  await clock.pass(WINDOW_MS)
  t.equal(second.permit, null)
  await clock.pass(1)
  t.not(second.permit, null)
})

t.test('a call that was never answered occupies its permit like any other', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 1, clock)
  ;(await pacer.take(never)).done(false)
  const second = ask(pacer)
  await clock.pass(WINDOW_MS)
  t.equal(second.permit, null)
})

t.test('the end of a call counts once, however often it is told', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 2, clock)
  const permit = await pacer.take(never)
  permit.done(true)
  permit.done(true)
  await burst(pacer, 1)
  const third = ask(pacer)
  await settle()
  t.equal(third.permit, null)
  await clock.pass(WINDOW_MS + 1)
  const all = [third, ask(pacer), ask(pacer)]
  await settle()
  t.same(all.map(({ permit }) => permit !== null), [true, true, false])
})

t.test('first come, first served', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 1, clock)
  await burst(pacer, 1)
  const order: number[] = []
  for (const caller of [0, 1, 2, 3]) {
    void pacer.take(never).then((permit) => {
      order.push(caller)
      permit.done(true)
    })
  }
  await clock.pass(4 * (WINDOW_MS + 1))
  t.same(order, [0, 1, 2, 3])
})

t.test('a caller that came later does not pass those who wait', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 1, clock)
  await burst(pacer, 1)
  const early = ask(pacer)
  await clock.pass(WINDOW_MS)
  const late = ask(pacer)
  await clock.pass(1)
  t.same([early.permit !== null, late.permit !== null], [true, false])
})

t.test('who gives up while waiting gets its reason at once, and its permit goes to the next', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 1, clock)
  await burst(pacer, 1)
  const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()]
  const waiting = [first, second, third].map(({ signal }) => ask(pacer, signal))
  second.abort(new Error('the client went away'))
  first.abort(new Error('too'))
  await settle()
  t.same(waiting.map(({ error }) => (error as Error | null)?.message), ['too', 'the client went away', undefined])
  await clock.pass(WINDOW_MS + 1)
  t.same(waiting.map(({ permit }) => permit !== null), [false, false, true])
})

t.test('who has given up before asking gets its reason and takes no permit', async (t) => {
  const { pacer } = await create(t, 1, createFakeClock())
  await t.rejects(pacer.take(AbortSignal.abort(new Error('gone'))), { message: 'gone' })
  await burst(pacer, 1)
})

t.test('giving up after the permit was given changes nothing', async (t) => {
  const { pacer } = await create(t, 2, createFakeClock())
  const controller = new AbortController()
  const first = ask(pacer, controller.signal)
  await settle()
  controller.abort()
  const second = ask(pacer)
  const third = ask(pacer)
  await settle()
  t.same([first, second, third].map(({ permit }) => permit !== null), [true, true, false])
})

t.test('a wall clock that is set forward or back frees no permit early, and none later than a ' +
  'window and the longest call', async (t) => {
  for (const jumpMs of [3_600_000, -3_600_000]) {
    const clock = createFakeClock()
    const { pacer } = await create(t, 1, clock)
    await burst(pacer, 1)
    const second = ask(pacer)
    await clock.pass(10_000)
    clock.jump(jumpMs)
    await clock.pass(WINDOW_MS - 10_000)
    t.equal(second.permit, null)
    await clock.pass(jumpMs > 0 ? 1 : 10_000 + LONGEST_CALL_MS + 2000)
    t.not(second.permit, null)
  }
})

t.test('a 429 with a short time stops all calls until then, and not longer', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 10, clock)
  const permit = await pacer.take(never)
  await pacer.limited(permit, LIMIT)
  const later = ask(pacer)
  await clock.pass(4999)
  t.equal(later.permit, null)
  t.same((await pacer.state()).pause, { untilMs: START_MS + 5000, code: 'rate_limited', detail: 'answered 429' })
  await clock.pass(1)
  t.not(later.permit, null)
  t.equal((await pacer.state()).pause, null)
})

t.test('exactly the longest wait is waited for', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 10, clock)
  await pacer.limited(await pacer.take(never), { ...LIMIT, retryAfterMs: MAX_WAIT_MS })
  const later = ask(pacer)
  await clock.pass(MAX_WAIT_MS)
  t.not(later.permit, null)
})

t.test('a short pause holds back those who waited already, in their order', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 1, clock)
  const permit = await pacer.take(never)
  const second = ask(pacer)
  await pacer.limited(permit, { ...LIMIT, retryAfterMs: 50_000 })
  await clock.pass(49_999)
  t.equal(second.permit, null)
  await clock.pass(1)
  t.not(second.permit, null)
})

const HOLDS = [
  {
    title: 'a time that is longer than a run may wait',
    limit: { ...LIMIT, retryAfterMs: MAX_WAIT_MS + 1 },
    code: 'rate_limited',
    ms: MAX_WAIT_MS + 1,
  },
  {
    title: 'a spent quota',
    limit: { ...LIMIT, quota: true, retryAfterMs: 48_925_000 },
    code: 'quota_exceeded',
    ms: 48_925_000,
  },
  {
    title: 'a spent quota, however short its time',
    limit: { ...LIMIT, quota: true, retryAfterMs: 1000 },
    code: 'quota_exceeded',
    ms: 1000,
  },
  {
    title: 'a spent quota that names no time',
    limit: { ...LIMIT, quota: true, retryAfterMs: null },
    code: 'quota_exceeded',
    ms: 60_000,
  },
]
for (const { title, limit, code, ms } of HOLDS) {
  t.test(`${title}: who waits and who asks is told at once until when, and nobody calls before`, async (t) => {
    const clock = createFakeClock()
    const { pacer } = await create(t, 1, clock)
    const permit = await pacer.take(never)
    const waiting = [ask(pacer), ask(pacer)]
    await pacer.limited(permit, limit)
    await settle()
    const asked = ask(pacer)
    await settle()
    for (const { error } of [...waiting, asked]) {
      t.ok(error instanceof PauseError)
      t.match(error, { code, resumeAtMs: START_MS + ms })
      t.match((error as Error).message, new Date(START_MS + ms).toISOString())
    }
    await clock.pass(ms - 1)
    await t.rejects(pacer.take(never), { code })
    await clock.pass(Math.max(1, WINDOW_MS - ms + 2))
    t.ok(await pacer.take(never))
  })
}

t.test('a shorter time does not shorten a pause, a longer one lengthens it', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 10, clock)
  const [a, b, c] = [await pacer.take(never), await pacer.take(never), await pacer.take(never)]
  await pacer.limited(a, { ...LIMIT, retryAfterMs: 20_000 })
  await pacer.limited(b, { ...LIMIT, retryAfterMs: 1000 })
  t.equal((await pacer.state()).pause?.untilMs, START_MS + 20_000)
  await pacer.limited(c, { ...LIMIT, retryAfterMs: 40_000 })
  t.equal((await pacer.state()).pause?.untilMs, START_MS + 40_000)
})

t.test('429 answers that name no time stop for 1, 2, 4 seconds; an answered call ends the row', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 100, clock)
  const pauses: number[] = []
  const refused = async (): Promise<void> => {
    await pacer.limited(await pacer.take(never), { ...LIMIT, retryAfterMs: null })
    pauses.push(((await pacer.state()).pause?.untilMs ?? 0) - clock.now())
    await clock.pass(60_000)
  }
  for (let i = 0; i < 3; i++) await refused()
  ;(await pacer.take(never)).done(true)
  await refused()
  t.same(pauses, [1000, 2000, 4000, 1000])
})

t.test('a call that was never answered does not end the row of 429s', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 100, clock)
  await pacer.limited(await pacer.take(never), { ...LIMIT, retryAfterMs: null })
  await clock.pass(1000)
  ;(await pacer.take(never)).done(false)
  await pacer.limited(await pacer.take(never), { ...LIMIT, retryAfterMs: null })
  t.equal((await pacer.state()).pause?.untilMs, clock.now() + 2000)
})

t.test('a call that was let through before the 429 and answered after it does not end the row', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 100, clock)
  const older = await pacer.take(never)
  await clock.pass(10)
  await pacer.limited(await pacer.take(never), { ...LIMIT, retryAfterMs: null })
  older.done(true)
  await clock.pass(1000)
  await pacer.limited(await pacer.take(never), { ...LIMIT, retryAfterMs: null })
  t.equal((await pacer.state()).pause?.untilMs, clock.now() + 2000)
})

t.test('an unexpected 429 lowers the pace to a little under what was refused', async (t) => {
  const clock = createFakeClock()
  const { pacer, log } = await create(t, 90, clock)
  await burst(pacer, 69)
  await pacer.limited(await pacer.take(never), LIMIT)
  t.equal((await pacer.state()).pace, 63)
  t.same(log.lines.filter((line) => line.startsWith('warn')).length, 1)
})

t.test('the 429 answers of calls that were under way together are one event', async (t) => {
  const clock = createFakeClock()
  const { pacer, log } = await create(t, 90, clock)
  const permits = await Promise.all(Array.from({ length: 80 }, () => pacer.take(never)))
  for (const permit of permits) {
    await clock.pass(5)
    await pacer.limited(permit, LIMIT)
  }
  t.equal((await pacer.state()).pace, 72)
  t.equal(log.lines.length, 1)
  await clock.pass(MAX_WAIT_MS)
  await pacer.limited(await pacer.take(never), LIMIT)
  t.ok((await pacer.state()).pace < 72, 'a call that was let through after it is another event')
})

t.test('the end of the call that was refused lets nobody through, though the pace had just come back', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 3, clock)
  await pacer.limited(await pacer.take(never), LIMIT)
  await clock.pass(WINDOW_MS + 1)
  const under = [ask(pacer), ask(pacer)]
  const waiting = ask(pacer)
  await clock.pass(WINDOW_MS - 1)
  t.equal((await pacer.state()).pace, 3)
  t.same([...under, waiting].map(({ permit }) => permit !== null), [true, true, false])
  const refused = under[0]?.permit
  if (refused != null) await pacer.limited(refused, LIMIT)
  await settle()
  t.equal(waiting.permit, null, 'Spotify has just said stop')
})

t.test('the pace comes back by small steps, one a quiet window', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 90, clock)
  await pacer.limited(await pacer.take(never), LIMIT)
  const paces: number[] = [(await pacer.state()).pace]
  for (let i = 0; i < 3; i++) {
    await clock.pass(WINDOW_MS)
    paces.push((await pacer.state()).pace)
  }
  t.same(paces, [40, 41, 42, 43])
  await clock.pass(100 * WINDOW_MS)
  t.equal((await pacer.state()).pace, 90)
})

t.test('a lowered pace is kept by those who come next', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 10, clock)
  await pacer.limited(await pacer.take(never), LIMIT)
  await clock.pass(5000)
  const asked = Array.from({ length: 10 }, () => ask(pacer))
  await settle()
  t.equal((await pacer.state()).pace, 4)
  t.equal(asked.filter(({ permit }) => permit !== null).length, 3, 'the refused call takes a permit too')
})

t.test('a lowered pace outlives the process, and goes on coming back by its steps', async (t) => {
  const clock = createFakeClock()
  const { pacer, database } = await create(t, 90, clock)
  await pacer.limited(await pacer.take(never), LIMIT)
  await clock.pass(WINDOW_MS)
  t.equal((await pacer.state()).pace, 41)
  await pacer.close()
  await clock.pass(WINDOW_MS)
  const { pacer: second } = await create(t, 90, clock, database)
  t.equal((await second.state()).pace, 42)
  await second.close()
  const { pacer: third } = await create(t, 90, clock, database)
  await clock.pass(WINDOW_MS)
  t.equal((await third.state()).pace, 43)
})

t.test('a lowered pace from a clock that was ahead counts from now, and is never ' +
  'more than what is allowed now', async (t) => {
  const clock = createFakeClock()
  const { pacer, database } = await create(t, 90, clock)
  await pacer.limited(await pacer.take(never), LIMIT)
  await pacer.close()
  clock.jump(-3_600_000)
  const { pacer: second } = await create(t, 90, clock, database)
  t.equal((await second.state()).pace, 40)
  await clock.pass(WINDOW_MS)
  t.equal((await second.state()).pace, 41)
  const { pacer: third } = await create(t, 20, clock, database)
  t.equal((await third.state()).pace, 20)
})

t.test('a pause outlives the process, and what is left of it decides', async (t) => {
  const clock = createFakeClock()
  const { pacer, database } = await create(t, 10, clock)
  await pacer.limited(await pacer.take(never), { ...LIMIT, retryAfterMs: 3_600_000 })
  await pacer.close()
  await clock.pass(600_000)
  const { pacer: second } = await create(t, 10, clock, database)
  await t.rejects(second.take(never), { code: 'rate_limited', resumeAtMs: START_MS + 3_600_000 })
  await clock.pass(2_950_000)
  const { pacer: third } = await create(t, 10, clock, database)
  const asked = ask(third)
  await clock.pass(49_999)
  t.equal(asked.permit, null, 'the last 50 s are waited for')
  await clock.pass(1)
  t.not(asked.permit, null)
})

t.test('a pause is stored before the caller learns of it', async (t) => {
  const clock = createFakeClock()
  const { pacer, kill, database } = await create(t, 10, clock)
  await pacer.limited(await pacer.take(never), { ...LIMIT, quota: true })
  kill()
  const { pacer: second } = await create(t, 10, clock, database)
  t.same((await second.state()).pause, { untilMs: START_MS + 5000, code: 'quota_exceeded', detail: 'answered 429' })
})

t.test('a stored pause that is over is none', async (t) => {
  const clock = createFakeClock()
  const { pacer, kill, database } = await create(t, 10, clock)
  await pacer.limited(await pacer.take(never), { ...LIMIT, quota: true })
  kill()
  await clock.pass(5000)
  const { pacer: second } = await create(t, 10, clock, database)
  t.equal((await second.state()).pause, null)
  t.ok(await second.take(never))
})

t.test('a restart is no new window: the calls of the process before, ended or not, occupy their permits', async (t) => {
  const clock = createFakeClock()
  const { pacer, database } = await create(t, 10, clock)
  await burst(pacer, 6)
  await clock.pass(10_000)
  await pacer.take(never)
  await pacer.close()
  await clock.pass(5000)
  const { pacer: second } = await create(t, 10, clock, database)
  const asked = Array.from({ length: 10 }, () => ask(second))
  const given = (): number => asked.filter(({ permit }) => permit !== null).length
  await settle()
  t.equal(given(), 3, 'three permits are free')
  await clock.pass(15_000)
  t.equal(given(), 3, 'the first six are 30 s old, not older')
  await clock.pass(2)
  t.equal(given(), 9)
  await clock.pass(10_000 + LONGEST_CALL_MS - 2)
  t.equal(given(), 9, 'nobody knows when the call that had not ended reached Spotify')
  await clock.pass(2)
  t.equal(given(), 10)
})

t.test('a wall clock that was set back between two processes makes no permit free ' +
  'early, and none much later', async (t) => {
  const clock = createFakeClock()
  const { pacer, database } = await create(t, 1, clock)
  await burst(pacer, 1)
  await pacer.close()
  clock.jump(-3_600_000)
  const { pacer: second } = await create(t, 1, clock, database)
  const asked = ask(second)
  await clock.pass(29_999)
  t.equal(asked.permit, null)
  await clock.pass(LONGEST_CALL_MS + 2)
  t.not(asked.permit, null)
})

t.test('429s in a row outlive the process too', async (t) => {
  const clock = createFakeClock()
  const { pacer, database } = await create(t, 10, clock)
  await pacer.limited(await pacer.take(never), { ...LIMIT, retryAfterMs: null })
  await pacer.close()
  await clock.pass(1000)
  const { pacer: second } = await create(t, 10, clock, database)
  await second.limited(await second.take(never), { ...LIMIT, retryAfterMs: null })
  t.equal((await second.state()).pause?.untilMs, clock.now() + 2000)
})

t.test('the calls of the last day are counted across processes', async (t) => {
  const clock = createFakeClock()
  const { pacer, database } = await create(t, 10, clock)
  await burst(pacer, 7)
  await pacer.close()
  const { pacer: second } = await create(t, 10, clock, database)
  await burst(second, 2)
  t.equal((await second.state()).callsLast24Hours, 9)
})

t.test('closing leaves nothing asleep', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 1, clock)
  await burst(pacer, 1)
  ask(pacer)
  await settle()
  t.equal(clock.sleeping(), 1)
  await pacer.close()
  await settle()
  t.equal(clock.sleeping(), 0)
})

/** Sequences are played on a shorter window, since a waiter on SQLite asks each second. */
const SHORT_WINDOW_MS = 3000

type Step =
  | { kind: 'take' }
  | { kind: 'abort', which: number }
  | { kind: 'done', which: number, answered: boolean }
  | { kind: 'pass', ms: number }
  | { kind: 'limited', which: number, retryAfterMs: number | null, quota: boolean }

const ordinarySteps = [
  { weight: 6, arbitrary: fc.constant<Step>({ kind: 'take' }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), which: fc.nat(20) }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('done' as const), which: fc.nat(20), answered: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.oneof(
        fc.integer({ min: 1, max: 4000 }),
        fc.constantFrom(1, SHORT_WINDOW_MS - 1, SHORT_WINDOW_MS, SHORT_WINDOW_MS + 1)
      ),
    }),
  },
]
const limitedStep = {
  weight: 1,
  arbitrary: fc.record({
    kind: fc.constant('limited' as const),
    which: fc.nat(20),
    retryAfterMs: fc.option(fc.integer({ min: 1, max: 10_000 })),
    quota: fc.boolean(),
  }),
}

interface Call { givenMs: number, doneMs: number }

/** Play the steps against a pacer, with a look at all that is known after each. */
async function play (
  database: Database,
  calls: number,
  steps: Step[],
  look: (now: {
    clock: FakeClock
    pacer: Pacer
    made: Call[]
    waiting: number
    pausedUntilMs: number
  }) => void | Promise<void>
): Promise<void> {
  const clock = createFakeClock()
  const { pacer } = startPacer({
    database,
    calls,
    clock,
    account: randomUUID(),
    windowMs: SHORT_WINDOW_MS,
    maxWaitMs: 6000,
    longestCallMs: 100_000,
  })
  const made: Call[] = []
  const open: Array<{ permit: Permit, call: Call }> = []
  const waiting = new Set<AbortController>()
  let pausedUntilMs = 0
  for (const step of steps) {
    const chosen = 'which' in step ? open[step.which % open.length] : undefined
    if (step.kind === 'take') {
      const controller = new AbortController()
      waiting.add(controller)
      pacer.take(controller.signal).then((permit) => {
        const call = { givenMs: permit.givenAtMs, doneMs: Infinity }
        made.push(call)
        open.push({ permit, call })
      }, () => {}).finally(() => waiting.delete(controller)).catch(() => {})
    } else if (step.kind === 'pass') {
      await clock.pass(step.ms)
    } else if (step.kind === 'abort') {
      [...waiting][step.which % waiting.size]?.abort()
    } else if (chosen !== undefined) {
      open.splice(open.indexOf(chosen), 1)
      chosen.call.doneMs = clock.monotonic()
      if (step.kind === 'done') {
        chosen.permit.done(step.answered)
      } else {
        await pacer.limited(chosen.permit, { quota: step.quota, retryAfterMs: step.retryAfterMs, detail: '' })
        pausedUntilMs = Math.max(pausedUntilMs, clock.monotonic() + (step.retryAfterMs ?? 1000))
      }
    }
    await settle()
    await look({ clock, pacer, made, waiting: waiting.size, pausedUntilMs })
  }
  await pacer.close()
}

/** The most calls that a server may see in one window, wherever between its start and its end it sees each. */
function mostInAnyWindow (made: Call[]): number {
  const starts = made.flatMap(({ givenMs, doneMs }) => [givenMs, doneMs]).filter(Number.isFinite)
  return Math.max(
    0,
    ...starts.map(
      (start) => made.filter(({ givenMs, doneMs }) => doneMs >= start && givenMs <= start + SHORT_WINDOW_MS).length
    )
  )
}

t.test('for any sequence of calls, wherever between its start and its end each reaches the server: never more than ' +
  'allowed in any window, and never less while somebody waits', async (t) => {
  const database = await openMemory(t)
  let fullest = 0
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.oneof(...ordinarySteps), { minLength: 20, maxLength: 90 }),
      async (calls, steps) => {
        let all: Call[] = []
        await play(database, calls, steps, ({ clock, made, waiting }) => {
          all = made
          const occupied = made.filter(({ doneMs }) => doneMs >= clock.monotonic() - SHORT_WINDOW_MS).length
          if (waiting > 0 && occupied < calls) {
            throw new Error(`${waiting} wait while ${occupied} of ${calls} permits are taken`)
          }
          if (waiting > 0) fullest++
        })
        const most = mostInAnyWindow(all)
        if (most > calls) throw new Error(`${most} calls in one window, ${calls} allowed`)
      }
    ),
    { numRuns: 40 }
  )
  t.ok(fullest > 130, 'the window was full often enough to tell')
})

t.test('for any sequence with 429s between: no call is let through before the time that Spotify named, and never ' +
  'more than allowed in any window', async (t) => {
  const database = await openMemory(t)
  let limited = 0
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.oneof(...ordinarySteps, limitedStep), { minLength: 20, maxLength: 90 }),
      async (calls, steps) => {
        let all: Call[] = []
        let known = 0
        await play(database, calls, steps, async ({ clock, pacer, made, waiting, pausedUntilMs }) => {
          all = made
          if (made.length > known && clock.monotonic() < pausedUntilMs) {
            throw new Error('a call was let through during a pause')
          }
          if (clock.monotonic() < pausedUntilMs) limited++
          known = made.length
          const { pace } = await pacer.state()
          if (pace < 1 || pace > calls) throw new Error(`a pace of ${pace}`)
          if (waiting > 0 && clock.sleeping() === 0 && made.every(({ doneMs }) => doneMs !== Infinity)) {
            throw new Error('somebody waits, and nothing will wake him')
          }
        })
        if (mostInAnyWindow(all) > calls) throw new Error('too many calls in one window')
      }
    ),
    { numRuns: 40 }
  )
  t.ok(limited > 130, 'there were pauses enough to tell')
})

t.test('while there is demand, every window is used in full', async (t) => {
  const clock = createFakeClock()
  const { pacer } = await create(t, 90, clock)
  let made = 0
  const demand = async (): Promise<void> => {
    for (;;) {
      const permit = await pacer.take(never)
      made++
      await clock.sleep(200)
      permit.done(true)
    }
  }
  for (let i = 0; i < 20; i++) void demand()
  await clock.pass(5 * WINDOW_MS)
  t.ok(made >= 90 * 4 && made <= 90 * 5 + 1, `${made} calls in five windows of 90`)
})
