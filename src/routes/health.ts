import { type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { json } from '../schemas/answer.ts'
import { Health, Readiness } from '../schemas/health.ts'
import { createRecent } from '../services/recent.ts'
import { storageFailed } from '../services/store/storage-failure.ts'

/** Anyone may ask, as often as they like; what it costs is paid once in this time. */
const PROBE_EVERY_MS = 1000

const healthRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const readiness = createRecent(async () => {
    await app.runs.probe().catch((cause: unknown) => { throw storageFailed('DATA_DIR cannot be written', cause) })
    const { redis } = await app.engine.health()
    return { status: 'ok' as const, ...redis === null ? {} : { redis } }
  }, { maxAgeMs: PROBE_EVERY_MS, monotonic: app.parts.clock.monotonic })

  app.get('/health/live', {
    logLevel: 'warn',
    schema: { operationId: 'isLive', tags: ['service'], summary: 'Whether the process answers', response: { 200: json(Health, 'it does') } },
  }, async () => ({ status: 'ok' as const }))

  app.get('/health/ready', {
    logLevel: 'warn',
    schema: {
      operationId: 'isReady',
      tags: ['service'],
      summary: 'Whether runs can be started: what a load balancer asks',
      description: 'Without its Redis a replica still accepts runs and answers for all of them, so it stays ready: `redis` says how that is.',
      response: { 200: json(Readiness, 'they can') },
      problems: { 503: ['storage_failed'] },
    },
  }, async () => await readiness())
}

export default healthRoutes
