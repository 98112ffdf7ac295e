/**
 * The same tests of the service by its routes, and under trouble, once more: now each service is a replica, on a
 * PostgreSQL. What cannot be on replicas says so where it is (`skipOnReplicas`).
 */
import t from 'tap'
import { startPostgresql } from '../postgresql.ts'

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
  await import('../token.test.ts')
}
