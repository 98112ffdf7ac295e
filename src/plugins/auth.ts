import { createHash, timingSafeEqual } from 'node:crypto'
import { type FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { keysOf } from '../config.ts'
import { ServiceError } from '../errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The hash of the valid key that a request carries; null without one. */
    clientKey: (request: FastifyRequest) => string | null
  }
}

/** With API_KEYS set, every route but the health probes wants one of the keys. */
export default fp(async (app) => {
  const keys = keysOf(app.config.API_KEYS).map(digest)

  /** All keys are compared, each in constant time: the time taken tells nothing about any of them. */
  app.decorate('clientKey', (request) => {
    const sent = digest(keyIn(request))
    return keys.filter((key) => timingSafeEqual(key, sent))[0]?.toString('hex') ?? null
  })

  if (keys.length === 0) return
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.url?.startsWith('/health/') === true || app.clientKey(request) !== null) return
    throw new ServiceError('unauthorized', "this service needs a key: send 'Authorization: Bearer KEY' or 'X-API-Key: KEY' with a key of its API_KEYS")
  })
}, { name: 'auth', dependencies: ['config', 'error-handler'] })

function keyIn ({ headers }: FastifyRequest): string {
  const header = headers['x-api-key']
  if (typeof header === 'string') return header
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? ''
}

/** Keys of any length become values of one length. */
function digest (key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
