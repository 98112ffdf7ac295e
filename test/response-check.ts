import { gunzipSync } from 'node:zlib'
import addFormats from 'ajv-formats'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

type Json = Record<string, unknown>
interface Answer { headers?: Record<string, { required?: boolean }>, content?: Record<string, unknown> }
interface Operation { responses: Record<string, Answer> }
export interface OpenApi {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Json }
}

/** What was answered to one request. */
export interface Seen {
  method: string
  /** The route's path as Fastify knows it, `/runs/:id`; undefined where there is no such route. */
  route: string | undefined
  status: number
  headers: Record<string, number | string | string[] | undefined>
  /** The body, or its beginning. */
  body: Buffer
  isWhole: boolean
}

/**
 * Says what in an answer is not as the document says: null where all is. Validators are compiled when they are first
 * needed.
 */
export type ResponseCheck = (seen: Seen) => string | null

export function createResponseCheck (document: OpenApi): ResponseCheck {
  const ajv = new Ajv2020({ strict: false, allErrors: false })
  addFormats.default(ajv)
  ajv.addSchema({ ...closed(document) as Json, $id: 'openapi' })
  const validators = new Map<string, ValidateFunction>()

  function validator (...path: string[]): ValidateFunction {
    const pointer = path
      .map((part) => `/${encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))}`)
      .join('')
    const known = validators.get(pointer) ?? ajv.compile({ $ref: `openapi#${pointer}` })
    validators.set(pointer, known)
    return known
  }

  return function check ({ method, route, status, headers, body, isWhole }) {
    const contentType = String(headers['content-type'] ?? '').split(';')[0] ?? ''
    const path = route?.replace(/:(\w+)/g, '{$1}')
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase()
    const operation = path === undefined ? undefined : document.paths[path]?.[verb]
    if (path === undefined || operation === undefined) {
      if (method === 'OPTIONS' && status === 204) {
        return headers['allow'] === undefined ? '204 lacks the header allow' : null
      }
      if (route !== undefined) {
        return /^\/($|ui\/|docs)/.test(route) ? null : `${method} ${route} is not in the document`
      }
      return contentType === 'application/problem+json' && problem(body)
        ? null
        : `${status} ${contentType} is no problem document`
    }
    const answer = operation.responses[status]
    if (answer === undefined) return `status ${status} is not in the document: ${body.subarray(0, 300).toString()}`
    const missing = Object.entries(answer.headers ?? {}).find(
      ([name, { required }]) => required === true && headers[name] === undefined
    )
    if (missing !== undefined) return `${status} lacks the header ${missing[0]}`
    if (answer.content === undefined || method === 'HEAD') return body.length === 0 ? null : `${status} has a body`
    if (answer.content[contentType] === undefined) return `${status} has the content type "${contentType}"`
    if (status === 206 || !/[/+]json$/.test(contentType)) return null
    const value = parse(body, isWhole, headers['content-encoding'] === 'gzip')
    if (value === undefined) return null
    const isValid = validator('paths', path, verb, 'responses', String(status), 'content', contentType, 'schema')
    return isValid(value) ? null : `${status}: ${ajv.errorsText(isValid.errors)} in ${body.subarray(0, 300).toString()}`
  }

  function problem (body: Buffer): boolean {
    return body.length === 0 || Boolean(validator('components', 'schemas', 'Problem')(JSON.parse(body.toString())))
  }
}

/**
 * The same with no field that a schema does not name, unless it says that there may be others. The parts of an `allOf`
 * are no whole schemas.
 */
function closed (node: unknown, isPart = false): unknown {
  if (Array.isArray(node)) return node.map((item) => closed(item, isPart))
  if (typeof node !== 'object' || node === null) return node
  const copy: Json = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, closed(value, key === 'allOf')])
  )
  const isOpen =
    isPart ||
    copy['type'] !== 'object' ||
    copy['properties'] === undefined ||
    copy['additionalProperties'] !== undefined
  return isOpen ? copy : { ...copy, additionalProperties: false }
}

/**
 * The value, or of a document that is not whole the run and the first albums; undefined where nothing can be made of
 * it.
 */
function parse (body: Buffer, isWhole: boolean, isGzip: boolean): unknown {
  if (isWhole) return JSON.parse((isGzip ? gunzipSync(body) : body).toString())
  if (isGzip) return undefined
  const lines = body.toString().split('\n').slice(0, -1)
  return lines.length === 0 ? undefined : JSON.parse(`${lines.join('\n').replace(/,$/, '')}]}`)
}

const KEEP_BYTES = 128 * 1024
let shared: ResponseCheck | undefined

/**
 * From now on each answer of the app is checked against the app's own document; `found` is called with what is not as
 * it says.
 * Register it before any route.
 */
export function checkResponses (app: FastifyInstance, found: (violation: string) => void): void {
  const bodies = new WeakMap<FastifyRequest, { chunks: Buffer[], bytes: number, written: number }>()

  app.addHook('onRequest', async (request, reply) => {
    const kept = { chunks: [] as Buffer[], bytes: 0, written: 0 }
    bodies.set(request, kept)
    const { raw } = reply
    const keep = (chunk: unknown): void => {
      if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return
      const bytes = Buffer.from(chunk as string)
      kept.written += bytes.length
      if (kept.bytes >= KEEP_BYTES) return
      kept.chunks.push(bytes)
      kept.bytes += bytes.length
    }
    const write = raw.write.bind(raw) as (...args: unknown[]) => boolean
    const end = raw.end.bind(raw) as (...args: unknown[]) => typeof raw
    raw.write = (...args: unknown[]) => { keep(args[0]); return write(...args) }
    raw.end = (...args: unknown[]) => { keep(args[0]); return end(...args) }
  })

  app.addHook('onResponse', async (request, reply) => {
    const kept = bodies.get(request)
    if (kept === undefined || request.raw.aborted || !reply.raw.writableFinished) return
    const violation = await checked(app, request, reply, kept)
    if (violation !== null) found(`${request.method} ${request.url.slice(0, 200)}: ${violation}`)
  })
}

async function checked (
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  { chunks, bytes, written }: { chunks: Buffer[], bytes: number, written: number }
): Promise<string | null> {
  shared ??= createResponseCheck(app.swagger() as unknown as OpenApi) // of its two versions, ours
  return shared({
    method: request.method,
    route: request.is404 ? undefined : request.routeOptions.url,
    status: reply.statusCode,
    headers: reply.raw.getHeaders(),
    body: Buffer.concat(chunks),
    isWhole: bytes === written,
  })
}
