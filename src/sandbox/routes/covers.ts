import type { FastifyInstance } from 'fastify'
import { drawCover, readCoverName } from '../catalogue/covers.ts'

/** A cover never changes, can be embedded by pages of other origins, and loads nothing itself. */
const HEADERS = {
  'cache-control': 'public, max-age=31536000, immutable',
  'content-security-policy': "default-src 'none'",
  'cross-origin-resource-policy': 'cross-origin',
  'x-content-type-options': 'nosniff',
}

/** Registers the images of albums. As on Spotify's image servers, they need no token and are not API calls. */
export function coverRoutes (app: FastifyInstance): void {
  app.get<{ Params: { name: string } }>('/covers/:name', (request, reply) => {
    const cover = readCoverName(request.params.name)
    if (cover === undefined) return reply.callNotFound()
    return reply.headers(HEADERS).type('image/svg+xml').send(drawCover(cover.id, cover.pixels))
  })
}
