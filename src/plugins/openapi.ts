import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fp from 'fastify-plugin'
import { PROBLEM_TYPE, Problem } from '../schemas/problem.ts'

/** `GET /openapi.json` from the schemas that validate, and `GET /docs`, a page to try it. */
export default fp(async (app) => {
  app.addHook('onSend', async (request, reply) => { reply.header('x-request-id', request.id) })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'album-release-ingest', version: '0.1.0', description: 'Ingests new album releases and every track of each album from the Spotify Web API.' },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' } } },
    },
  })
  await app.register(swaggerUi, { routePrefix: '/docs' })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}, { name: 'openapi', dependencies: ['protection'] })
void PROBLEM_TYPE
void Problem
