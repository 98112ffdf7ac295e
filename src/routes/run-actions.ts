import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { LOCATION, RETRY_AFTER, json } from '../schemas/response.ts'
import { RUN_UNKNOWN } from '../schemas/problem.ts'
import { Run } from '../schemas/run.ts'
import { RunParams } from '../schemas/run-id.ts'
import { retryAfterSeconds } from './download/retry-after.ts'

const runActionRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/runs/:id/cancel', {
    schema: {
      operationId: 'cancelRun',
      tags: ['runs'],
      summary: 'End a run with what it has',
      params: RunParams,
      response: { 200: json(Run, 'the run, which has ended') },
      problems: [...RUN_UNKNOWN, 'run_finished'],
    },
  }, async ({ params }) => await app.runs.cancel(params.id))

  app.post('/runs/:id/resume', {
    schema: {
      operationId: 'resumeRun',
      tags: ['runs'],
      summary: 'Let a run that ended partial, failed or canceled go on for what is missing',
      params: RunParams,
      response: { 202: json(Run, 'the run, which goes on', { ...LOCATION, ...RETRY_AFTER }) },
      problems: [...RUN_UNKNOWN, 'run_not_resumable', 'queue_full'],
    },
  }, async ({ params }, reply) => {
    const run = await app.runs.resume(params.id)
    return await reply.code(202).headers({
      location: app.publicUrl(`/runs/${run.id}`),
      'retry-after': retryAfterSeconds(run, app.dependencies.clock.now()),
    }).send(run)
  })

  app.delete('/runs/:id', {
    schema: {
      operationId: 'deleteRun',
      tags: ['runs'],
      summary: 'Delete a run that has ended, and its files',
      params: RunParams,
      response: { 204: Type.Null({ description: 'it is gone' }) },
      problems: [...RUN_UNKNOWN, 'run_not_finished'],
    },
  }, async ({ params }, reply) => {
    await app.runs.remove(params.id)
    return await reply.code(204).send(null)
  })
}

export default runActionRoutes
