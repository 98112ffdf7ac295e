import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import fc from 'fast-check'
import t from 'tap'
import type { Pacer, Permit } from '../../../../src/services/spotify/pacing/pacer.ts'
import { type FakeClock, createFakeClock, settle } from '../../../fake-clock.ts'
import { never } from '../../../never.ts'
import { LONGEST_CALL_MS, type PacerDatabase, WINDOW_MS, openMemory, startPacer } from './pacer-process.ts'

/** How many calls may be made at once. */
async function free (pacer: Pacer, most = 100): Promise<number> {
  let given = 0
  const controller = new AbortController()
  setMaxListeners(most, controller.signal)
  for (let i = 0; i < most; i++) pacer.take(controller.signal).then(() => { given++ }, () => {})
  await settle()
  controller.abort()
  return given
}

async function burst (pacer: Pacer, count: number): Promise<void> {
  for (let i = 0; i < count; i++) (await pacer.take(never)).done(true)
}

/** A database that takes so long before it commits, and again until it says so. */
function slow (database: PacerDatabase, clock: FakeClock, ms: number): PacerDatabase {
  return {
    ...database,
    async transaction (options, work) {
      await clock.sleep(ms)
      const answer = await database.transaction(options, work)
      await clock.sleep(ms)
      return answer
    },
  }
}

t.test('a kill at any permit of a burst: the next process calls as often as was left, and no more', async (t) => {
  const database = await openMemory(t)
  for (const made of [1, 5, 9, 10, 11, 45, 89, 90]) {
    const [clock, account] = [createFakeClock(), randomUUID()]
    const first = startPacer({ database, calls: 90, clock, account })
    await burst(first.pacer, made)
    first.kill()
    t.equal(await free(startPacer({ database, calls: 90, clock, account }).pacer), 90 - made)
  }
})

t.test('what a kill costs is over when its calls cannot be under way any more, and a window later', async (t) => {
  const [clock, database] = [createFakeClock(), await openMemory(t)]
  const first = startPacer({ database, calls: 90, clock })
  for (let i = 0; i < 30; i++) await first.pacer.take(never)
  first.kill()
  const left = async (): Promise<number> =>
    await free(startPacer({ database, calls: 90, clock, account: 'the account' }).pacer)
  await clock.pass(WINDOW_MS + LONGEST_CALL_MS)
  t.equal(await left(), 60, 'how long its calls were under way is not known')
  await clock.pass(WINDOW_MS + LONGEST_CALL_MS + 1)
  t.equal(await left(), 90)
})

t.test('a service that was closed, or that had nothing to do for a moment, loses nothing', async (t) => {
  const [clock, database] = [createFakeClock(), await openMemory(t)]
  const closed = startPacer({ database, calls: 90, clock, account: 'closed' })
  await burst(closed.pacer, 20)
  await closed.pacer.close()
  const idle = startPacer({ database, calls: 90, clock, account: 'idle' })
  await burst(idle.pacer, 20)
  await untilTold(database, clock.now() + WINDOW_MS)
  idle.kill()
  await clock.pass(WINDOW_MS + 1)
  for (const account of ['closed', 'idle']) {
    t.equal(await free(startPacer({ database, calls: 90, clock, account }).pacer), 90)
  }
})

