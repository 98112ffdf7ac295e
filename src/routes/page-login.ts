import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { keysOf } from '../config.ts'
import { formIn } from '../plugins/forms.ts'
import { SESSION_COOKIE, SESSION_MS, sessionToken } from '../plugins/session-token.ts'
import { loginPage } from '../web/views/login.ts'
import type { PageOptions } from './page-context.ts'

/** A path of this service; anything else could lead to another site. */
const OWN_PATH = /^\/(?![/\\])[\w\-./?&=%,]*$/

const WRONG_KEY = 'This is not one of the keys of this service.'

/** Exchanges a key for a cookie, and forgets it again. */
const pageLoginRoutes: FastifyPluginAsync<PageOptions> = async (app, { pages }) => {
  const { clock } = app.dependencies
  const hasKeys = keysOf(app.config.API_KEYS).length > 0

  app.get<{ Querystring: { next?: unknown } }>('/ui/login', {
    config: { isPublic: true },
    schema: { hide: true },
  }, async (request, reply) => {
    const next = ownPath(request.query.next)
    if (!hasKeys) return pages.redirect(reply, next)
    return await pages.send(request, reply, loginPage(pages.visit(request), next, null))
  })

  app.post('/ui/login', {
    config: { isPublic: true, takesForm: true },
    schema: { hide: true },
  }, async (request, reply) => {
    const form = formIn(request.body)
    const [key, next] = [(form.get('key') ?? '').trim(), ownPath(form.get('next'))]
    if (hasKeys && !app.isKey(key)) {
      return await pages.send(request, reply.code(401), loginPage(pages.visit(request), next, WRONG_KEY))
    }
    if (hasKeys) setCookie(reply, sessionToken(key, clock.now() + SESSION_MS), SESSION_MS / 1000, request.protocol)
    return pages.redirect(reply, next)
  })

  app.post('/ui/actions/logout', {
    config: { takesForm: true },
    schema: { hide: true },
  }, async (request, reply) => {
    setCookie(reply, '', 0, request.protocol)
    return pages.redirect(reply, hasKeys ? '/ui/login' : '/')
  })

  /** Not for scripts, not for requests that other sites cause, and over TLS only where the service is reached so. */
  function setCookie (reply: FastifyReply, value: string, maxAgeSeconds: number, protocol: string): void {
    const isHttps = protocol === 'https' || app.config.PUBLIC_URL.startsWith('https:')
    reply.header('set-cookie', `${SESSION_COOKIE}=${value}; Path=${app.pagePath(
      '/'
    )}; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${isHttps ? '; Secure' : ''}`)
  }
}

export default pageLoginRoutes

function ownPath (text: unknown): string {
  return typeof text === 'string' && OWN_PATH.test(text) ? text : '/'
}
