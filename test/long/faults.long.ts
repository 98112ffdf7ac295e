import t from 'tap'
import { LOSING, PASSING, TIERS, cases, retryAfterOf, runUnder } from '../fault-runs.ts'

/**
 * Calls that are left alone first. The first listing calls find out the page size: a fault strikes among them, or after
 * the
 * first page of albums.
 */
const SKIPPED = { listing: [1, 3], fetching: [1] } as const

for (const tier of TIERS) {
  for (const stage of ['listing', 'fetching'] as const) {
    for (const skip of SKIPPED[stage]) {
      t.test(`${tier} tier, ${stage}, after ${skip} calls: after a fault that ` +
        'passes the run is complete', async (t) => {
        for (const { kind, endpoint } of cases(PASSING[stage], tier, stage)) {
          const times = kind === 'invalid-limit' ? 1 : 2 // the smallest page size is the next one
          const run = await runUnder(t, tier, { kind, endpoint, skip, times, ...retryAfterOf(kind) })
          t.match(run, { status: 'succeeded', complete: true }, `${kind} on ${endpoint}`)
        }
      })

      t.test(`${tier} tier, ${stage}, after ${skip} calls: with a fault that stays the run ends by ` +
        'itself and says what is missing', async (t) => {
        for (const { kind, endpoint } of cases(LOSING, tier, stage)) {
          const run = await runUnder(t, tier, { kind, endpoint, skip })
          t.ok(run.finishedAt, `${kind} on ${endpoint}: ${run.status}`)
        }
      })
    }
  }
}
