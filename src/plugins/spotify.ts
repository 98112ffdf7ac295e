import fp from 'fastify-plugin'
import { createCall } from '../services/spotify/call.ts'
import { createEndpointMemory } from '../services/spotify/endpoint.ts'
import { createMemoryWindow } from '../services/spotify/memory-window.ts'
import { type Pacer, createPacer } from '../services/spotify/pacer.ts'
import { type SpotifyService, createSpotifyService } from '../services/spotify/spotify-service.ts'
import { type PacerState } from '../services/spotify/window.ts'
import { createPacerStore } from '../services/store/pacer-store.ts'

declare module 'fastify' {
  interface FastifyInstance {
    pacer: Pacer
    spotify: SpotifyService
  }
}

const WINDOW_MS = 30_000

/** `app.spotify`: the Web API behind the one pacer, `app.pacer`, whose pause outlives the process. */
export default fp(async (app) => {
  const { config, log } = app
  const { clock, dispatcher, random } = app.parts
  const maxWaitMs = config.SPOTIFY_MAX_WAIT_S * 1000
  const store = await createPacerStore<PacerState>(config.DATA_DIR, config.SPOTIFY_CLIENT_ID, log)
  const window = await createMemoryWindow({ callsPerWindow: config.SPOTIFY_CALLS_PER_30S, windowMs: WINDOW_MS, maxWaitMs, clock, store })
  const pacer = createPacer({ window, windowMs: WINDOW_MS, clock, store, log })
  const call = createCall({
    dispatcher,
    tokens: app.tokenManager,
    pacer,
    clock,
    random,
    retry: app.retryPolicy,
    timeoutMs: config.SPOTIFY_TIMEOUT_MS,
    maxConcurrency: config.SPOTIFY_MAX_CONCURRENCY,
    maxWaitMs,
    log,
  })
  app.decorate('pacer', pacer)
  app.decorate('spotify', createSpotifyService({ apiUrl: new URL(config.SPOTIFY_API_URL), call, memory: createEndpointMemory() }))
  app.addHook('onClose', async () => await pacer.close())
}, { name: 'spotify', dependencies: ['token-manager', 'data-dir'] })
