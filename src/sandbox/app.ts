import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { serveEndpoint } from './calls/api-call.ts'
import { album, albums, albumTracks } from './routes/albums.ts'
import { artistAlbums } from './routes/artist-albums.ts'
import { controlRoutes } from './routes/control.ts'
import { coverRoutes } from './routes/covers.ts'
import { newReleases } from './routes/new-releases.ts'
import { search } from './routes/search.ts'
import { tokenRoute } from './routes/token.ts'
import { createWorld, type Sandbox } from './calls/sandbox.ts'
import type { SandboxSettings } from './settings/settings.ts'

export type SandboxApp = FastifyInstance & { readonly sandbox: Sandbox }

export interface SandboxOptions {
  readonly logger?: FastifyServerOptions['logger']
  /** A monotonic clock in milliseconds; tests replace it to let hours pass. */
  readonly now?: () => number
}

/** Builds the stand-in for Spotify, not listening: /api/token, the Web API under /v1, its own routes under /sandbox. */
export function buildSandbox (settings: Partial<SandboxSettings> = {}, options: SandboxOptions = {}): SandboxApp {
  const world = createWorld(settings, options.now)
  const app: FastifyInstance = Fastify({
    logger: options.logger ?? false,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
  })
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: { status: 404, message: 'Service not found' } }))
  tokenRoute(app, world)
  app.register(async (api) => {
    const endpoints = [newReleases, search, album, albums, albumTracks, artistAlbums]
    for (const endpoint of endpoints) serveEndpoint(api, world, endpoint)
  }, { prefix: '/v1' })
  app.register(async (control) => controlRoutes(control, world), { prefix: '/sandbox' })
  app.register(async (covers) => coverRoutes(covers), { prefix: '/sandbox' })
  return Object.assign(app, { sandbox: world })
}
