import fp from 'fastify-plugin'
import type { Diagnosis } from '../schemas/diagnosis.ts'
import { createDiagnose } from '../services/spotify/diagnose.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** What is known of the credentials; with `refresh`, Spotify is asked before. */
    diagnose: (refresh: boolean) => Promise<Diagnosis>
  }
}

/** `app.diagnose`: how the service stands with Spotify. */
export default fp(async (app) => {
  app.decorate('diagnose', createDiagnose({
    spotify: app.spotify, tokens: app.tokenManager, pacer: app.engine.pacer, clock: app.dependencies.clock,
  }))
}, { name: 'diagnose', dependencies: ['spotify', 'token-manager', 'engine'] })
