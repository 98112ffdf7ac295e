import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { buildApp } from '../src/app.ts'

/** The OpenAPI document of the service as it is configured out of the box. */
export async function openApiDocument () {
  const dataDir = await mkdtemp(join(tmpdir(), 'ingest-openapi-'))
  const env = { SPOTIFY_CLIENT_ID: 'id', SPOTIFY_CLIENT_SECRET: 'secret', LOG_LEVEL: 'silent', DATA_DIR: dataDir }
  const app = await buildApp({ env, logger: pino({ level: 'silent' }), recover: false })
  try {
    await app.ready()
    return app.swagger()
  } finally {
    await app.close()
    await rm(dataDir, { recursive: true })
  }
}
