import { setMaxListeners } from 'node:events'
import fc from 'fast-check'
import t from 'tap'
import { createMemoryWindow } from '../../../src/services/spotify/memory-window.ts'
import { type Pacer, type Permit, createPacer } from '../../../src/services/spotify/pacer.ts'
import { type PacerState } from '../../../src/services/spotify/window.ts'
import { type FakeClock, createFakeClock, settle } from '../../fake-clock.ts'
import { never } from '../../never.ts'
import { createRecordingLog } from '../recording-log.ts'
import { createMemory } from './pacer-memory.ts'

const WINDOW_MS = 30_000

/** A process; it is killed by not being used any more. */
async function start (calls: number, clock: FakeClock, store: ReturnType<typeof createMemory>): Promise<Pacer> {
  const window = await createMemoryWindow({ callsPerWindow: calls, windowMs: WINDOW_MS, maxWaitMs: 60_000, clock, store })
  return createPacer({ window, clock, store, log: createRecordingLog() })
}

/** What the disk holds at this moment, for the process that comes next. */
function diskOf ({ state }: { state: PacerState | null }): ReturnType<typeof createMemory> {
  return createMemory(structuredClone(state))
}

/** How many calls may be made at once. */
async function free (pacer: Pacer, most: number): Promise<number> {
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

t.test('a kill at any place of a burst: the next process calls only as often as was left', async (t) => {
  for (const made of [1, 5, 9, 10, 11, 45, 89, 90]) {
    const clock = createFakeClock()
    const store = createMemory()
    await burst(await start(90, clock, store), made)
    const left = await free(await start(90, clock, diskOf(store)), 100)
    t.ok(left <= 90 - made, `${made} made, ${left} allowed`)
    t.ok(left >= 90 - made - 9, 'and a tenth of the pace at most is lost')
  }
})

t.test('what a kill costs is over a window later', async (t) => {
  const clock = createFakeClock()
  const store = createMemory()
  const first = await start(90, clock, store)
  for (let i = 0; i < 30; i++) await first.take(never)
  await clock.pass(100_000)
  const second = await start(90, clock, diskOf(store))
  t.ok(await free(second, 100) <= 60, 'how long its calls were under way is not known')
  await clock.pass(WINDOW_MS + 1)
  t.ok(await free(second, 100) >= 30)
})

t.test('a service that was closed, or that had nothing to do for a second, loses nothing', async (t) => {
  const clock = createFakeClock()
  const store = createMemory()
  const closed = await start(90, clock, store)
  await burst(closed, 20)
  await closed.close()
  t.equal(store.state?.open, 0)
  const idle = await start(90, clock, store)
  await burst(idle, 20)
  for (const deadlineMs = performance.now() + 10_000; store.state?.open !== 0 && performance.now() < deadlineMs;) await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(await free(await start(90, clock, diskOf(store)), 100), 50)
})

t.test('one write before the first call of a burst, and one for each tenth of the pace', async (t) => {
  const store = createMemory()
  const pacer = await start(90, createFakeClock(), store)
  await pacer.take(never)
  t.equal(store.saves, 1)
  await burst(pacer, 89)
  t.ok(store.saves <= 10, `${store.saves} writes for 90 calls`)
})

t.test('a permit is given when the file knows of it, and not before', async (t) => {
  const clock = createFakeClock()
  const store = createMemory()
  const save = store.save.bind(store)
  store.save = async (state) => {
    await clock.sleep(50)
    await save(state)
  }
  const pacer = await start(10, clock, store)
  let given = 0
  for (let i = 0; i < 3; i++) void pacer.take(never).then(() => { given++ })
  await clock.pass(49)
  t.equal(given, 0)
  await clock.pass(1)
  t.equal(given, 1, 'it was on its way alone when the others came')
  t.equal(store.state?.open, 2, 'one under way, one counted in advance')
  await clock.pass(50)
  t.equal(given, 3)
})

type Step = { kind: 'take' } | { kind: 'done', which: number } | { kind: 'pass', ms: number } | { kind: 'limited', which: number } | { kind: 'kill' } | { kind: 'close' }

const steps = fc.array(fc.oneof(
  { weight: 12, arbitrary: fc.constant<Step>({ kind: 'take' }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('done' as const), which: fc.nat(20) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 40_000 })) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('limited' as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'kill' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'close' }) }
), { minLength: 40, maxLength: 150 })

t.test('however often processes are killed, on however slow a disk: never more calls than allowed in any window', async (t) => {
  let fullest = 0
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 30 }), fc.nat(40), steps, async (calls, diskMs, all) => {
    const clock = createFakeClock()
    const made: Array<{ givenMs: number, doneMs: number }> = []
    let open: Array<{ permit: Permit, call: { doneMs: number } }> = []
    let disk = createMemory()
    let life = 0
    let pacer = await startOn(disk)

    async function startOn (memory: typeof disk): Promise<Pacer> {
      const save = memory.save.bind(memory)
      memory.save = async (state) => {
        await clock.sleep(diskMs)
        await save(state)
      }
      return await start(calls, clock, memory)
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
        }, () => {})
      } else if (step.kind === 'pass') {
        await clock.pass(step.ms)
      } else if (step.kind === 'kill' || step.kind === 'close') {
        if (step.kind === 'close') await Promise.all([pacer.close(), clock.pass(5 * diskMs + 1)])
        life++
        for (const { call } of open) call.doneMs = clock.monotonic()
        open = []
        disk = diskOf(disk)
        pacer = await startOn(disk)
      } else if (chosen !== undefined) {
        open = open.filter((one) => one !== chosen)
        chosen.call.doneMs = clock.monotonic()
        if (step.kind === 'done') chosen.permit.done(true)
        else await Promise.all([pacer.limited(chosen.permit, { quota: false, retryAfterMs: 1000, detail: '' }), clock.pass(5 * diskMs + 1)])
      }
      await settle()
    }
    const most = Math.max(0, ...made.flatMap(({ givenMs, doneMs }) => [givenMs, doneMs]).filter(Number.isFinite)
      .map((time) => made.filter(({ givenMs, doneMs }) => doneMs >= time && givenMs <= time + WINDOW_MS).length))
    if (most > calls) throw new Error(`${most} calls in one window, ${calls} allowed`)
    if (most === calls) fullest++
  }), { numRuns: 200 })
  t.ok(fullest > 50, `${fullest} times all that was allowed was made`)
})
