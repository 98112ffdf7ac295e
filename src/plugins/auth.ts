import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { keysOf } from '../config.ts'
import { ServiceError } from '../errors.ts'
import { prefersHtml } from './prefers-html.ts'
import { SESSION_COOKIE, cookieIn, keyOfSession } from './session-token.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The hash of the valid key that a request carries, or with which its session began; null without one. */
    clientKey: (request: FastifyRequest) => string | null
    /** The token of a session that a request carries and that is valid; null without one. */
    session: (request: FastifyRequest) => string | null
    /** Whether a text is one of API_KEYS. */
    isKey: (text: string) => boolean
  }
  interface FastifyContextConfig {
    /** The route is for those who have no key too. */
    isPublic?: boolean
    /** The route takes forms of the pages; `forms` checks that they are of these pages. */
    takesForm?: boolean
  }
}

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

/**
 * With API_KEYS set, every route but the health probes wants one of the keys. The cookie of a session takes its place
 * for whatever changes nothing, and for the forms of the pages: for more it could be used by pages of other sites.
 */
export default fp(async (app) => {
  const plain = keysOf(app.config.API_KEYS)
  const keys = plain.map(digest)

  /** All keys are compared, each in constant time: the time taken tells nothing about any of them. */
  function hashOf (key: string): string | null {
    const sent = digest(key)
    return keys.filter((key) => timingSafeEqual(key, sent))[0]?.toString('hex') ?? null
  }

  function session ({ method, headers, routeOptions }: FastifyRequest): { token: string, key: string } | null {
    if (!SAFE_METHODS.includes(method) && routeOptions.config?.takesForm !== true) return null
    const token = cookieIn(headers.cookie, SESSION_COOKIE)
    const key = token === null || keys.length === 0 ? null : keyOfSession(token, plain, app.dependencies.clock.now())
    return token === null || key === null ? null : { token, key }
  }

  app.decorate('clientKey', (request) => {
    const ofHeader = hashOf(keyIn(request))
    if (ofHeader !== null) return ofHeader
    const key = session(request)?.key
    return key === undefined ? null : hashOf(key)
  })
  app.decorate('session', (request) => hashOf(keyIn(request)) === null ? session(request)?.token ?? null : null)
  app.decorate('isKey', (text) => hashOf(text) !== null)

  if (keys.length === 0) return
  app.addHook('onRequest', async (request, reply) => {
    const { url = '', config } = request.routeOptions
    if (url.startsWith('/health/') || config?.isPublic === true || app.clientKey(request) !== null) return
    if (url.startsWith('/docs') && prefersHtml(request)) {
      return reply.header('cache-control', 'no-store').redirect(app.pagePath('/ui/login?next=/docs'), 303)
    }
    throw new ServiceError(
      'unauthorized',
      "this service needs a key: send 'Authorization: Bearer KEY' or 'X-API-Key: KEY' with a key of its API_KEYS"
    )
  })
}, { name: 'auth', dependencies: ['config', 'error-handler', 'public-url'] })

function keyIn ({ headers }: FastifyRequest): string {
  const header = headers['x-api-key']
  if (typeof header === 'string') return header
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? ''
}

/** Keys of any length become values of one length. */
function digest (key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
