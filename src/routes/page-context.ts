import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { keysOf } from '../config.ts'
import { formTokenOf } from '../plugins/session-token.ts'
import type { Assets } from '../web/assets.ts'
import { type Visit, imageOriginsOf, policyOf } from '../web/site.ts'
import { VERSION } from '../version.ts'
import { preferredCoding } from './download/negotiation.ts'

/** What all routes of the pages share. */
export interface Pages {
  visit: (request: FastifyRequest) => Visit
  /** Answers with a page. */
  send: (request: FastifyRequest, reply: FastifyReply, page: string) => Promise<FastifyReply>
  /** Answers a form with another page, which may be loaded again. */
  redirect: (reply: FastifyReply, path: string) => FastifyReply
}

export interface PageOptions {
  pages: Pages
}

/** Answers shorter than this gain nothing. */
const MIN_GZIP_BYTES = 1000

export function createPages (app: FastifyInstance, assets: () => Assets): Pages {
  const imageOrigins = imageOriginsOf(app.config.SPOTIFY_API_URL)
  const hasKeys = keysOf(app.config.API_KEYS).length > 0
  const site = {
    path: app.pagePath,
    asset: (name: string) => app.pagePath(`/ui/assets/${assets().version}/${name}`),
    version: VERSION,
    imageOrigins,
  }
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policyOf(imageOrigins),
    'referrer-policy': 'same-origin', // with "no-referrer", browsers send no origin with forms
    'cache-control': 'private, no-store',
    vary: 'Accept, Accept-Encoding, Cookie',
  }

  return {
    visit (request) {
      const session = app.session(request)
      return {
        site,
        origin: app.config.PUBLIC_URL === '' ? `${request.protocol}://${request.host}` : app.publicUrl(''),
        hasKeys,
        formToken: session === null ? null : formTokenOf(session),
        nowMs: app.dependencies.clock.now(),
      }
    },

    async send (request, reply, page) {
      reply.headers(headers)
      if (page.length < MIN_GZIP_BYTES || preferredCoding(request) === null) return await reply.send(page)
      return await reply.header('content-encoding', 'gzip').send(await promisify(gzip)(page))
    },

    redirect: (reply, path) => reply.header('cache-control', 'no-store').redirect(app.pagePath(path), 303),
  }
}
