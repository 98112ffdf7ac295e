import fp from 'fastify-plugin'
import { accountOf } from '../config.ts'
import type { Pause } from '../services/spotify/pacing/pause.ts'
import { type TokenManager, createTokenManager } from '../services/spotify/auth/token-manager.ts'
import { createStateStore } from '../services/store/state-store.ts'

declare module 'fastify' {
  interface FastifyInstance {
    tokenManager: TokenManager
  }
}

/** `app.tokenManager`: the one access token of the process. */
export default fp(async (app) => {
  const { config, dependencies } = app
  const tokenManager = createTokenManager({
    clientId: config.SPOTIFY_CLIENT_ID,
    clientSecret: config.SPOTIFY_CLIENT_SECRET,
    tokenUrl: new URL(config.SPOTIFY_TOKEN_URL),
    timeoutMs: config.SPOTIFY_TIMEOUT_MS,
    answers: app.answers,
    retry: app.retryPolicy,
    dispatcher: dependencies.dispatcher,
    clock: dependencies.clock,
    random: dependencies.random,
    pauses: createStateStore<Pause>(app.engine.database, 'token-pause', accountOf(config), app.log),
    log: app.log,
  })
  app.decorate('tokenManager', tokenManager)
  app.addHook('onClose', async () => tokenManager.close())
}, { name: 'token-manager', dependencies: ['dependencies', 'engine'] })
