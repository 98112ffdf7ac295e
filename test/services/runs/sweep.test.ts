import t, { type Test } from 'tap'
import { createSweep } from '../../../src/services/runs/sweep.ts'
import { newRecord } from '../../../src/services/runs/transitions.ts'
import type { RunRecord } from '../../../src/services/run-record.ts'
import type { StoredRun } from '../../../src/services/store/run-reader.ts'
import { createFakeClock, settle } from '../../fake-clock.ts'
import { createRecordingLog } from '../recording-log.ts'

const REQUEST = { source: 'auto' as const, limit: 100, pagination: 'next' as const, market: null, refresh: false }
const MINUTE_MS = 60_000
const DAY_MS = 24 * 3_600_000

function recordOf (id: string): RunRecord {
  return newRecord(id, REQUEST, 0)
}

/** A sweep whose every question is recorded; each reading of the pending runs takes until it is let go on. */
function create (t: Test, { isOpen = true } = {}) {
  const clock = createFakeClock()
  const log = createRecordingLog()
  const state = { pending: [] as StoredRun[], expired: [] as RunRecord[][], unremovable: [] as string[] }
  const did = {
    readings: [] as Array<() => void>,
    delivered: [] as string[],
    removed: [] as string[],
    expiredBefore: [] as number[],
    claimsBefore: [] as number[],
    files: 0,
    ledgers: 0,
    fails: false,
  }
  const sweep = createSweep({
    store: {
      async pending () {
        const pending = [...state.pending]
        await new Promise<void>((resolve) => {
          did.readings.push(resolve)
          if (isOpen) resolve()
        })
        if (did.fails) throw new Error('the database is away')
        return pending
      },
      async expired (timeMs, maxStored) {
        t.equal(maxStored, 7)
        did.expiredBefore.push(timeMs)
        return state.expired.shift() ?? []
      },
      removeClaimsBefore: async (timeMs) => { did.claimsBefore.push(timeMs) },
      documentNames: async (names) => new Set(names),
    },
    documents: { sweep: async () => { did.files++ } },
    sweepLedgers: async () => { did.ledgers++ },
    recordReleases: async () => {},
    clock,
    log,
    retentionDays: 30,
    maxStoredRuns: 7,
    deliver: async ({ record: { run } }) => { did.delivered.push(run.id) },
    async remove (id) {
      if (state.unremovable.includes(id)) throw new Error('it does not go')
      did.removed.push(id)
    },
  })
  t.teardown(() => sweep.stop())
  /** One more sweep, which is over when it resolves. */
  async function again (): Promise<void> {
    sweep.soon()
    await settle()
    await settle()
  }
  return { sweep, clock, log, state, did, again }
}

function stored (id: string, isOwned: boolean): StoredRun {
  const record = recordOf(id)
  return { record, run: record.run, isOwned }
}

t.test('the runs that no living process executes are delivered, oldest first', async (t) => {
  const { sweep, state, did } = create(t)
  state.pending = [stored('a', false), stored('b', true), stored('c', false)]
  await sweep.start()
  t.same(did.delivered, ['a', 'c'])
})

t.test('of sweeps that are wanted while one is under way, the first one too, one is made after it', async (t) => {
  const { sweep, did } = create(t, { isOpen: false })
  const swept = sweep.start()
  await settle()
  for (let times = 0; times < 3; times++) sweep.soon()
  await settle()
  t.equal(did.readings.length, 1)
  did.readings[0]?.()
  await swept
  await settle()
  t.equal(did.readings.length, 2)
  did.readings[1]?.()
  await settle()
  sweep.soon()
  await settle()
  t.equal(did.readings.length, 3)
})

t.test('nothing is swept before the start and after the stop', async (t) => {
  const { sweep, did, again } = create(t)
  await again()
  t.equal(did.readings.length, 0)
  await sweep.start()
  sweep.stop()
  await again()
  t.equal(did.readings.length, 1)
})

t.test('a first sweep that fails is told to who starts it; a later one is logged, and the ' +
  'next one is made all the same', async (t) => {
  const { sweep, did, log, state, again } = create(t)
  did.fails = true
  await t.rejects(sweep.start(), { message: 'the database is away' })
  await again()
  t.same(log.lines, ['error sweep failed'])
  did.fails = false
  state.pending = [stored('a', false)]
  await again()
  t.same(did.delivered, ['a'])
})

t.test('what is too old is deleted each minute, once the clock can be trusted', async (t) => {
  const { sweep, clock, did, state, again, log } = create(t)
  await sweep.start()
  t.same([did.expiredBefore, did.claimsBefore], [[], []], 'not right after the start')
  await clock.pass(10 * MINUTE_MS)
  state.expired = [[recordOf('a'), recordOf('b')], [recordOf('c')]]
  await again()
  t.same(did.removed, ['a', 'b', 'c'], 'until nothing more is')
  t.same([did.expiredBefore[0], did.claimsBefore], [clock.now() - 30 * DAY_MS, [clock.now() - DAY_MS]])
  t.equal(log.lines.filter((line) => line.startsWith('info runs deleted')).length, 2)
  const asked = did.expiredBefore.length
  await clock.pass(MINUTE_MS - 1)
  await again()
  t.equal(did.expiredBefore.length, asked)
  await clock.pass(1)
  await again()
  t.equal(did.expiredBefore.length, asked + 1)
})

t.test('a run that cannot be deleted is told, keeps no other, and no sweep for ever', async (t) => {
  const { sweep, clock, did, state, again, log } = create(t)
  await sweep.start()
  await clock.pass(10 * MINUTE_MS)
  state.unremovable = ['a']
  state.expired = [[recordOf('a'), recordOf('b')], [recordOf('a')], [recordOf('never asked for')]]
  await again()
  t.same(did.removed, ['b'])
  t.equal(log.lines.filter((line) => line.startsWith('warn expired run cannot be deleted')).length, 2)
})

t.test('a wall clock that was set wrong deletes nothing for a day', async (t) => {
  const { sweep, clock, did, again } = create(t)
  await sweep.start()
  await clock.pass(10 * MINUTE_MS)
  clock.jump(365 * DAY_MS)
  for (let hours = 0; hours < 23; hours++) {
    await clock.pass(3_600_000)
    await again()
  }
  t.same(did.expiredBefore, [])
  await clock.pass(2 * 3_600_000)
  await again()
  t.equal(did.expiredBefore.length, 1)
})

t.test('files that no run names, and ledgers that no run needs, are looked for each hour', async (t) => {
  const { sweep, clock, did, again } = create(t)
  await sweep.start()
  for (let minutes = 0; minutes < 119; minutes++) {
    await clock.pass(MINUTE_MS)
    await again()
  }
  t.same([did.files, did.ledgers], [1, 1])
})
