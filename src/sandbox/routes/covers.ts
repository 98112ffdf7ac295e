import type { FastifyInstance } from 'fastify'
import { drawCover, readCoverName } from '../covers.ts'

/** A cover never changes, may be shown by pages of other origins, and loads nothing where it is opened. */
const HEADERS = {
  'cache-control': 'public, max-age=31536000, immutable',
  'content-security-policy': "default-src 'none'",
  'cross-origin-resource-policy': 'cross-origin',
  'x-content-type-options': 'nosniff',
}

/** Serves the images of albums. As on Spotify's image servers they need no token and count as no call of the API. */
export function coverRoutes (app: FastifyInstance): void {
  app.get<{ Params: { name: string } }>('/covers/:name', (request, reply) => {
    const cover = readCoverName(request.params.name)
    if (cover === undefined) return reply.callNotFound()
    return reply.headers(HEADERS).type('image/svg+xml').send(drawCover(cover.id, cover.pixels))
  })
}
