import fp from 'fastify-plugin'
import { createMemoryQueue } from '../services/queue/memory-queue.ts'
import { type RunManager, createRunManager } from '../services/runs/manager.ts'
import { createKeyStore } from '../services/store/key-store.ts'
import { createRunStore } from '../services/store/run-store.ts'

declare module 'fastify' {
  interface FastifyInstance {
    runs: RunManager
  }
}

/** `app.runs`: everything about runs. Without `recover`, a run of an earlier process waits until an equal one is started. */
export default fp<{ recover: boolean }>(async (app, { recover }) => {
  const { config, log, spotify } = app
  const { clock, newId, random } = app.parts
  const runs = createRunManager({
    store: await createRunStore(config.DATA_DIR, log),
    keys: await createKeyStore(config.DATA_DIR),
    queue: createMemoryQueue({ concurrency: config.RUN_CONCURRENCY, clock, log }),
    clock,
    newId,
    maxAlbums: config.MAX_ALBUMS_PER_RUN,
    retentionDays: config.RETENTION_DAYS,
    maxQueued: config.MAX_QUEUED_RUNS,
    concurrency: config.RUN_CONCURRENCY,
    log,
    ingest: { spotify, clock, random, retry: app.retryPolicy, concurrency: config.SPOTIFY_MAX_CONCURRENCY, caching: app.albumCaching },
  })
  app.decorate('runs', runs)
  app.addHook('onReady', async () => await (recover ? runs.recover() : runs.load()))
  app.addHook('preClose', async () => await runs.close())
}, { name: 'runs', dependencies: ['spotify', 'album-cache'] })
