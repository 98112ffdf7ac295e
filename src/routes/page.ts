import type { FastifyError, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { ServiceError, hasCode } from '../errors.ts'
import { answerError, toProblem } from '../plugins/error-handler.ts'
import { prefersHtml } from '../plugins/prefers-html.ts'
import { createAssets } from '../web/assets.ts'
import { loginPage } from '../web/views/login.ts'
import { problemPage } from '../web/views/problem.ts'
import pageActionRoutes from './page-actions.ts'
import pageAssetRoutes from './page-assets.ts'
import { createPages } from './page-context.ts'
import pageHomeRoutes from './page-home.ts'
import pageLoginRoutes from './page-login.ts'
import pageReleaseRoutes from './page-releases.ts'
import pageRunPartRoutes from './page-run-parts.ts'
import pageRunRoutes from './page-run.ts'

/** The pages for people. What goes wrong on them is a page too, for those who want one. */
const pageRoutes: FastifyPluginAsync = async (app) => {
  const assets = createAssets()
  const pages = createPages(app, assets.current)

  app.addHook('onRequest', assets.ready)

  app.setErrorHandler(async (error: FastifyError | ServiceError, request: FastifyRequest, reply: FastifyReply) => {
    if (!prefersHtml(request)) return answerError(error, request, reply)
    if (hasCode(error, 'unauthorized') && request.method === 'GET') {
      return await reply.header('cache-control', 'no-store').redirect(
        app.pagePath(`/ui/login?next=${encodeURIComponent(request.url)}`), 303
      )
    }
    await assets.ready() // what refuses may come before the hook
    const problem = toProblem(error, request, reply)
    if (problem.status === 401) {
      return await pages.send(
        request, reply.code(401), loginPage(pages.visit(request), '/', 'You are logged out. Log in, then do it again.')
      )
    }
    return await pages.send(
      request, reply.code(problem.status), problemPage(pages.visit(request), problem, problem.status === 503)
    )
  })

  app.get('/ui/*', { schema: { hide: true } }, () => {
    throw new ServiceError('route_not_found', 'there is nothing under this address')
  })

  await app.register(pageAssetRoutes, { assets: assets.current })
  await app.register(pageLoginRoutes, { pages })
  await app.register(pageHomeRoutes, { pages })
  await app.register(pageRunRoutes, { pages })
  await app.register(pageRunPartRoutes, { pages })
  await app.register(pageReleaseRoutes, { pages })
  await app.register(pageActionRoutes, { pages })
}

export default pageRoutes
