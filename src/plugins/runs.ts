import fp from 'fastify-plugin'
import { type RunManager, createRunManager } from '../services/runs/manager.ts'

declare module 'fastify' {
  interface FastifyInstance {
    runs: RunManager
  }
}

/**
 * `app.runs`: everything about runs. Without `recover`, a run of an earlier process waits until an equal one is
 * started; a replica goes on with all of them in any case, since the others do.
 */
export default fp<{ recover: boolean }>(async (app, { recover }) => {
  const { config, engine, spotify } = app
  const { clock, newId, random } = app.parts
  const log = engine.replica === null ? app.log : app.log.child({ replica: engine.replica })
  const runs = createRunManager({
    store: engine.store,
    keys: engine.keys,
    queue: engine.queue,
    roster: engine.roster,
    executes: config.ROLE !== 'api',
    clock,
    newId,
    maxAlbums: config.MAX_ALBUMS_PER_RUN,
    market: config.SPOTIFY_MARKET === '' ? null : config.SPOTIFY_MARKET,
    retentionDays: config.RETENTION_DAYS,
    maxQueued: config.MAX_QUEUED_RUNS,
    concurrency: config.RUN_CONCURRENCY,
    log,
    resumesPaused: recover,
    ingest: { spotify, clock, random, retry: app.retryPolicy, concurrency: config.SPOTIFY_MAX_CONCURRENCY, caching: app.albumCaching },
  })
  app.decorate('runs', runs)
  app.addHook('onReady', async () => await (recover || engine.replica !== null ? runs.recover() : runs.load()))
  app.addHook('preClose', async () => await runs.close())
}, { name: 'runs', dependencies: ['spotify', 'album-cache'] })
