import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import fp from 'fastify-plugin'

/** DATA_DIR, made where it is missing. */
export default fp(async ({ config: { DATA_DIR: dataDir }, log }) => {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  if (existsSync(join(dataDir, 'runs')) && !existsSync(join(dataDir, 'service.db'))) {
    log.warn({ folder: join(dataDir, 'runs') }, 'DATA_DIR has runs of an earlier version, which this one does not ' +
      'read; its documents are JSON files in the folder runs')
  }
}, { name: 'data-dir', dependencies: ['config'] })
