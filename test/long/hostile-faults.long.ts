import t from 'tap'
import type { FaultKind } from '../../src/sandbox/settings/fault-kinds.ts'
import {
  type Stage,
  HOSTILE,
  HOSTILE_PASSING,
  HOSTILE_TOKENS,
  PASSING,
  TIERS,
  cases,
  mixture,
  runUnder,
  runWith,
} from '../fault-runs.ts'

const STAGES = ['listing', 'fetching'] as const

/** A second refusal of this kind is believed. */
const ONCE: ReadonlySet<FaultKind> = new Set<FaultKind>(['bad-request-html', 'bad-request-empty'])

for (const tier of TIERS) {
  for (const stage of STAGES) {
    t.test(`${tier} tier, ${stage}: after hostile answers that pass the run is complete`, async (t) => {
      for (const { kind, endpoint } of cases(HOSTILE_PASSING[stage], tier, stage)) {
        const run = await runUnder(t, tier, { kind, endpoint, skip: 1, times: ONCE.has(kind) ? 1 : 2 })
        t.match(run, { status: 'succeeded', complete: true }, `${kind} on ${endpoint}`)
      }
    })

    t.test(`${tier} tier, ${stage}: under hostile answers that stay the run ends ` +
      'by itself, and does not lie', async (t) => {
      for (const { kind, endpoint } of cases(HOSTILE, tier, stage)) {
        const run = await runUnder(t, tier, { kind, endpoint, skip: 1 })
        t.ok(run.finishedAt, `${kind} on ${endpoint}: ${run.status}`)
        t.not(run.error?.code, 'internal_error')
        t.notOk(run.gaps.some(({ code }) => code === 'internal_error'), `${kind} on ${endpoint}: no bug`)
      }
    })
  }

  t.test(`${tier} tier, tokens: after hostile answers that pass the run is complete, else it ` +
    'fails after one round of tries', async (t) => {
    for (const kind of HOSTILE_TOKENS) {
      t.match(
        await runUnder(t, tier, { kind, endpoint: 'token', times: 2 }),
        { status: 'succeeded', complete: true },
        kind
      )
      if (kind === 'token-expires-huge') continue
      const { run, service } = await runWith(t, tier, [{ kind, endpoint: 'token' }])
      t.match(run, { status: 'failed', error: { code: /^upstream_/ }, cost: { calls: 0 } }, `${kind} for good`)
      t.ok(
        service.sandbox.sandbox.stats().token <= 9,
        `${kind}: ${service.sandbox.sandbox.stats().token} requests for a token`
      )
    }
  })
}

t.test('30 random mixtures with hostile answers: each run ends by itself and never lies', async (t) => {
  const kindsOf = (stage: Stage): FaultKind[] => [...HOSTILE, ...HOSTILE, ...PASSING[stage]]
  for (let seed = 101; seed <= 130; seed++) {
    const tier = TIERS[seed % 2] ?? 'extended'
    const { run } = await runWith(t, tier, mixture(seed, tier, kindsOf), { seed })
    t.ok(run.finishedAt, `seed ${seed}: ${run.status}`)
    t.not(run.error?.code, 'internal_error')
  }
})
