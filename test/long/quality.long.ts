import t from 'tap'
import type { QualityReport } from '../../src/schemas/quality.ts'
import { startService } from '../service.ts'

const RUNS = 150
const LIMITS = [100, 40, 15]
/** Days of one seed; the next seed continues with the day after the last one. */
const RUNS_OF_A_SEED = 3
/** Below the two weeks after which a release is no longer new. */
const DAYS = 7
const DAY_MS = 24 * 3_600_000

for (const tier of ['extended', 'development'] as const) {
  t.test(`${RUNS} runs on catalogues of other seeds and days pass every check in the ${tier} tier`, async (t) => {
    const dayZero = new Date(Date.now() - DAYS * DAY_MS).toISOString().slice(0, 10)
    const service = await startService(t, { sandbox: { tier, albums: 400, dayZero } })
    for (let number = 0; number < RUNS; number++) {
      const [seed, day] = [1 + Math.floor(number / RUNS_OF_A_SEED), number % DAYS]
      service.sandbox.sandbox.change({ seed, day })
      const run = await service.ingest({
        source: 'search',
        query: 'tag:new',
        limit: LIMITS[number % LIMITS.length],
        refresh: true,
      })
      const report = await (await service.get(`/runs/${run.id}/quality`)).body.json() as QualityReport
      const wrong = report.checks.filter(({ verdict }) => verdict === 'failed' || verdict === 'warned')
      t.match(run, { status: 'succeeded', quality: { failed: 0 } })
      t.strictSame(wrong.map(({ id, observed }) => `${id}: ${observed}`), [], `seed ${seed}, day ${day}`)
    }
  })
}
