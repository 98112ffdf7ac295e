import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fp from 'fastify-plugin'
import type { Problems } from '../schemas/problem.ts'
import { type JsonObject, withComponents } from '../schemas/openapi/components.ts'
import { describeOperation } from '../schemas/openapi/operation.ts'
import { VERSION } from '../version.ts'

declare module 'fastify' {
  interface FastifySchema {
    /** Why the route may refuse, besides the reasons that every route has. */
    problems?: Problems
    /** Bodies to try, by name. */
    bodyExamples?: Record<string, { summary: string, value: unknown }>
  }
}

const DESCRIPTION = `Ingests new album releases and every track of each album from the Spotify Web API.

\`POST /ingest\` starts a run, \`GET /runs/{id}\` gives its document once it has ended. Errors are problem documents (RFC 9457) with a stable \`code\`.`

const TAGS = [
  { name: 'runs', description: 'Start runs, see how they go, end them' },
  { name: 'documents', description: 'What runs leave: albums with all their tracks' },
  { name: 'tables', description: 'Documents as typed tables, and the contract on them' },
  { name: 'releases', description: 'What documents were the first to have' },
  { name: 'service', description: 'The service itself' },
]

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'one of API_KEYS, where the service has any' },
  apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'the same in a header of its own' },
} as const

/**
 * Helmet's policy without `upgrade-insecure-requests`: on plain HTTP it would have the page ask for its parts over
 * HTTPS.
 */
const DOCS_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; img-src 'self' " +
  "data:; object-src 'none'; script-src 'self'; script-src-attr 'none'; style-src 'self' 'unsafe-inline'"

/** `GET /openapi.json`, from the schemas that validate, and `GET /docs`, a page to try it. */
export default fp(async (app) => {
  const keys = [{ bearer: [] }, { apiKey: [] }]
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'album-release-ingest',
        version: VERSION,
        description: DESCRIPTION,
        license: { name: 'MIT', identifier: 'MIT' } as { name: string },
      },
      servers: [{ url: app.publicUrl('') || '/' }],
      tags: TAGS,
      security: app.config.API_KEYS === '' ? [{}, ...keys] : keys,
      components: { securitySchemes: SECURITY_SCHEMES },
    },
    convertConstToEnum: false,
    transform: ({ schema = {}, url, route }) =>
      ({ url, schema: schema.hide === true ? schema : describeOperation(schema, String(route.method), url) }),
    transformObject: (made) => finish(
      ('openapiObject' in made ? made.openapiObject : made.swaggerObject) as JsonObject, app.config.MAX_ALBUMS_PER_RUN
    ),
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    indexPrefix: app.config.PUBLIC_URL === '' ? '' : new URL(app.publicUrl('')).pathname.replace(/\/$/, ''),
    staticCSP: DOCS_POLICY,
    uiConfig: { validatorUrl: null, displayRequestDuration: true, tryItOutEnabled: true },
    theme: { title: 'album-release-ingest' },
  })

  app.get('/openapi.json', {
    schema: {
      operationId: 'getOpenApi',
      tags: ['service'],
      summary: 'This description, as OpenAPI 3.1',
      response: {
        200: {
          description: 'the OpenAPI document',
          content: { 'application/json': { schema: { type: 'object', additionalProperties: true } } },
        }
      },
    },
  }, async () => app.swagger())
}, { name: 'openapi', dependencies: ['public-url', 'protection'] })

interface Operation {
  requestBody?: { required: boolean }
  responses: Record<string, { headers?: Record<string, { required?: boolean, schema: { required?: boolean } }> }>
}

/**
 * What the plugin cannot know: named components, bodies that may be left out, headers that are always there, this
 * service's limit.
 */
function finish (made: JsonObject, maxAlbums: number): JsonObject {
  const document = withComponents(made)
  for (const operation of Object.values(document['paths'] as Record<string, Record<string, Operation>>).flatMap(
    (path) => Object.values(path)
  )) {
    if (operation.requestBody !== undefined) operation.requestBody.required = false
    for (const header of Object.values(operation.responses).flatMap(({ headers = {} }) => Object.values(headers))) {
      if (header.schema.required === true) header.required = true
      delete header.schema.required
    }
  }
  const { IngestBody } = document.components.schemas as { IngestBody?: { properties: { limit: JsonObject } } }
  if (IngestBody !== undefined) IngestBody.properties.limit['maximum'] = maxAlbums
  return document
}
