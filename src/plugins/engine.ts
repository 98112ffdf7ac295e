import fp from 'fastify-plugin'
import { type Engine, createEngine } from '../services/engine/engine.ts'

declare module 'fastify' {
  interface FastifyInstance {
    engine: Engine
  }
}

/** `app.engine`: the store in DATA_DIR, the queue, the pacer, and who knows which run. */
export default fp(async (app) => {
  const { config, log } = app
  const engine = await createEngine({
    dataDir: config.DATA_DIR,
    redisUrl: config.REDIS_URL,
    account: config.RATE_LIMIT_KEY === '' ? config.SPOTIFY_CLIENT_ID : config.RATE_LIMIT_KEY,
    callsPerWindow: config.SPOTIFY_CALLS_PER_30S,
    maxWaitMs: config.SPOTIFY_MAX_WAIT_S * 1000,
    longestCallMs: 2 * config.SPOTIFY_TIMEOUT_MS, // its token may have to be renewed first
    concurrency: config.RUN_CONCURRENCY,
    clock: app.parts.clock,
    log,
  })
  app.decorate('engine', engine)
  app.addHook('onClose', async () => await engine.close())
}, { name: 'engine', dependencies: ['parts', 'data-dir'] })
