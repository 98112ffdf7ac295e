import type { FastifyPluginAsync } from 'fastify'
import { Type } from '@sinclair/typebox'
import { releasesPage } from '../web/views/releases.ts'
import type { PageOptions } from './page-context.ts'

const RELEASES_ON_PAGE = 48

const ReleasesQuery = Type.Object({ before: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{1,120}$' })) })

const pageReleaseRoutes: FastifyPluginAsync<PageOptions> = async (app, { pages }) => {
  app.get<{
    Querystring: { before?: string }
  }>('/ui/releases', { schema: { hide: true, querystring: ReleasesQuery } }, async (request, reply) => {
    const { before = null } = request.query
    const { releases, older } = await app.releases.latest(before, RELEASES_ON_PAGE)
    return await pages.send(
      request, reply, releasesPage(pages.visit(request), { releases, older, isFirstPage: before === null })
    )
  })
}

export default pageReleaseRoutes
