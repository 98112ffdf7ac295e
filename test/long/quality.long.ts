import t from 'tap'
import { type QualityReport } from '../../src/schemas/quality.ts'
import { startService } from '../service.ts'

const RUNS = 150

for (const tier of ['extended', 'development'] as const) {
  t.test(`${RUNS} runs on catalogues of other seeds have no failed check in the ${tier} tier`, async (t) => {
    const service = await startService(t, { sandbox: { tier, albums: 400 } })
    for (let seed = 1; seed <= RUNS; seed++) {
      service.sandbox.sandbox.change({ seed })
      const run = await service.ingest({
        source: 'search',
        query: 'tag:new',
        limit: [100, 40, 15][seed % 3],
        refresh: true,
      })
      const report = await (await service.get(`/runs/${run.id}/quality`)).body.json() as QualityReport
      const wrong = report.checks.filter(({ verdict, dimension }) =>
        verdict === 'failed' || (verdict === 'warned' && dimension !== 'freshness')
      )
      t.match(run, { status: 'succeeded', quality: { failed: 0 } })
      t.strictSame(
        wrong.map(({ id, observed }) => `${id}: ${observed}`),
        [],
        `seed ${seed}: the catalogue's dates stand still, all else passes`
      )
    }
  })
}
