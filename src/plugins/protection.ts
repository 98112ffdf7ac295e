import rateLimit, { type FastifyRateLimitStore } from '@fastify/rate-limit'
import fp from 'fastify-plugin'
import { ServiceError } from '../errors.ts'
import { createRequestCount } from './request-count.ts'

const WINDOW_MS = 60_000
const MOST_CLIENTS = 5000

/**
 * Limits requests per key or address (REQUESTS_PER_MINUTE), before the keys are asked for, so that guessing them is
 * limited too.
 */
export default fp(async (app) => {
  const max = app.config.REQUESTS_PER_MINUTE
  if (max === 0) return
  const count = createRequestCount({
    windowMs: WINDOW_MS, most: MOST_CLIENTS, monotonic: () => app.dependencies.clock.monotonic(),
  })
  await app.register(rateLimit, {
    global: false,
    max,
    timeWindow: WINDOW_MS,
    /** The plugin's own store counts by the wall clock: set back by an hour, it would refuse for that long. */
    store: class implements FastifyRateLimitStore {
      incr (key: string, done: (error: null, result: ReturnType<typeof count>) => void): void {
        done(null, count(key))
      }

      child (): FastifyRateLimitStore {
        return this
      }
    },
    keyGenerator: (request) => app.clientKey(request) ?? request.ip,
    allowList: (request) => request.routeOptions.url?.startsWith('/health/') === true,
    errorResponseBuilder: (_request, { ttl }) => new ServiceError(
      'too_many_requests',
      `more than ${max} requests in a minute: slow down, or use ?wait= instead of asking again`,
      { retryAfterSeconds: Math.ceil(ttl / 1000) }
    ),
  })
  app.addHook('onRequest', app.rateLimit())
}, { name: 'protection', dependencies: ['config', 'error-handler'] })
