import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { PREFERENCE_APPLIED, json } from '../schemas/response.ts'
import { DocumentQuery, documentResponses } from '../schemas/document.ts'
import { RUN_UNKNOWN } from '../schemas/problem.ts'
import { Run } from '../schemas/run.ts'
import { RunParams } from '../schemas/run-id.ts'
import { sendDocument } from './download/send-document.ts'
import { WaitQuery, clientGone, waitMs } from './download/wait.ts'

const runRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/runs/latest', {
    schema: {
      operationId: 'getLatestDocument',
      tags: ['documents'],
      summary: 'The document of the newest run that has one',
      querystring: DocumentQuery,
      response: documentResponses,
      problems: ['run_not_found'],
    },
  }, async (request, reply) => await sendDocument(app, request, reply, await app.runs.latest()))

  app.get('/runs/:id/status', {
    schema: {
      operationId: 'getRun',
      tags: ['runs'],
      summary: 'A run, without its albums',
      params: RunParams,
      querystring: WaitQuery,
      response: { 200: json(Run, 'the run as it is now', PREFERENCE_APPLIED) },
      problems: RUN_UNKNOWN,
    },
  }, async (request, reply) => {
    const ms = waitMs(request, reply)
    return await app.runs.waitForEnd(request.params.id, ms, clientGone(reply, ms))
  })
}

export default runRoutes
