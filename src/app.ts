import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import albumCache from './plugins/album-cache.ts'
import { trustedProxies } from './config.ts'
import auth from './plugins/auth.ts'
import configPlugin, { loadConfig } from './plugins/config.ts'
import connections from './plugins/connections.ts'
import credentialCheck from './plugins/credential-check.ts'
import dataDir from './plugins/data-dir.ts'
import diagnose from './plugins/diagnose.ts'
import engine from './plugins/engine.ts'
import errorHandler, { answerClientError, answerError } from './plugins/error-handler.ts'
import forms from './plugins/forms.ts'
import openapi from './plugins/openapi.ts'
import originGuard from './plugins/origin-guard.ts'
import dependencies, { type Dependencies } from './plugins/dependencies.ts'
import protection from './plugins/protection.ts'
import publicUrl from './plugins/public-url.ts'
import runs from './plugins/runs.ts'
import securityHeaders from './plugins/security-headers.ts'
import shutdown from './plugins/shutdown.ts'
import spotify from './plugins/spotify.ts'
import streams from './plugins/streams.ts'
import tokenManager from './plugins/token-manager.ts'
import validation from './plugins/validation.ts'
import { toJson } from './printable.ts'
import { RequestLog } from './logging/request-log.ts'
import contractRoutes from './routes/contract.ts'
import diagnoseRoutes from './routes/diagnose.ts'
import documentRoutes from './routes/download/send-document.ts'
import healthRoutes from './routes/health.ts'
import ingestRoutes from './routes/ingest.ts'
import pageRoutes from './routes/page.ts'
import releaseRoutes from './routes/releases.ts'
import runActionRoutes from './routes/run-actions.ts'
import runChangesRoutes from './routes/run-changes.ts'
import runEventRoutes from './routes/run-events.ts'
import runListRoutes from './routes/run-list.ts'
import runQualityRoutes from './routes/run-quality.ts'
import runReadyRoutes from './routes/run-ready.ts'
import runTimelineRoutes from './routes/run-timeline.ts'
import runRoutes from './routes/runs.ts'
import tableRoutes from './routes/tables.ts'

export interface AppOptions {
  /** The environment's variables. */
  env: Record<string, string | undefined>
  /** A `.env` file to read what the environment lacks. */
  envFile?: string
  logger: FastifyBaseLogger
  /** Replacements for the real clock, ids and connections: for tests, and for the notebook's fixed clock. */
  dependencies?: Partial<Dependencies>
  /** Go on with the runs of an earlier process as soon as the app is ready; else each waits to be asked for again. */
  recover?: boolean
}

/**
 * The client's own id of a request, where it sends one that is fit for a log, follows it through. Its key is not fit.
 */
function requestIdOf ({ headers }: { headers: Record<string, unknown> }): string {
  const given = headers['x-request-id']
  if (typeof given !== 'string' || !/^[\w.:+/=-]{1,128}$/.test(given)) return randomUUID()
  return [headers['authorization'], headers['x-api-key']].some((credential) => String(credential).includes(given))
    ? randomUUID()
    : given
}

/**
 * A serializer made of a route's schema would be compiled while its first client waits; the tests check every answer
 * against its schema instead.
 */
const PLAIN_JSON = { compilersFactory: { buildSerializer: () => () => toJson } }

const BODY_LIMIT_BYTES = 64 * 1024
const REQUEST_TIMEOUT_MS = 30_000

/** The service, wired and not listening. Throws `ConfigError` when the environment is wrong. */
export async function buildApp (
  { env, envFile, logger, dependencies: given, recover = true }: AppOptions
): Promise<FastifyInstance> {
  const config = await loadConfig({ env, envFile })
  const app = Fastify({
    loggerInstance: logger,
    requestIdHeader: false,
    genReqId: requestIdOf,
    bodyLimit: BODY_LIMIT_BYTES,
    pluginTimeout: 0, // a slow machine takes its time to start: nothing ends the process because of that
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: config.KEEP_ALIVE_S * 1000,
    http: { headersTimeout: REQUEST_TIMEOUT_MS },
    trustProxy: trustedProxies(config),
    forceCloseConnections: true,
    return503OnClosing: false,
    schemaController: PLAIN_JSON,
    logController: new RequestLog(),
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => { answerError(error, request, reply) },
  })
  await app.register(configPlugin, { config })
  app.log.level = app.config.LOG_LEVEL
  const servesRuns = app.config.ROLE !== 'worker'
  app.addHook('onSend', async (request, reply) => { reply.header('x-request-id', request.id) })

  await app.register(errorHandler)
  await app.register(securityHeaders)
  await app.register(publicUrl)
  await app.register(connections)
  await app.register(shutdown)
  await app.register(validation)
  await app.register(originGuard)
  await app.register(streams)
  await app.register(protection)
  await app.register(auth)
  await app.register(forms)
  if (servesRuns) await app.register(openapi)
  await app.register(dataDir)
  await app.register(dependencies, { dependencies: given })
  await app.register(engine)
  await app.register(tokenManager)
  await app.register(credentialCheck)
  await app.register(spotify)
  await app.register(diagnose)
  await app.register(albumCache)
  await app.register(runs, { recover })

  await app.register(healthRoutes)
  if (!servesRuns) return app
  await app.register(ingestRoutes)
  await app.register(runListRoutes)
  await app.register(documentRoutes)
  await app.register(runRoutes)
  await app.register(runReadyRoutes)
  await app.register(runQualityRoutes)
  await app.register(runTimelineRoutes)
  await app.register(runEventRoutes)
  await app.register(runActionRoutes)
  await app.register(tableRoutes)
  await app.register(contractRoutes)
  await app.register(runChangesRoutes)
  await app.register(releaseRoutes)
  await app.register(diagnoseRoutes)
  await app.register(pageRoutes)
  return app
}
