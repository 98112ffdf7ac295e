import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import fp from 'fastify-plugin'
import { ServiceError } from '../errors.ts'

/**
 * Security headers on every answer, and a limit of requests per key or address (REQUESTS_PER_MINUTE). It comes
 * before the keys are asked for, so that guessing them is limited too.
 */
export default fp(async (app) => {
  await app.register(helmet)
  const max = app.config.REQUESTS_PER_MINUTE
  if (max === 0) return
  await app.register(rateLimit, {
    global: false,
    max,
    timeWindow: '1 minute',
    keyGenerator: (request) => app.clientKey(request) ?? request.ip,
    allowList: (request) => request.routeOptions.url?.startsWith('/health/') === true,
    errorResponseBuilder: (_request, { ttl }) => new ServiceError('too_many_requests', `more than ${max} requests in a minute: slow down, or use ?wait= instead of asking again`, { retryAfterSeconds: Math.ceil(ttl / 1000) }),
  })
  app.addHook('onRequest', app.rateLimit())
}, { name: 'protection', dependencies: ['config', 'error-handler'] })