/** Waits until no permit stays occupied for longer than until then. */
async function untilTold ({ queries }: PacerDatabase, freeMs: number): Promise<void> {
  for (const deadlineMs = performance.now() + 10_000; performance.now() < deadlineMs;) {
    if (
      (await queries.selectFrom('permits').select('id').where('free_ms', '>', freeMs).executeTakeFirst()) === undefined
    ) { return }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

t.test('callers that come together get their permits in one transaction', async (t) => {
  const database = await openMemory(t)
  let transactions = 0
  const counted: PacerDatabase = {
    ...database,
    async transaction (options, work) {
      transactions++
      return await database.transaction(options, work)
    },
  }
  const { pacer } = startPacer({ database: counted, calls: 90, clock: createFakeClock() })
  await pacer.take(never)
  t.equal(transactions, 1)
  await Promise.all(Array.from({ length: 89 }, async () => await pacer.take(never)))
  t.ok(transactions <= 4, `${transactions} transactions for 90 calls`)
})

t.test('a permit is given when the database knows of it, and not before', async (t) => {
  const clock = createFakeClock()
  const { pacer } = startPacer({ database: slow(await openMemory(t), clock, 25), calls: 10, clock })
  let given = 0
  for (let i = 0; i < 3; i++) void pacer.take(never).then(() => { given++ })
  await clock.pass(49)
  t.equal(given, 0)
  await clock.pass(1)
  t.equal(given, 1, 'it was on its way alone when the others came')
  await clock.pass(50)
  t.equal(given, 3)
})

type Step =
  | { kind: 'take' | 'kill' | 'close' }
  | { kind: 'done' | 'limited', which: number }
  | { kind: 'pass', ms: number }

interface Call { givenMs: number, doneMs: number }

const SHORT_WINDOW_MS = 3000
/** A call is given up then. */
const CALL_MS = 1000
const steps = fc.array(fc.oneof(
  { weight: 12, arbitrary: fc.constant<Step>({ kind: 'take' }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('done' as const), which: fc.nat(20) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 4000 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('limited' as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'kill' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'close' }) }
), { minLength: 40, maxLength: 120 })

t.test('however often processes are killed, on however slow a database: never more calls ' +
  'than allowed in any window', async (t) => {
  const database = await openMemory(t)
  let fullest = 0
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.nat(40), steps, async (calls, slowMs, all) => {
    const [clock, account] = [createFakeClock(), randomUUID()]
    const made: Call[] = []
    let open: Array<{ permit: Permit, call: Call }> = []
    let life = 0
    const start = () =>
      startPacer({
        database: slow(database, clock, slowMs),
        calls,
        clock,
        account,
        windowMs: SHORT_WINDOW_MS,
        longestCallMs: CALL_MS + 4 * slowMs,
      })
    let { pacer, kill } = start()

    function end (call: Call, isAnswered: boolean): void {
      const ended = open.find((one) => one.call === call)
      if (ended === undefined) return
      open = open.filter((one) => one !== ended)
      call.doneMs = clock.monotonic()
      ended.permit.done(isAnswered)
    }

    for (const step of all) {
      const chosen = 'which' in step ? open[step.which % open.length] : undefined
      if (step.kind === 'take') {
        const mine = life
        pacer.take(never).then((permit) => {
          if (mine !== life) return
          const call = { givenMs: clock.monotonic(), doneMs: Infinity }
          made.push(call)
          open.push({ permit, call })
          void clock.sleep(CALL_MS).then(() => end(call, false))
        }, () => {})
      } else if (step.kind === 'pass') {
        await clock.pass(step.ms)
      } else if (step.kind === 'kill' || step.kind === 'close') {
        if (step.kind === 'close') await Promise.all([pacer.close(), clock.pass(10 * slowMs + 1)])
        life++
        for (const { call } of open) call.doneMs = clock.monotonic()
        open = []
        kill()
        ;({ pacer, kill } = start())
      } else if (chosen !== undefined && step.kind === 'done') {
        end(chosen.call, true)
      } else if (chosen !== undefined) {
        open = open.filter((one) => one !== chosen)
        chosen.call.doneMs = clock.monotonic()
        await Promise.all([
          pacer.limited(chosen.permit, { quota: false, retryAfterMs: 100, detail: '' }),
          clock.pass(10 * slowMs + 1),
        ])
      }
      await settle()
    }
    const most = Math.max(0, ...made.flatMap(({ givenMs, doneMs }) => [givenMs, doneMs]).filter(Number.isFinite)
      .map((time) => made.filter(({ givenMs, doneMs }) => doneMs >= time && givenMs <= time + SHORT_WINDOW_MS).length))
    if (most > calls) throw new Error(`${most} calls in one window, ${calls} allowed`)
    if (most === calls) fullest++
  }), { numRuns: 40 })
  t.ok(fullest > 8, `${fullest} times all that was allowed was made`)
})
