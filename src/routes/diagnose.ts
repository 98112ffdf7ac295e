import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { json } from '../schemas/response.ts'
import { DiagnoseQuery, Diagnosis } from '../schemas/diagnosis.ts'

const diagnoseRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/diagnose', {
    schema: {
      operationId: 'diagnose',
      tags: ['service'],
      summary: 'What these credentials can do, as far as that is known',
      description: 'Runs find out what an app may do, and so does `?refresh=true`, which asks Spotify. What is known ' +
        'is forgotten after 24 hours: a change of tier is noticed then, or by `?refresh=true`.',
      querystring: DiagnoseQuery,
      response: { 200: json(Diagnosis, 'what is known, and for how long') },
    },
  }, async ({ query }) => await app.diagnose(query.refresh))
}

export default diagnoseRoutes
