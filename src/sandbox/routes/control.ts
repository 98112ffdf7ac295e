import type { FastifyError, FastifyInstance } from 'fastify'
import { SettingsError } from '../settings/check-settings.ts'
import type { World } from '../calls/sandbox.ts'
import type { SandboxSettings } from '../settings/settings.ts'

/** Registers what Spotify does not have: settings, statistics and the true catalogue, for HTTP clients. */
export function controlRoutes (app: FastifyInstance, world: World): void {
  app.setErrorHandler<FastifyError | SettingsError>((error, _request, reply) => {
    const status = error instanceof SettingsError ? 400 : error.statusCode ?? 500
    const problem = error instanceof SettingsError
      ? { title: 'Bad Request', code: 'invalid_settings', detail: error.message, problems: error.problems }
      : { title: 'Error', code: error.code, detail: error.message }
    return reply.code(status).type('application/problem+json').send({ type: 'about:blank', status, ...problem })
  })

  app.get('/settings', () => world.settings)
  app.put('/settings', (request) => {
    world.change(request.body as Partial<SandboxSettings>)
    return world.settings
  })
  app.delete('/settings', (_request, reply) => {
    world.reset()
    return reply.code(204).send()
  })

  app.get('/stats', () => world.stats())
  app.delete('/stats', (_request, reply) => {
    world.resetStats()
    return reply.code(204).send()
  })

  app.get('/catalogue', () => {
    const { seed, ids, newReleases, searchOrder } = world.catalogue
    return { seed, albums: ids.map((id) => ({ id, tracks: world.catalogue.trackTotal(id) })), newReleases, searchOrder }
  })
}
