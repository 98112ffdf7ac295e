import { type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { IngestBody, Run } from '../schemas/run.ts'
import { retryAfterSeconds } from './retry-after.ts'

const ingestRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/ingest', {
    schema: { body: IngestBody, response: { 202: Run } },
    preValidation: async (request) => { request.body ??= {} },
  }, async (request, reply) => {
    const run = await app.runs.start(request.body)
    return await reply.code(202).headers({ location: `/runs/${run.id}`, 'retry-after': retryAfterSeconds(run, app.parts.clock.now()) }).send(run)
  })
}

export default ingestRoutes
