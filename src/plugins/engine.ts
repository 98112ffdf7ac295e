import fp from 'fastify-plugin'
import { accountOf } from '../config.ts'
import type { Engine } from '../services/engine/contract.ts'
import { createEngine } from '../services/engine/engine.ts'

declare module 'fastify' {
  interface FastifyInstance {
    engine: Engine
  }
}

/** `app.engine`: the database, the queue, and the pacer. */
export default fp(async (app) => {
  const { config, log } = app
  const engine = await createEngine({
    dataDir: config.DATA_DIR,
    databaseUrl: config.DATABASE_URL,
    databaseSchema: config.DATABASE_SCHEMA,
    account: accountOf(config),
    callsPerWindow: config.SPOTIFY_CALLS_PER_30S,
    maxWaitMs: app.retryPolicy.maxWaitMs,
    longestCallMs: 2 * config.SPOTIFY_TIMEOUT_MS, // its token may have to be renewed first
    concurrency: config.RUN_CONCURRENCY,
    clock: app.dependencies.clock,
    log,
  })
  app.decorate('engine', engine)
  app.addHook('onClose', async () => await engine.close())
}, { name: 'engine', dependencies: ['dependencies', 'data-dir'] })
