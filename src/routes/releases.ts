import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { json } from '../schemas/response.ts'
import { ReleaseList, ReleasesQuery, feedResponses } from '../schemas/releases.ts'
import { type FeedKind, type FeedLinks, atomFeed, feedTag, jsonFeed } from '../services/releases/feed.ts'
import type { FeedState } from '../services/releases/releases.ts'
import type { Release } from '../services/store/release-store.ts'
import { checkPreconditions } from './download/conditional.ts'

interface FeedRoute {
  path: string
  mediaType: string
  write: (state: FeedState, links: FeedLinks) => Promise<string>
  summary: string
  operationId: string
}

const FEEDS: Record<FeedKind, FeedRoute> = {
  atom: {
    path: '/releases.atom',
    mediaType: 'application/atom+xml',
    write: atomFeed,
    operationId: 'getAtomFeed',
    summary: 'The newest releases as an Atom feed',
  },
  json: {
    path: '/releases.json',
    mediaType: 'application/feed+json',
    write: jsonFeed,
    operationId: 'getJsonFeed',
    summary: 'The newest releases as a JSON feed (1.1)',
  },
}

const releaseRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/releases', {
    schema: {
      operationId: 'listReleases',
      tags: ['releases'],
      summary: 'Every release that a document ever had, once, in the order in which it was first seen',
      description: 'A reader that keeps `nextCursor` and sends it as `since` misses none and sees none twice. An ' +
        'empty page means that it has all: the cursor stays the same.',
      querystring: ReleasesQuery,
      response: { 200: json(ReleaseList, 'a page of releases') },
    },
  }, async ({ query: { since, limit } }) => {
    const { releases, nextCursor } = await app.releases.page(since ?? null, limit)
    return { releases: releases.map(shown), nextCursor }
  })

  for (const [kind, { path, mediaType, write, operationId, summary }] of Object.entries(
    FEEDS
  ) as Array<[FeedKind, FeedRoute]>) {
    app.get(path, {
      schema: { operationId, tags: ['releases'], summary, response: feedResponses(mediaType) },
    }, async (request, reply) => {
      const state = await app.releases.feed()
      const links = { home: absolute(request, '/'), feed: absolute(request, path) }
      if (isNotModified(request, reply, feedTag(state, kind, links), state.modifiedMs)) {
        return await reply.code(304).send()
      }
      return await reply.type(`${mediaType}; charset=utf-8`).send(await write(state, links))
    })
  }

  /** Feeds are read elsewhere: where there is no PUBLIC_URL, as the client reached the service. */
  function absolute ({ protocol, host }: FastifyRequest, path: string): string {
    const origin = `${protocol}://${host}`
    return new URL(app.publicUrl(path), URL.canParse(origin) ? origin : 'http://localhost').href
  }
}

function isNotModified (
  { headers }: FastifyRequest, reply: FastifyReply, etag: string, modifiedMs: number | null
): boolean {
  reply.headers({ 'cache-control': 'private, no-cache', etag })
  if (modifiedMs !== null) reply.header('last-modified', new Date(modifiedMs).toUTCString())
  return checkPreconditions(
    { 'if-none-match': headers['if-none-match'], 'if-modified-since': headers['if-modified-since'] },
    { etag, modifiedMs: modifiedMs ?? Infinity }
  ) === 'not modified'
}

function shown ({ albumId, firstSeenMs, runId, content }: Release) {
  const { name = null, artists = null, releaseDate = null, url = null, imageUrl = null } = content ?? {}
  return { albumId, name, artists, releaseDate, url, imageUrl, firstSeenAt: new Date(firstSeenMs).toISOString(), runId }
}

export default releaseRoutes
