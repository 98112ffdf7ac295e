import type { FastifySchema } from 'fastify'
import { StoredDocument } from '../document.ts'
import { NO_BODY } from '../nothing.ts'
import { StoredJson, TracksByAlbum } from '../stored-document.ts'
import type { JsonObject } from './components.ts'
import { commonProblems, refusals } from './refusals.ts'

type Properties = { properties?: JsonObject }

/** Headers that a route obeys and that no schema checks: what is wrong in them is passed over, as HTTP wants it. */
const PREFER = {
  prefer: { type: 'string', description: '`wait=SECONDS` (RFC 7240): the same as ?wait=, cut to what is allowed' },
}
const CONDITIONAL = {
  'if-none-match': { type: 'string', description: 'the `ETag` that the client has: 304 where it is still the same' },
  range: { type: 'string', description: '`bytes=FIRST-LAST`: 206 and that part, of format json' },
}
const REQUEST_ID = {
  'x-request-id': { type: 'string', description: "the request's own, or a new one", required: true },
}

/**
 * A route's schema as the documentation shows it: with all that is the same for every route, and without what only the
 * validator needs.
 */
export function describeOperation (schema: FastifySchema, method: string, url: string): FastifySchema {
  const { problems = [], bodyExamples, body, headers, ...rest } = schema
  const isProbe = url.startsWith('/health/')
  const response = { ...schema.response as object, ...refusals(problems, commonProblems(method, isProbe)) }
  return {
    ...rest,
    ...(body === undefined || body === NO_BODY ? {} : { body: { ...body as object, 'x-examples': bodyExamples } }),
    headers: {
      type: 'object',
      properties: { ...(headers as Properties | undefined)?.properties, ...documentedHeaders(schema) },
    },
    response: Object.fromEntries(
      Object.entries(response).map(([status, answer]) => [status, describeAnswer(answer as JsonObject)])
    ),
    ...(isProbe ? { security: [] } : {}),
  }
}

function documentedHeaders ({ querystring, response }: FastifySchema): JsonObject {
  const { properties = {} } = querystring as Properties | undefined ?? {}
  return {
    ...('wait' in properties ? PREFER : {}),
    ...(304 in (response as object | undefined ?? {}) ? CONDITIONAL : {}),
  }
}

/** Documents are sent as they are stored, so that their routes name no schema for them; who reads them needs one. */
function describeAnswer (answer: JsonObject): JsonObject {
  const described = { ...answer, headers: { ...answer['headers'] as object, ...REQUEST_ID } }
  const content = answer['content'] as JsonObject | undefined
  if (content?.['application/json'] === undefined ||
    content['application/json'] !== StoredDocument.content['application/json']) return described
  return {
    ...described,
    content: { ...content, 'application/json': { schema: { anyOf: [StoredJson, TracksByAlbum] } } },
  }
}
