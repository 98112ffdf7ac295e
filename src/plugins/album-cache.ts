import fp from 'fastify-plugin'
import type { CachedAlbum } from '../services/ingest/cached-album.ts'
import type { AlbumCaching } from '../services/ingest/album-reuse.ts'
import { createAlbumCache } from '../services/store/album-cache.ts'

declare module 'fastify' {
  interface FastifyInstance {
    albumCaching: AlbumCaching | null
  }
}

const HOUR_MS = 3_600_000

/** Many days of new releases, and less than the documents of a month. */
const MOST_ALBUMS = 20_000
const MOST_BYTES = 512 * 1024 * 1024

/** `app.albumCaching`: the albums that runs share, in the database; null where it is off. */
export default fp(async (app) => {
  const { config, log } = app
  const maxAgeMs = config.ALBUM_CACHE_HOURS * HOUR_MS
  const store = createAlbumCache<CachedAlbum>({
    database: app.engine.database,
    maxAgeMs,
    maxEntries: MOST_ALBUMS,
    maxBytes: MOST_BYTES,
    clock: app.dependencies.clock,
    log,
  })
  app.decorate('albumCaching', maxAgeMs === 0 ? null : { store, maxAgeMs, log })
  if (maxAgeMs === 0) {
    app.addHook('onReady', async () => {
      void store.sweep().catch((error: unknown) => log.warn({ err: error }, 'cached albums cannot be deleted'))
    })
  }
  app.addHook('onClose', async () => await store.close())
}, { name: 'album-cache', dependencies: ['engine'] })
