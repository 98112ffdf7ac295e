import { ERRORS, type RequestErrorCode, describeCodes } from '../../error-codes.ts'
import { type ResponseHeader, RETRY_AFTER } from '../response.ts'
import { Problem, type Problems } from '../problem.ts'

/** Returns the refusals that every route has besides its own. */
export function commonProblems (method: string, isProbe: boolean): Problems {
  return [
    'invalid_request',
    ...(isProbe ? [] : ['unauthorized', 'too_many_requests'] as const),
    ...(method === 'GET' ? [] : ['forbidden_origin', 'payload_too_large', 'unsupported_media_type'] as const),
    'misdirected_request',
    'internal_error',
    ...(isProbe ? [] : ['storage_failed'] as const),
    'shutting_down',
    'too_many_connections',
  ]
}

const HEADERS: Record<number, Record<string, ResponseHeader>> = {
  401: { 'www-authenticate': { type: 'string', description: 'Bearer', required: true } },
  429: RETRY_AFTER,
  503: { 'retry-after': { type: 'integer', description: 'seconds after which it makes sense to ask again' } },
}

/** The problem documents of a route, by status, as responses of the documentation. */
export function refusals (...all: Problems[]): Record<number, object> {
  const codes = new Map<number, RequestErrorCode[]>()
  for (const problem of all.flat()) {
    const { code, status } = typeof problem === 'string' ? { code: problem, status: ERRORS[problem].status } : problem
    codes.set(status, [...codes.get(status) ?? [], code])
  }
  return Object.fromEntries([...codes].map(([status, codes]) => [status, refusal(status, codes)]))
}

function refusal (status: number, codes: RequestErrorCode[]): object {
  return {
    description: describeCodes(codes),
    headers: HEADERS[status] ?? {},
    content: {
      'application/problem+json': {
        schema: { allOf: [Problem, { type: 'object', properties: { code: { enum: codes } } }] },
      }
    },
  }
}
