import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ConnectionError, FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ERRORS } from '../error-codes.ts'
import { ServiceError } from '../errors.ts'
import { schemaErrorText } from '../schemas/schema-error.ts'
import { printable, toJson } from '../printable.ts'
import { pathOf } from '../logging/request-log.ts'
import { PROBLEM_TYPE, type Problem } from '../schemas/problem.ts'
import { storageErrno, storageFailed } from '../services/store/storage-failure.ts'
import { createRouteTable } from './route-table.ts'

/** Every error that leaves the service is a problem document; what is not ours to tell stays in the log. */
export default fp(async (app) => {
  const routes = createRouteTable()
  app.addHook('onRoute', ({ url, method }) => routes.add(url, method))
  app.setErrorHandler(answerError)
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request.url.split('?')[0] ?? '')
    const methods = routes.methodsOf(path)
    if (methods.length === 0) {
      return answerError(new ServiceError(
        'route_not_found', `there is no ${request.method} ${printable(path)} here: GET /openapi.json lists the routes`
      ), request, reply)
    }
    void reply.header('allow', methods.join(', '))
    if (request.method === 'OPTIONS') return reply.code(204).send()
    return answerError(
      new ServiceError('method_not_allowed', `there is no ${request.method} here: use ${methods.join(', ')}`),
      request,
      reply
    )
  })
}, { name: 'error-handler' })

/** Answer any error; also for what Fastify refuses before a route is found (`frameworkErrors`). */
export function answerError (
  error: FastifyError | ServiceError, request: FastifyRequest, reply: FastifyReply
): FastifyReply {
  const problem = toProblem(error, request, reply)
  return reply.code(problem.status).type(PROBLEM_TYPE).send(toJson(problem))
}

/** Logs an error and sets the headers that go with it; returns what the client is told. */
export function toProblem (error: FastifyError | ServiceError, request: FastifyRequest, reply: FastifyReply): Problem {
  const known = error instanceof ServiceError ? error : translate(error)
  const status = known.status ?? ERRORS[known.code].status
  if (status >= 500) request.log.error({ err: error, code: known.code }, 'request failed')
  else request.log.info({ code: known.code, detail: loggedDetail(error, known) }, 'request refused')
  const shown = status === 500 ? INTERNAL : known
  setHeaders(request, reply, shown, status)
  return problemOf(shown, status, request.id)
}

/** The client is told which part of its query is wrong; the log is not: it may be a key that was sent there. */
function loggedDetail (error: FastifyError | ServiceError, known: ServiceError): string {
  return 'validationContext' in error && error.validationContext === 'querystring'
    ? 'the query is wrong'
    : known.message
}

/**
 * Answer what is no HTTP request, or never became a whole one: there is no request and no reply then, only the
 * connection.
 */
export function answerClientError (error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const known = translateClientError(error)
  const body = toJson(problemOf(known, ERRORS[known.code].status, randomUUID()))
  socket.end(`HTTP/1.1 ${statusLine(known)}\r\ncontent-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(
    body
  )}\r\nconnection: close\r\n\r\n${body}`, () => socket.destroy())
}

function translateClientError ({ code }: ConnectionError): ServiceError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW': return new ServiceError(
      'headers_too_large', 'URL and headers together are longer than this service accepts'
    )
    case 'ERR_HTTP_REQUEST_TIMEOUT': return new ServiceError(
      'request_timeout', 'the request did not arrive in time: send it again, all at once'
    )
    default: return new ServiceError('invalid_request', 'this is not a valid HTTP/1.1 request')
  }
}

function statusLine ({ code }: ServiceError): string {
  const { status } = ERRORS[code]
  return `${status} ${STATUS_CODES[status] ?? 'Error'}`
}

const INTERNAL = new ServiceError(
  'internal_error', 'an unexpected error occurred: the log of the service has the details under this requestId'
)

function setHeaders (
  request: FastifyRequest, reply: FastifyReply, { retryAfterSeconds }: ServiceError, status: number
): void {
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds)
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  if (status === 415) reply.headers({ 'accept-post': 'application/json', 'accept-encoding': 'identity' })
  reply.header('x-request-id', request.id)
}

function problemOf (error: ServiceError, status: number, requestId: string): Problem {
  return {
    type: ERRORS[error.code].type,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: error.message,
    code: error.code,
    requestId,
  }
}

/** Fastify's own errors (validation, parsing, body size) in our codes. */
function translate (error: FastifyError): ServiceError {
  if (error.validation !== undefined) return new ServiceError('invalid_request', validationDetail(error))
  if (storageErrno(error) !== null) return storageFailed('what is stored cannot be read or changed', error)
  switch (error.statusCode) {
    case 413: return new ServiceError('payload_too_large', 'the body is larger than the 64 KiB that this service ' +
      'accepts: name albums and artists by their plain ids, of which 1,000 fit')
    case 415: return new ServiceError(
      'unsupported_media_type',
      "the body must be JSON: send it with 'content-type: application/json', and without a content-encoding"
    )
    case 414: return new ServiceError('route_not_found', 'a part of the path is longer than any id')
    default: return isClients(error.statusCode)
      ? new ServiceError('invalid_request', error.message, { status: error.statusCode })
      : INTERNAL
  }
}

function isClients (status: number | undefined): status is number {
  return status !== undefined && status >= 400 && status < 500
}

/** Returns what is wrong with the request, with the valid names and values. */
function validationDetail ({ validation: [error] = [], validationContext = 'body' }: FastifyError): string {
  if (error === undefined) return `${validationContext} is wrong`
  return printable(`${validationContext}${error.instancePath.replaceAll('/', '.')} ${schemaErrorText(error)}`)
}
