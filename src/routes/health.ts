import { type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ServiceError } from '../errors.ts'
import { json } from '../schemas/answer.ts'
import { Health, Readiness } from '../schemas/health.ts'

const healthRoutes: FastifyPluginAsyncTypebox = async (app) => {
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
  }, async () => {
    await app.runs.probe().catch((cause: unknown) => {
      throw new ServiceError('storage_failed', 'DATA_DIR cannot be written: make room in it and let the service write there', { cause })
    })
    const { redis } = await app.engine.health()
    return { status: 'ok' as const, ...redis === null ? {} : { redis } }
  })
}

export default healthRoutes
