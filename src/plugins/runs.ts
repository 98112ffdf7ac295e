import fp from 'fastify-plugin'
import { createReleaseRecorder } from '../services/releases/recorder.ts'
import { type Releases, createReleases } from '../services/releases/releases.ts'
import { type RunManager, createRunManager } from '../services/runs/manager.ts'
import { createDocumentStore } from '../services/store/documents/document-store.ts'
import { createQuality } from '../services/quality/quality.ts'
import { createOwners } from '../services/store/owner.ts'
import { createReportStore } from '../services/store/report-store.ts'
import { createReleaseStore } from '../services/store/release-store.ts'
import { createRunStore } from '../services/store/run-store.ts'
import { createTimelineStore } from '../services/store/timeline-store.ts'

declare module 'fastify' {
  interface FastifyInstance {
    runs: RunManager
    releases: Releases
  }
}

/**
 * `app.runs`: everything about runs; `app.releases`: what their documents were the first to have. Without `recover`, a
 * run of an earlier process waits until an equal one is started.
 */
export default fp<{ recover: boolean }>(async (app, { recover }) => {
  const { config, spotify, engine: { database, queue } } = app
  const { clock, newId, random } = app.dependencies
  const owners = createOwners()
  const log = database.kind === 'postgresql' ? app.log.child({ replica: owners.name }) : app.log
  const store = createRunStore(database, owners, log)
  const documents = await createDocumentStore(config.DATA_DIR, database, log)
  const releases = createReleaseStore(database)
  const runs = createRunManager({
    database,
    store,
    documents,
    quality: createQuality(createReportStore(database)),
    timelines: createTimelineStore(database),
    releases: createReleaseRecorder({ releases, store, documents, monotonicMs: clock.monotonic, log }),
    queue,
    executes: config.ROLE !== 'api',
    clock,
    newId,
    maxAlbums: config.MAX_ALBUMS_PER_RUN,
    market: config.SPOTIFY_MARKET === '' ? null : config.SPOTIFY_MARKET,
    retentionDays: config.RETENTION_DAYS,
    maxStoredRuns: config.MAX_STORED_RUNS,
    maxQueued: config.MAX_QUEUED_RUNS,
    concurrency: config.RUN_CONCURRENCY,
    log,
    resumesPaused: recover,
    ingest: {
      spotify,
      clock,
      random,
      retry: app.retryPolicy,
      concurrency: config.SPOTIFY_MAX_CONCURRENCY,
      caching: app.albumCaching,
    },
  })
  let recovering = Promise.resolve()
  app.decorate('runs', runs)
  app.decorate('releases', createReleases(releases, clock.now))
  app.addHook('onReady', async () => { recovering = runs.recover(recover) })
  app.addHook('preClose', async () => {
    await runs.close()
    await recovering
    owners.close()
  })
}, { name: 'runs', dependencies: ['spotify', 'album-cache'] })
