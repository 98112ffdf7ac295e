import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { LOCATION, PREFERENCE_APPLIED, RETRY_AFTER, json } from '../schemas/response.ts'
import { documentResponses } from '../schemas/document.ts'
import { IngestBody } from '../schemas/ingest-body.ts'
import { Pattern } from '../schemas/pattern.ts'
import { Run } from '../schemas/run.ts'
import { hasEnded } from '../services/run-record.ts'
import { sendDocument } from './download/send-document.ts'
import { chooseFormat } from './download/negotiation.ts'
import { retryAfterSeconds } from './download/retry-after.ts'
import { WaitQuery, clientGone, waitMs } from './download/wait.ts'

const KEY = '1 to 255 printable characters'

const IngestHeaders = Type.Object({
  'idempotency-key': Type.Optional(Pattern('^[\\x21-\\x7e](?:[\\x20-\\x7e]*[\\x21-\\x7e])?$', KEY, {
    minLength: 1,
    maxLength: 255,
    description: `${KEY}: for 24 hours the same key gives the same run`,
  })),
})

const INGEST_EXAMPLES = {
  newest: { summary: 'The 20 newest albums', value: { limit: 20 } },
  search: {
    summary: 'What a search finds, as it is sold in one country',
    value: { source: 'search', query: 'tag:new genre:jazz', market: 'DE', limit: 50 },
  },
  artists: {
    summary: 'The newest albums of some artists',
    value: { source: 'artists', artistIds: ['https://open.spotify.com/artist/0TnOYISbd1XYRBk9myaseg'], limit: 10 },
  },
  albums: {
    summary: 'Exactly these albums',
    value: { source: 'albums', albumIds: ['4aawyAB9vmqN3uQ7FjRGTy', 'spotify:album:1DFixLWuPkv3KT3TnV35m3'] },
  },
}

const ingestRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/ingest', {
    schema: {
      operationId: 'startRun',
      tags: ['runs'],
      summary: 'Start a run',
      description: 'No body or `{}` means 100 new releases. Without an Idempotency-Key, a request equal to one that ' +
        'has not ended gives that run.',
      headers: IngestHeaders,
      querystring: WaitQuery,
      body: IngestBody,
      bodyExamples: INGEST_EXAMPLES,
      response: {
        200: {
          ...documentResponses[200],
          description: 'with ?wait: the run ended in time, and this is its document',
          headers: { ...documentResponses[200].headers, ...LOCATION, ...PREFERENCE_APPLIED },
        },
        202: json(
          Run,
          'the run, safe on disk: from now on no crash loses it',
          { ...LOCATION, ...RETRY_AFTER, ...PREFERENCE_APPLIED }
        ),
      },
      problems: ['not_acceptable', 'idempotency_key_reused', 'queue_full'],
    },
    preValidation: async (request) => { if (request.body === undefined) request.body = {} },
  }, async (request, reply) => {
    const ms = waitMs(request, reply)
    if (ms > 0) chooseFormat(request) // refuse what cannot be answered before it costs a run
    const value = request.headers['idempotency-key']
    const accepted = await app.runs.start(
      request.body, value === undefined ? null : { value, owner: app.clientKey(request) }
    )
    reply.header('location', app.publicUrl(`/runs/${accepted.id}`))
    const run = await app.runs.waitForEnd(accepted.id, ms, clientGone(reply, ms))
    if (ms > 0 && hasEnded(run)) return await sendDocument(app, request, reply, run)
    return await reply.code(202).header('retry-after', retryAfterSeconds(run, app.dependencies.clock.now())).send(run)
  })
}

export default ingestRoutes
