import fp from 'fastify-plugin'
import { type CallContext, createCall } from '../services/spotify/call.ts'
import { type CapabilitiesSnapshot, createCapabilities } from '../services/spotify/capabilities.ts'
import { createSemaphore } from '../services/spotify/semaphore.ts'
import { type SpotifyClient, createSpotifyClient } from '../services/spotify/client.ts'
import { createStateStore } from '../services/store/state-store.ts'

declare module 'fastify' {
  interface FastifyInstance {
    spotify: SpotifyClient
  }
}

/** `app.spotify`: the Web API behind the engine's pacer. */
export default fp(async (app) => {
  const { config, log } = app
  const { clock, dispatcher, random } = app.dependencies
  const { tokenManager: tokens, engine: { pacer } } = app
  const call = createCall({
    dispatcher,
    tokens,
    pacer,
    clock,
    random,
    retry: app.retryPolicy,
    timeoutMs: config.SPOTIFY_TIMEOUT_MS,
    log,
  })
  const semaphore = createSemaphore({
    slots: config.SPOTIFY_MAX_CONCURRENCY, answers: app.answers, waiting: pacer.waiting,
  })
  async function ready ({ signal, cost }: CallContext): Promise<void> {
    await pacer.throwIfPaused()
    await tokens.get(signal).finally(cost.wait(tokens.waiting))
  }
  const apiUrl = new URL(config.SPOTIFY_API_URL)
  const scope = JSON.stringify([apiUrl.href, config.SPOTIFY_CLIENT_ID])
  const store = createStateStore<CapabilitiesSnapshot>(app.engine.database, 'capabilities', scope, log)
  const memory = createCapabilities({ scope, now: clock.now, store, log })
  await memory.refresh().catch((error: unknown) => log.warn({ err: error }, 'capabilities cannot be read yet'))
  app.addHook('onClose', async () => await memory.flush())
  app.decorate('spotify', createSpotifyClient({ apiUrl, call, semaphore, memory, ready }))
}, { name: 'spotify', dependencies: ['token-manager', 'engine'] })
