import t, { type Test } from 'tap'
import { type Run } from '../../../src/schemas/run.ts'
import { createRoster } from '../../../src/services/runs/roster.ts'
import { createSweep } from '../../../src/services/runs/sweep.ts'
import { newRecord } from '../../../src/services/runs/transitions.ts'
import { createFakeClock, settle } from '../../fake-clock.ts'
import { createRecordingLog } from '../recording-log.ts'

const REQUEST = { source: 'auto' as const, limit: 100, pagination: 'next' as const, market: null, refresh: false }
const RECORD = newRecord('01a2037d-15f8-7494-8ed8-056163dbbd0d', REQUEST, 0)
const RUNNING: Run = { ...RECORD.run, status: 'running' }
const SUCCEEDED: Run = { ...RUNNING, status: 'succeeded', finishedAt: '2026-11-22T13:41:59.000Z' }

/** A sweep on a store that holds one running run: each reading of it takes until it is let go on, and gives what was there at its start. */
function create (t: Test) {
  const clock = createFakeClock()
  const roster = createRoster(clock)
  const readings: Array<() => void> = []
  const stored = new Map([[RUNNING.id, RUNNING]])
  const sweep = createSweep({
    store: {
      async pending () {
        const records = [...stored.values()].map((run) => ({ ...RECORD, run }))
        await new Promise<void>((resolve) => { readings.push(resolve) })
        return records
      },
      removeEndedBefore: async () => [],
    },
    keys: { removeClaimsBefore: async () => {} },
    roster,
    clock,
    log: createRecordingLog(),
    retentionDays: 30,
    deliver: async () => {},
  })
  t.teardown(() => sweep.stop())
  return { clock, roster, sweep, stored, readings }
}

t.test('a run that ends while the sweep reads the store has ended', async (t) => {
  const { roster, sweep, stored, readings } = create(t)
  roster.note(RUNNING)
  const swept = sweep.start()
  stored.clear()
  roster.note(SUCCEEDED)
  await settle()
  readings[0]?.()
  await swept
  t.same(roster.active(), [])
})

t.test('of sweeps that are wanted at once, the first one too, one reads the store at a time', async (t) => {
  const { roster, sweep, stored, clock, readings } = create(t)
  roster.note(RUNNING)
  const swept = sweep.start()
  await clock.pass(1)
  roster.note(SUCCEEDED)
  stored.clear()
  await clock.pass(1)
  sweep.soon()
  await settle()
  t.equal(readings.length, 1)
  readings[0]?.()
  await swept
  await settle()
  t.equal(readings.length, 2)
  readings[1]?.()
  await settle()
  t.same(roster.active(), [])
})
