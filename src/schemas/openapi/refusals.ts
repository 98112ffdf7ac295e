import { type RequestErrorCode } from '../../errors.ts'
import { type ResponseHeader, RETRY_AFTER } from '../response.ts'
import { Problem, type Problems } from '../problem.ts'

/** What a client can do about each refusal. */
const MEANING: Partial<Record<RequestErrorCode, string>> = {
  invalid_request: 'the request is wrong, and `detail` says what',
  unauthorized: 'no key, or a wrong one, where the service has API_KEYS',
  forbidden_origin: 'a page of another site asks, and the service has no API_KEYS',
  misdirected_request: 'the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS',
  run_not_found: 'there is no such run',
  run_expired: 'there is no such run any longer',
  document_not_found: 'the run ended without any album, so that it has no document',
  table_not_found: 'there is no such table',
  run_not_resumable: 'only a partial, failed or canceled run can go on',
  run_not_finished: 'the run has not ended',
  run_finished: 'the run has ended',
  run_partial: 'something is missing in the document',
  run_failed: 'the run failed',
  run_canceled: 'the run was canceled',
  quality_failed: 'the quality of the document is worse than `quality` asks for',
  run_not_comparable: 'the two runs had different requests',
  no_earlier_run: 'no earlier run that is kept has an equal request and a document',
  idempotency_key_reused: 'the key belongs to another request of the last 24 hours',
  too_many_requests: 'more than REQUESTS_PER_MINUTE',
  unsupported_media_type: 'the body is not JSON, or has a content coding',
  payload_too_large: 'the body is larger than 64 KiB',
  not_acceptable: 'there is no such format',
  queue_full: 'as many runs are waiting as MAX_QUEUED_RUNS allows',
  too_many_connections: 'as many requests are under way as the limit of open files allows',
  storage_failed: 'what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL',
  starting: 'the service has just been started',
  shutting_down: 'the service is shutting down',
  internal_error: 'a bug: the log has the details under the `requestId`',
}

/** What any route may refuse besides its own reasons. */
export function commonProblems (method: string, isProbe: boolean): Problems {
  return {
    400: ['invalid_request'],
    ...(isProbe ? {} : { 401: ['unauthorized'], 429: ['too_many_requests'] }),
    ...(method === 'GET' ? {} : { 403: ['forbidden_origin'], 413: ['payload_too_large'], 415: ['unsupported_media_type'] }),
    421: ['misdirected_request'],
    500: ['internal_error'],
    503: isProbe ? ['shutting_down', 'too_many_connections'] : ['storage_failed', 'shutting_down', 'too_many_connections'],
  }
}

const HEADERS: Record<number, Record<string, ResponseHeader>> = {
  401: { 'www-authenticate': { type: 'string', description: 'Bearer', required: true } },
  429: RETRY_AFTER,
  503: { 'retry-after': { type: 'integer', description: 'seconds after which it makes sense to ask again' } },
}

/** The problem documents of a route, by status, as responses of the documentation. */
export function refusals (...all: Problems[]): Record<number, object> {
  const codes = new Map<number, RequestErrorCode[]>()
  for (const [status, more] of all.flatMap((problems) => Object.entries(problems))) codes.set(Number(status), [...codes.get(Number(status)) ?? [], ...more])
  return Object.fromEntries([...codes].map(([status, codes]) => [status, refusal(status, codes)]))
}

function refusal (status: number, codes: RequestErrorCode[]): object {
  return {
    description: codes.map((code) => `\`${code}\`: ${MEANING[code] ?? 'see `detail`'}`).join('; '),
    headers: HEADERS[status] ?? {},
    content: { 'application/problem+json': { schema: { allOf: [Problem, { type: 'object', properties: { code: { enum: codes } } }] } } },
  }
}
