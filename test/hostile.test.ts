import t from 'tap'
import { createFastClock } from './fast-clock.ts'
import { HOSTILE_SETTINGS, changesOf, runUnder } from './hostile-runs.ts'
import { startHostileUpstream } from './hostile-upstream.ts'
import { startService } from './service.ts'

/** The short version of long/hostile.long.ts. The answers of the extended tier are larger. */
const TIERS = [{ tier: 'extended', changes: 45 }, { tier: 'development', changes: 105 }] as const

for (const { tier, changes } of TIERS) {
  t.test(`${tier} tier: under ${changes} changed answers no run breaks a law`, async (t) => {
    const upstream = await startHostileUpstream(t, {
      tier,
      seed: 9,
      albums: 120,
      pageLimits: { newReleases: 10, albums: 5 },
    })
    const clock = createFastClock(20)
    const service = await startService(t, {
      on: { sandbox: upstream.sandbox, sandboxUrl: upstream.url },
      env: { ...HOSTILE_SETTINGS, SPOTIFY_TIMEOUT_MS: '500' },
      dependencies: { clock, retryBaseMs: 500 },
    })
    const lane = { upstream, url: service.url, output: service.log, now: clock.now, previousLog: 0 }
    for (let seed = 71; changesOf(upstream) < changes; seed++) {
      await runUnder(t, lane, { seed, limit: 25, mayPause: false })
    }
    t.strictSame(upstream.strayed, [], 'nothing was sent to another origin')
  })
}
