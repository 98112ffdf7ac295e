import { type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { json } from '../schemas/answer.ts'
import { Diagnosis } from '../schemas/diagnosis.ts'
import { createDiagnose } from '../services/spotify/diagnose.ts'

const diagnoseRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const diagnose = createDiagnose({ spotify: app.spotify, tokens: app.tokenManager, pacer: app.engine.pacer, clock: app.parts.clock })

  app.get('/diagnose', {
    schema: {
      operationId: 'diagnose',
      tags: ['service'],
      summary: 'What these credentials can do, found by asking Spotify; cached for 60 s, but for what is said of Redis',
      response: { 200: json(Diagnosis, 'what was found') },
    },
  }, async () => {
    const { redis } = await app.engine.health()
    return { ...await diagnose(redis !== 'unreachable'), redis }
  })
}

export default diagnoseRoutes
