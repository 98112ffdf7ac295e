import { type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { json } from '../schemas/answer.ts'
import { Diagnosis } from '../schemas/diagnosis.ts'
import { createDiagnose } from '../services/spotify/diagnose.ts'

const diagnoseRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const diagnose = createDiagnose({ spotify: app.spotify, tokens: app.tokenManager, pacer: app.pacer, clock: app.parts.clock })

  app.get('/diagnose', {
    schema: {
      operationId: 'diagnose',
      tags: ['service'],
      summary: 'What these credentials can do, found by asking Spotify; cached for 60 s',
      response: { 200: json(Diagnosis, 'what was found') },
    },
  }, async () => await diagnose())
}

export default diagnoseRoutes
