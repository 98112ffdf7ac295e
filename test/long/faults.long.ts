import t from 'tap'
import { LOSING, PASSING, TIERS, cases, retryAfterOf, runWith } from '../fault-runs.ts'

for (const tier of TIERS) {
  for (const stage of ['listing', 'fetching'] as const) {
    t.test(`${tier} tier, ${stage}: after a fault that passes the run is complete`, async (t) => {
      for (const { kind, endpoint } of cases(PASSING, tier, stage)) {
        const { run } = await runWith(t, tier, [{ kind, endpoint, skip: 1, times: 2, ...retryAfterOf(kind) }])
        t.match(run, { status: 'succeeded', complete: true }, `${kind} on ${endpoint}`)
      }
    })

    t.test(`${tier} tier, ${stage}: with a fault that stays the run ends by itself and says what is missing`, async (t) => {
      for (const { kind, endpoint } of cases(LOSING, tier, stage)) {
        const { run } = await runWith(t, tier, [{ kind, endpoint, skip: 1 }])
        t.ok(run.finishedAt, `${kind} on ${endpoint}: ${run.status}`)
      }
    })
  }
}
