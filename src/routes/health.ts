import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ServiceError } from '../errors.ts'
import { json } from '../schemas/response.ts'
import { Health } from '../schemas/health.ts'
import { createRecent } from '../services/recent.ts'
import { storageFailed } from '../services/store/storage-failure.ts'

/** Anyone may ask, as often as they like; what it costs is paid once in this time. */
const PROBE_EVERY_MS = 1000

const healthRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const readiness = createRecent(async () => {
    try {
      await app.runs.probe()
    } catch (cause) {
      throw cause instanceof ServiceError ? cause : storageFailed('nothing can be stored', cause)
    }
    return { status: 'ok' as const }
  }, { maxAgeMs: PROBE_EVERY_MS, monotonic: app.dependencies.clock.monotonic })

  app.get('/health/live', {
    logLevel: 'warn',
    schema: {
      operationId: 'isLive',
      tags: ['service'],
      summary: 'Whether the process answers',
      response: { 200: json(Health, 'the process answers') },
    },
  }, async () => ({ status: 'ok' as const }))

  app.get('/health/ready', {
    logLevel: 'warn',
    schema: {
      operationId: 'isReady',
      tags: ['service'],
      summary: 'Whether runs can be started: what a load balancer asks',
      response: { 200: json(Health, 'runs can be started') },
      problems: ['storage_failed', 'starting'],
    },
  }, async () => await readiness())
}

export default healthRoutes
