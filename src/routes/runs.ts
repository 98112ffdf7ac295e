import { type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { DocumentQuery, documentResponses } from '../schemas/document.ts'
import { Run } from '../schemas/run.ts'
import { RunParams } from '../schemas/run-id.ts'
import { sendDocument } from './document.ts'
import { WaitQuery, clientGone, waitMs } from './wait.ts'

const runRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/runs/latest', {
    schema: { summary: 'The document of the newest run that has one', querystring: DocumentQuery, response: documentResponses },
  }, async (request, reply) => await sendDocument(app, request, reply, await app.runs.latest()))

  app.get('/runs/:id/status', {
    schema: { summary: 'A run, without its albums', params: RunParams, querystring: WaitQuery, response: { 200: Run } },
  }, async (request, reply) => await app.runs.waitForEnd(request.params.id, waitMs(request, reply), clientGone(reply)))
}

export default runRoutes
