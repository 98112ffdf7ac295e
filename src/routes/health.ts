import { type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ServiceError } from '../errors.ts'
import { json } from '../schemas/answer.ts'
import { Health } from '../schemas/health.ts'

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
      response: { 200: json(Health, 'they can') },
      problems: { 503: ['storage_failed'] },
    },
  }, async () => {
    await app.runs.probe().catch((cause: unknown) => {
      throw new ServiceError('storage_failed', 'DATA_DIR cannot be written: make room in it and let the service write there', { cause })
    })
    return { status: 'ok' as const }
  })
}

export default healthRoutes
