import { setMaxListeners } from 'node:events'
import type { Test } from 'tap'
import { PauseError } from '../../../../src/errors.ts'
import type { Pacer, Permit } from '../../../../src/services/spotify/pacing/pacer.ts'

/** What a pacer is tried in: a window with its clock, which a test moves or lives through. */
export interface World {
  windowMs: number
  maxWaitMs: number
  /** How much later than due somebody may go. */
  lateMs: number
  monotonic: () => number
  /** Let time pass. */
  pass: (ms: number) => Promise<void>
  /** Another process that shares the window, or that comes after those before: they are closed first. */
  create: (calls: number) => Promise<Pacer>
}

export interface Asked {
  permit: Permit | null
  error: unknown
  /** When it was let through or refused. */
  atMs: number
}

export const never = new AbortController().signal
setMaxListeners(100, never)
const LIMIT = { quota: false, retryAfterMs: 100, detail: 'answered 429' }

/** What holds for the pacer on any window. Each test begins in a world of its own. */
export function behavesAsPacer (t: Test, createWorld: (t: Test) => Promise<World | null>): void {
  const test = (title: string, body: (t: Test, world: World) => Promise<void>): void => {
    void t.test(title, { buffered: true }, async (t) => {
      const world = await createWorld(t)
      if (world !== null) await body(t, world)
    })
  }

  function ask (world: World, pacer: Pacer, signal = never): Asked {
    const asked: Asked = { permit: null, error: null, atMs: NaN }
    pacer
      .take(signal)
      .then(
        (permit) => {
          asked.permit = permit
        },
        (error: unknown) => {
          asked.error = error
        }
      )
      .finally(() => {
        asked.atMs = world.monotonic()
      })
      .catch(() => {})
    return asked
  }

  /** Wait until so many were let through or refused. */
  async function until (world: World, asked: Asked[], count: number, withinMs: number): Promise<void> {
    const endMs = world.monotonic() + withinMs + world.lateMs
    while (asked.filter(({ atMs }) => !Number.isNaN(atMs)).length < count && world.monotonic() < endMs) {
      await world.pass(world.windowMs / 30)
    }
  }

  /** One call that is answered at once; its end. */
  async function call (world: World, pacer: Pacer): Promise<number> {
    const permit = await pacer.take(never)
    const endMs = world.monotonic()
    permit.done(true)
    return endMs
  }

  const went = (asked: Asked[]): boolean[] => asked.map(({ permit }) => permit !== null)

  test('a burst up to the limit passes at once; each permit is free one window ' +
    'after the end of its own call', async (t, world) => {
    const { windowMs } = world
    const pacer = await world.create(3)
    const ends = [await call(world, pacer), await call(world, pacer)]
    await world.pass(windowMs / 2)
    ends.push(await call(world, pacer))
    const later = [ask(world, pacer), ask(world, pacer), ask(world, pacer)]
    await until(world, later, 3, 2 * windowMs)
    t.same(went(later), [true, true, true])
    for (const [index, { atMs }] of later.entries()) {
      const afterMs = atMs - (ends[index] ?? 0)
      t.ok(afterMs > windowMs && afterMs < windowMs + world.lateMs, `${afterMs} ms after`)
    }
  })

  test('a call occupies its permit while it is under way, answered or not, and a window ' +
    'after; its end counts once', async (t, world) => {
    const { windowMs } = world
    const pacer = await world.create(1)
    const permit = await pacer.take(never)
    const asked = [ask(world, pacer), ask(world, pacer)]
    await world.pass(1.5 * windowMs)
    t.same(went(asked), [false, false], 'nobody knows yet when Spotify sees the first')
    const endMs = world.monotonic()
    permit.done(false)
    permit.done(true)
    await until(world, asked, 1, windowMs)
    t.same(went(asked), [true, false], 'in their order')
    t.ok((asked[0]?.atMs ?? 0) - endMs > windowMs)
  })

  test('who gives up while waiting gets its reason at once and takes ' +
    'no permit; the next one goes', async (t, world) => {
    const pacer = await world.create(1)
    await call(world, pacer)
    const controller = new AbortController()
    const asked = [ask(world, pacer, controller.signal), ask(world, pacer)]
    controller.abort(new Error('gone'))
    await until(world, asked, 2, world.windowMs)
    t.match(asked[0]?.error, { message: 'gone' })
    t.not(asked[1]?.permit, null)
    await t.rejects(pacer.take(controller.signal), { message: 'gone' })
  })

  test('a 429 with a short time stops all calls until then, and not longer; it shows', async (t, world) => {
    const pacer = await world.create(10)
    const permit = await pacer.take(never)
    const limitedAtMs = world.monotonic()
    await pacer.limited(permit, { ...LIMIT, retryAfterMs: world.maxWaitMs })
    t.match(await pacer.state(), { pause: { code: 'rate_limited', detail: 'answered 429' } })
    await pacer.throwIfPaused()
    const later = ask(world, pacer)
    await until(world, [later], 1, world.maxWaitMs)
    const afterMs = later.atMs - limitedAtMs
    t.ok(afterMs >= world.maxWaitMs && afterMs < world.maxWaitMs + world.lateMs, `${afterMs} ms after`)
    t.match(await pacer.state(), { pause: null })
  })

  for (const [title, limit] of [
    ['a spent quota', { quota: true }],
    ['a time that is longer than a run may wait', { quota: false }],
  ] as const) {
    test(`${title}: who waits and who asks is refused at once until then`, async (t, world) => {
      const pacer = await world.create(2)
      const [permit] = [await pacer.take(never), await pacer.take(never)]
      const waiting = [ask(world, pacer), ask(world, pacer)]
      const retryAfterMs = world.maxWaitMs * 1.5
      const limitedAtMs = world.monotonic()
      await pacer.limited(permit, { ...limit, retryAfterMs, detail: 'x' })
      await until(world, waiting, 2, 0)
      for (const { error } of waiting) t.ok(error instanceof PauseError)
      await t.rejects(pacer.take(never), { code: limit.quota ? 'quota_exceeded' : 'rate_limited' })
      await t.rejects(pacer.throwIfPaused(), PauseError)
      await world.pass(retryAfterMs + world.lateMs / 2)
      await pacer.throwIfPaused()
      await pacer.take(never)
      t.ok(world.monotonic() - limitedAtMs >= retryAfterMs)
    })
  }

  test('a shorter time does not shorten a pause, a longer one lengthens it', async (t, world) => {
    const pacer = await world.create(10)
    const permits = [await pacer.take(never), await pacer.take(never), await pacer.take(never)]
    const untils: number[] = []
    for (const [index, retryAfterMs] of [20_000, 1000, 40_000].entries()) {
      const permit = permits[index]
      if (permit !== undefined) await pacer.limited(permit, { ...LIMIT, retryAfterMs })
      untils.push((await pacer.state()).pause?.untilMs ?? NaN)
    }
    const [first = NaN, second, third = NaN] = untils
    t.equal(second, first)
    t.ok(third - first > 15_000 && third - first < 25_000)
  })

  test('429s in a row that name no time stop for 1, then 2 seconds; a call that was under way before does not end ' +
    'the row, nor does one without an answer', async (t, world) => {
    const pacer = await world.create(100)
    const older = await pacer.take(never)
    await world.pass(20)
    const refused = async (): Promise<number> => {
      const permit = await pacer.take(never)
      const atMs = world.monotonic()
      await pacer.limited(permit, { ...LIMIT, retryAfterMs: null })
      older.done(true)
      const next = ask(world, pacer)
      await until(world, [next], 1, 4000)
      next.permit?.done(false)
      return next.atMs - atMs
    }
    const pauses = [await refused(), await refused()]
    for (const [index, ms] of pauses.entries()) {
      t.ok(ms >= 1000 * 2 ** index && ms < 1000 * 2 ** index + world.lateMs, `${ms} ms`)
    }
  })

  test('the answers of calls that were under way together are one event: one step down, and ' +
    'the pace comes back by steps', async (t, world) => {
    const pacer = await world.create(90)
    const permits = await Promise.all(Array.from({ length: 80 }, () => pacer.take(new AbortController().signal)))
    await world.pass(20)
    const limitedAtMs = world.monotonic()
    await Promise.all(permits.map(async (permit) => await pacer.limited(permit, { ...LIMIT, retryAfterMs: 10 })))
    const windows = (): number => (world.monotonic() - limitedAtMs) / world.windowMs
    const { pace } = await pacer.state()
    t.ok(pace >= 72 && pace <= 72 + windows(), `${pace} after ${windows()} windows`)
    await world.pass(2.5 * world.windowMs)
    const { pace: later } = await pacer.state()
    t.ok(later >= 74 && later <= 72 + windows(), `${later} after ${windows()} windows`)
  })

  test('pause, strikes, permits and the count of calls outlive the process', async (t, world) => {
    const first = await world.create(4)
    for (let i = 0; i < 2; i++) await call(world, first)
    await first.limited(await first.take(never), { ...LIMIT, retryAfterMs: world.maxWaitMs * 3 })
    await first.close()
    const second = await world.create(4)
    await t.rejects(second.take(never), { code: 'rate_limited' })
    t.equal((await second.state()).callsLast24Hours, 3)
    await second.close()
  })

  test('closing lets nobody through who waits', async (t, world) => {
    const pacer = await world.create(1)
    await call(world, pacer)
    const asked = ask(world, pacer)
    await pacer.close()
    await world.pass(1.5 * world.windowMs)
    t.same(went([asked]), [false])
  })
}
