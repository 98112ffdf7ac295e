/** The same tests of the service by its routes once more: now each service is a replica, with a Redis. */
import t from 'tap'
import { startRedis } from '../redis.ts'

process.env['TEST_MODE'] = 'distributed'
if (await startRedis(t) !== null) {
  await import('../ingest.test.ts')
  await import('../replay.test.ts')
  await import('../restart.test.ts')
  await import('../plugins/shutdown.test.ts')
  await import('../routes/download.test.ts')
  await import('../routes/routes.test.ts')
  await import('../routes/run-api.test.ts')
}
