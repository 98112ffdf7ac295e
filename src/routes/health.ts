import { type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ServiceError } from '../errors.ts'

const healthRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/health/live', { logLevel: 'warn' }, async () => ({ status: 'ok' }))

  app.get('/health/ready', { logLevel: 'warn' }, async () => {
    await app.runs.probe().catch((cause: unknown) => {
      throw new ServiceError('storage_failed', 'DATA_DIR cannot be written: make room in it and let the service write there', { cause })
    })
    return { status: 'ok' }
  })
}

export default healthRoutes
