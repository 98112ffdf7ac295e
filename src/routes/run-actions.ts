import { type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { Run } from '../schemas/run.ts'
import { RunParams } from '../schemas/run-id.ts'
import { retryAfterSeconds } from './retry-after.ts'

const runActionRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/runs/:id/cancel', {
    schema: { summary: 'End a run with what it has', params: RunParams, response: { 200: Run } },
  }, async ({ params }) => await app.runs.cancel(params.id))

  app.post('/runs/:id/resume', {
    schema: { summary: 'Let a run that ended partial, failed or canceled go on for what is missing', params: RunParams, response: { 202: Run } },
  }, async ({ params }, reply) => {
    const run = await app.runs.resume(params.id)
    return await reply.code(202).headers({ location: `/runs/${run.id}`, 'retry-after': retryAfterSeconds(run, app.parts.clock.now()) }).send(run)
  })

  app.delete('/runs/:id', {
    schema: { summary: 'Delete a run that has ended, and its files', params: RunParams, response: { 204: Type.Null() } },
  }, async ({ params }, reply) => {
    await app.runs.remove(params.id)
    return await reply.code(204).send(null)
  })
}

export default runActionRoutes
