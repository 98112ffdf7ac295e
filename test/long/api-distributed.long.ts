/**
 * The same tests of the service by its routes, and under trouble, once more: now each service is a replica, on a
 * PostgreSQL. What cannot be on replicas says so where it is (`skipOnReplicas`). Of faults.test.ts there are only
 * mixtures,
 * and of them those without limits and quotas: pauses take their real time here, and each of these by itself is in
 * quota.test.ts and what-happens-when.test.ts.
 */
import t from 'tap'
import { startPostgresql } from '../postgresql.ts'

const MIXTURES = 30

process.env['TEST_MODE'] = 'distributed'
const server = await startPostgresql(t)
if (server !== null) {
  process.env['TEST_DATABASE_URL'] = server.url
  await import('../album-cache.test.ts')
  await import('../fuzz.test.ts')
  await import('../ingest.test.ts')
  await import('../openapi.test.ts')
  await import('../order-of-calls.test.ts')
  await import('../plugins/shutdown.test.ts')
  await import('../quota.test.ts')
  await import('../replay.test.ts')
  await import('../restart.test.ts')
  await import('../routes/download.test.ts')
  await import('../routes/routes.test.ts')
  await import('../routes/run-api.test.ts')
  await import('../storage.test.ts')
  await import('../token.test.ts')
  await import('../what-happens-when.test.ts')

  const { TIERS, mixture, runWith } = await import('../fault-runs.ts')
  t.test('random mixtures of faults: each run ends by itself and never lies', async (t) => {
    for (let seed = 1; seed <= MIXTURES; seed++) {
      const tier = TIERS[seed % 2] ?? 'extended'
      const faults = mixture(seed, tier)
      if (faults.some(({ kind }) => kind === 'quota' || kind.startsWith('rate-limit'))) continue
      const { run } = await runWith(t, tier, faults, { seed })
      t.ok(run.finishedAt, `seed ${seed}: ${run.status}`)
    }
  })
}
