import t from 'tap'
import { createFastClock } from '../fast-clock.ts'
import { ended, startSandbox, startService } from '../service.ts'
import { callBound, leaks, wrongsOf } from './laws.ts'
import { requestsOn } from './requests.ts'
import { startHostileUpstream } from './upstream.ts'

const ATTEMPTS = 2

for (const [seed, tier, probability] of [[1005, 'development', 0.4], [1002, 'extended', 0.4], [1003, 'development', 0.1]] as const) {
  t.test(`hostile answers, seed ${seed}, ${tier} tier: no lie, no bug, bounded calls, no secret elsewhere`, async (t) => {
    const on = await startSandbox(t, { tier, seed })
    const upstream = await startHostileUpstream(t, on.sandbox, on.sandboxUrl, { seed, probability, tokenProbability: 0 })
    const service = await startService(t, {
      on,
      env: { SPOTIFY_API_URL: `${upstream.url}/v1`, SPOTIFY_TOKEN_URL: `${upstream.url}/api/token`, SPOTIFY_MAX_ATTEMPTS: String(ATTEMPTS), SPOTIFY_TIMEOUT_MS: '300', LOG_LEVEL: 'info' },
      parts: { clock: createFastClock(100), retryBaseMs: 500 },
    })
    for (const { body, asked, requested } of requestsOn(on.sandbox)) {
      const before = upstream.calls()
      const { id } = await service.app.runs.start(body)
      const run = await ended(service.app, id)
      if (run.status === 'paused') break
      const document = await service.document(id)
      t.strictSame(wrongsOf(run, document, upstream, requested), [], `${JSON.stringify(body).slice(0, 60)}: ${run.status}`)
      const calls = upstream.calls() - before
      t.ok(calls <= callBound({ ...asked, attempts: ATTEMPTS }), `${calls} calls`)
      t.strictSame(leaks(JSON.stringify([run, document]) + service.log(), upstream.tokens), [])
    }
    t.ok(upstream.changed() > 0, `${upstream.changed()} answers were changed`)
    t.equal(upstream.foreignRequests(), 0, 'nothing went to another origin')
  })
}
