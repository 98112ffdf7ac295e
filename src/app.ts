import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import auth from './plugins/auth.ts'
import config from './plugins/config.ts'
import dataDir from './plugins/data-dir.ts'
import errorHandler, { answerError } from './plugins/error-handler.ts'
import parts, { type Parts } from './plugins/parts.ts'
import runs from './plugins/runs.ts'
import spotify from './plugins/spotify.ts'
import tokenManager from './plugins/token-manager.ts'
import validation from './plugins/validation.ts'
import healthRoutes from './routes/health.ts'
import ingestRoutes from './routes/ingest.ts'
import runRoutes from './routes/runs.ts'

export interface AppOptions {
  /** The environment's variables. */
  env: Record<string, string | undefined>
  /** A `.env` file to read what the environment lacks. */
  envFile?: string
  logger: FastifyBaseLogger
  /** What tests, and only they, put in place of the real thing. */
  parts?: Partial<Parts>
  /** Go on with the runs of an earlier process as soon as the app is ready; else each waits to be asked for again. */
  recover?: boolean
}

const BODY_LIMIT_BYTES = 1024 * 1024
const REQUEST_TIMEOUT_MS = 30_000

/** The service, wired and not listening. Throws `ConfigError` when the environment is wrong. */
export async function buildApp ({ env, envFile, logger, parts: given, recover = true }: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: logger,
    genReqId: () => randomUUID(),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    frameworkErrors: (error, request, reply) => { answerError(error, request, reply) },
  })
  await app.register(config, { env, envFile })
  app.log.level = app.config.LOG_LEVEL

  await app.register(errorHandler)
  await app.register(validation)
  await app.register(auth)
  await app.register(dataDir)
  await app.register(parts, { parts: given })
  await app.register(tokenManager)
  await app.register(spotify)
  await app.register(runs, { recover })

  await app.register(healthRoutes)
  await app.register(ingestRoutes)
  await app.register(runRoutes)
  return app
}
