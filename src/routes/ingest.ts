import { type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { documentResponses } from '../schemas/document.ts'
import { IngestBody, Run } from '../schemas/run.ts'
import { sendDocument } from './document.ts'
import { retryAfterSeconds } from './retry-after.ts'
import { WaitQuery, clientGone, waitMs } from './wait.ts'

const IngestHeaders = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e](?:[\\x20-\\x7e]*[\\x21-\\x7e])?$', description: '1 to 255 printable characters: for 24 hours the same key gives the same run' })),
})

const ingestRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/ingest', {
    schema: {
      summary: 'Start a run',
      description: 'Without an Idempotency-Key, a request equal to one that has not ended gives that run.',
      headers: IngestHeaders,
      querystring: WaitQuery,
      body: IngestBody,
      response: { ...documentResponses, 202: Run },
    },
    preValidation: async (request) => { request.body ??= {} },
  }, async (request, reply) => {
    const accepted = await app.runs.start(request.body, request.headers['idempotency-key'] ?? null)
    reply.header('location', `/runs/${accepted.id}`)
    const ms = waitMs(request, reply)
    const run = await app.runs.waitForEnd(accepted.id, ms, clientGone(reply))
    if (ms > 0 && run.finishedAt !== null) return await sendDocument(app, request, reply, run)
    return await reply.code(202).header('retry-after', retryAfterSeconds(run, app.parts.clock.now())).send(run)
  })
}

export default ingestRoutes
