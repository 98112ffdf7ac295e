import fp from 'fastify-plugin'
import { ServiceError } from '../errors.ts'

const RETRY_AFTER_SECONDS = 5

/**
 * From the moment the service begins to close it refuses new requests, in our own words; those it has taken are
 * answered.
 */
export default fp(async (app) => {
  let isClosing = false
  app.addHook('preClose', async () => { isClosing = true })
  app.addHook('onRequest', async ({ routeOptions }) => {
    if (!isClosing || routeOptions.url === '/health/live') return
    throw new ServiceError(
      'shutting_down',
      'the service is shutting down: send the request again in a moment',
      { retryAfterSeconds: RETRY_AFTER_SECONDS }
    )
  })
}, { name: 'shutdown', dependencies: ['error-handler'] })
