import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import { type Socket } from 'node:net'
import { type ConnectionError, type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { type ErrorCode, ServiceError } from '../errors.ts'
import { explainSchemaError } from '../schemas/explain.ts'
import { PROBLEM_TYPE, type Problem } from '../schemas/problem.ts'

/** The HTTP status of the codes that requests can meet; any other one is a bug, and 500. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  invalid_request: 400,
  unauthorized: 401,
  route_not_found: 404,
  run_not_found: 404,
  run_expired: 410,
  run_not_resumable: 409,
  run_not_finished: 409,
  run_finished: 409,
  run_partial: 409,
  run_failed: 409,
  run_canceled: 409,
  idempotency_key_reused: 422,
  too_many_requests: 429,
  payload_too_large: 413,
  headers_too_large: 431,
  request_timeout: 408,
  unsupported_media_type: 415,
  not_acceptable: 406,
  precondition_failed: 412,
  range_not_satisfiable: 416,
  queue_full: 503,
  storage_failed: 503,
  shutting_down: 503,
}

/** Every error that leaves the service is a problem document; what is not ours to tell stays in the log. */
export default fp(async (app) => {
  app.setErrorHandler(answerError)
  app.setNotFoundHandler((request, reply) => sendProblem(request, reply, new ServiceError('route_not_found', `there is no ${request.method} ${request.url.split('?')[0] ?? ''} here: see the README for the routes`), 404))
}, { name: 'error-handler' })

/** Answer any error; also for what Fastify refuses before a route is found (`frameworkErrors`). */
export function answerError (error: FastifyError | ServiceError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = error instanceof ServiceError ? error : translate(error)
  const status = known.status ?? STATUS[known.code] ?? 500
  if (status >= 500) request.log.error({ err: error, code: known.code }, 'request failed')
  else request.log.info({ code: known.code, detail: known.message }, 'request refused')
  return sendProblem(request, reply, status === 500 ? INTERNAL : known, status)
}

/** Answer what is no HTTP request, or never became a whole one: there is no request and no reply then, only the connection. */
export function answerClientError (error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const known = translateClientError(error)
  const body = JSON.stringify(problemOf(known, STATUS[known.code] ?? 400, randomUUID()))
  socket.end(`HTTP/1.1 ${statusLine(known)}\r\ncontent-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`, () => socket.destroy())
}

function translateClientError ({ code }: ConnectionError): ServiceError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW': return new ServiceError('headers_too_large', 'the URL and the headers together are longer than this service takes')
    case 'ERR_HTTP_REQUEST_TIMEOUT': return new ServiceError('request_timeout', 'the request did not arrive in time: send it again, all at once')
    default: return new ServiceError('invalid_request', 'this is no valid HTTP/1.1 request')
  }
}

function statusLine ({ code }: ServiceError): string {
  const status = STATUS[code] ?? 400
  return `${status} ${STATUS_CODES[status] ?? 'Error'}`
}

const INTERNAL = new ServiceError('internal_error', 'the service failed at something unexpected: its log has the details under this requestId')

function sendProblem (request: FastifyRequest, reply: FastifyReply, error: ServiceError, status: number): FastifyReply {
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds)
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  return reply.code(status).header('x-request-id', request.id).type(PROBLEM_TYPE).send(JSON.stringify(problemOf(error, status, request.id)))
}

function problemOf (error: ServiceError, status: number, requestId: string): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail: error.message, code: error.code, requestId }
}

/** What the file system says when it is full, read-only, closed to the service or broken. */
const STORAGE_ERRORS = ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO']

/** Fastify's own errors (validation, parsing, body size) in our codes. */
function translate (error: FastifyError): ServiceError {
  if (error.validation !== undefined) return new ServiceError('invalid_request', explainValidation(error))
  if (STORAGE_ERRORS.includes(error.code)) {
    return new ServiceError('storage_failed', 'DATA_DIR cannot be written or read: make room in it and let the service write there', { cause: error })
  }
  switch (error.statusCode) {
    case 413: return new ServiceError('payload_too_large', 'the body is larger than this service takes')
    case 415: return new ServiceError('unsupported_media_type', "the body must be JSON: send it with 'content-type: application/json'")
    case 414: return new ServiceError('route_not_found', 'a part of the path is longer than any id')
    default: return isClients(error.statusCode) ? new ServiceError('invalid_request', error.message, { status: error.statusCode }) : INTERNAL
  }
}

function isClients (status: number | undefined): status is number {
  return status !== undefined && status >= 400 && status < 500
}

const MOST_PROBLEMS_TOLD = 10

/** Each thing that is wrong with the request, with the names and values that would be right. */
function explainValidation ({ validation = [], validationContext = 'body' }: FastifyError): string {
  const problems = new Set(validation.map((error) => `${validationContext}${error.instancePath.replaceAll('/', '.')} ${explainSchemaError(error)}`))
  const told = [...problems].slice(0, MOST_PROBLEMS_TOLD)
  return problems.size > told.length ? `${told.join('; ')}; and ${problems.size - told.length} more` : told.join('; ')
}
