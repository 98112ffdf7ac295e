import type { FastifyPluginAsync } from 'fastify'
import Negotiator from 'negotiator'
import { ServiceError } from '../errors.ts'
import type { Assets } from '../web/assets.ts'
import { checkPreconditions } from './download/conditional.ts'

const CODINGS = ['br', 'gzip', 'identity'] as const

/**
 * Style, scripts and icon of the pages: they say nothing of what the service has, so that the login page can use them.
 */
const pageAssetRoutes: FastifyPluginAsync<{ assets: () => Assets }> = async (app, { assets }) => {
  app.get<{ Params: { version: string, name: string } }>('/ui/assets/:version/:name', {
    config: { isPublic: true },
    schema: { hide: true },
  }, async ({ params: { version, name }, headers }, reply) => {
    const asset = assets().files.get(name)
    if (asset === undefined) throw new ServiceError('route_not_found', 'there is no such asset')
    const coding = new Negotiator({ headers: { 'accept-encoding': headers['accept-encoding'] } }).encoding([
      ...CODINGS,
    ]) as typeof CODINGS[number] | undefined ?? 'identity'
    const etag = `"${asset.etag}-${coding}"`
    reply.headers({
      etag,
      vary: 'Accept-Encoding',
      'cache-control': version === assets().version ? 'public, max-age=31536000, immutable' : 'no-cache',
    })
    if (checkPreconditions({ 'if-none-match': headers['if-none-match'] }, { etag, modifiedMs: 0 }) === 'not modified') {
      return await reply.code(304).send()
    }
    if (coding !== 'identity') reply.header('content-encoding', coding)
    return await reply.type(asset.contentType).send(await asset.body(coding))
  })
}

export default pageAssetRoutes
