import fp from 'fastify-plugin'
import { createMemoryQueue } from '../services/queue/memory-queue.ts'
import { type RunManager, createRunManager } from '../services/runs/manager.ts'
import { createRunStore } from '../services/store/run-store.ts'

declare module 'fastify' {
  interface FastifyInstance {
    runs: RunManager
  }
}

/** `app.runs`: everything about runs. `recover: false` leaves runs of an earlier process alone until they are asked for. */
export default fp<{ recover: boolean }>(async (app, { recover }) => {
  const { config, log, spotify } = app
  const { clock, newId, random } = app.parts
  const runs = createRunManager({
    store: await createRunStore(config.DATA_DIR, log),
    queue: createMemoryQueue({ concurrency: config.RUN_CONCURRENCY, clock, log }),
    clock,
    newId,
    maxAlbums: config.MAX_ALBUMS_PER_RUN,
    maxQueued: config.MAX_QUEUED_RUNS,
    concurrency: config.RUN_CONCURRENCY,
    log,
    ingest: { spotify, clock, random, retry: app.retryPolicy, concurrency: config.SPOTIFY_MAX_CONCURRENCY },
  })
  app.decorate('runs', runs)
  app.addHook('onReady', async () => { if (recover) await runs.recover() })
  app.addHook('preClose', async () => await runs.close())
}, { name: 'runs', dependencies: ['spotify'] })
