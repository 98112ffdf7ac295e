import { type FastifyError, type FastifyPluginAsync, type FastifyReply, type FastifyRequest } from 'fastify'
import { type ServiceError, hasCode } from '../errors.ts'
import { answerError, toProblem } from '../plugins/error-handler.ts'
import { prefersHtml } from '../plugins/prefers-html.ts'
import { loadAssets } from '../web/assets.ts'
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
  const assets = await loadAssets()
  const pages = createPages(app, assets)

  app.setErrorHandler(async (error: FastifyError | ServiceError, request: FastifyRequest, reply: FastifyReply) => {
    if (!prefersHtml(request)) return answerError(error, request, reply)
    if (hasCode(error, 'unauthorized') && request.method === 'GET') {
      return await reply.header('cache-control', 'no-store').redirect(app.pagePath(`/ui/login?next=${encodeURIComponent(request.url)}`), 303)
    }
    const problem = toProblem(error, request, reply)
    return await pages.send(request, reply.code(problem.status), problemPage(pages.visit(request), problem, problem.status === 503))
  })

  await app.register(pageAssetRoutes, { assets })
  await app.register(pageLoginRoutes, { pages })
  await app.register(pageHomeRoutes, { pages })
  await app.register(pageRunRoutes, { pages })
  await app.register(pageRunPartRoutes, { pages })
  await app.register(pageReleaseRoutes, { pages })
  await app.register(pageActionRoutes, { pages })
}

export default pageRoutes
