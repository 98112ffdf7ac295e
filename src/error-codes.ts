/** What is known of an error code, where it shows, and how. */
interface ErrorDefinition<Place extends 'request' | 'run' | 'call'> {
  /** In a problem document, in the `error` of a run, or only between a call and the pipeline. */
  shownIn: readonly Place[]
  /** The `type` of its problem document. Source: RFC 9457, section 4.2.1 */
  type: string
  /** Its HTTP status. A code that no request should meet is a bug there, and 500. */
  status: number
  /** Its text in the OpenAPI document. */
  meaning: string
}

/** The title of a problem document of this type is that of its status. */
const BLANK = 'about:blank'

function request (status: number, meaning: string): ErrorDefinition<'request'> {
  return { shownIn: ['request'], type: BLANK, status, meaning }
}

function runOrRequest (status: number, meaning: string): ErrorDefinition<'run' | 'request'> {
  return { shownIn: ['run', 'request'], type: BLANK, status, meaning }
}

function run (meaning: string): ErrorDefinition<'run'> {
  return { shownIn: ['run'], type: BLANK, status: 500, meaning }
}

function call (meaning: string): ErrorDefinition<'call'> {
  return { shownIn: ['call'], type: BLANK, status: 500, meaning }
}

/** Every error code; a further one is a line here. */
export const ERRORS = {
  invalid_client: run('Spotify refuses the credentials'),
  premium_required: run('the owner of the app needs Spotify Premium'),
  endpoint_unavailable: run('an endpoint is not available to this app'),
  quota_exceeded: run('the quota of the Spotify account is spent'),
  rate_limited: run('Spotify wants no calls for longer than a run waits'),
  upstream_unavailable: run('Spotify cannot be reached, or fails'),
  upstream_invalid: run('Spotify answers what it should not'),
  listing_empty: run('Spotify listed no album'),
  nothing_fetched: run('no listed album could be fetched'),
  canceled: run('a client canceled the run'),
  not_found: call('Spotify has no such item'),
  invalid_limit: call('Spotify refuses the page size'),
  request_refused: call('Spotify refuses the request'),
  invalid_request: request(400, 'the request is wrong, and `detail` says what'),
  run_not_comparable: request(400, 'the two runs had different requests'),
  unauthorized: request(401, 'no key, or a wrong one, where the service has API_KEYS'),
  forbidden_origin: request(403, 'a page of another site asks, and the service has no API_KEYS'),
  route_not_found: request(404, 'there is no such route'),
  run_not_found: request(404, 'there is no such run'),
  document_not_found: request(404, 'the run ended without any album, so that it has no document'),
  table_not_found: request(404, 'there is no such table'),
  no_earlier_run: request(404, 'no earlier run that is kept has an equal request and a document'),
  method_not_allowed: request(405, 'the route has no such method: see `Allow`'),
  not_acceptable: request(406, 'there is no such format'),
  request_timeout: request(408, 'the request did not arrive in time'),
  run_not_resumable: request(409, 'only a partial, failed or canceled run can be resumed'),
  run_not_finished: request(409, 'the run has not ended'),
  run_finished: request(409, 'the run has ended'),
  run_partial: request(409, 'something is missing in the document'),
  run_failed: request(409, 'the run failed'),
  run_canceled: request(409, 'the run was canceled'),
  quality_failed: request(409, 'the quality of the document is worse than `quality` asks for'),
  run_expired: request(410, 'there is no such run any longer'),
  precondition_failed: request(412, 'the document is not the one that the request names'),
  payload_too_large: request(413, 'the body is larger than 64 KiB'),
  unsupported_media_type: request(415, 'the body is not JSON, or has a content coding'),
  range_not_satisfiable: request(416, 'the range begins after the end of the document'),
  misdirected_request: request(421,
    'the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS'),
  idempotency_key_reused: request(422, 'the key belongs to another request of the last 24 hours'),
  too_many_requests: request(429, 'more than REQUESTS_PER_MINUTE'),
  headers_too_large: request(431, 'the URL and the headers are too long'),
  internal_error: runOrRequest(500, 'a bug: the log has the details under the `requestId`'),
  database_unfit: request(500, 'DATABASE_URL names a database that this service cannot use'),
  queue_full: request(503, 'as many runs are waiting as MAX_QUEUED_RUNS allows'),
  too_many_connections: request(503, 'as many requests are under way as the limit of open files allows'),
  storage_failed: runOrRequest(503, 'what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL'),
  shutting_down: request(503, 'the service is shutting down'),
  starting: request(503, 'the service has just been started'),
}

export type ErrorCode = keyof typeof ERRORS

type CodesIn<Place> = {
  [Code in ErrorCode]: Place extends (typeof ERRORS)[Code]['shownIn'][number] ? Code : never
}[ErrorCode]

/** Why a run failed or is paused: the `error.code` of a run. */
export type RunErrorCode = CodesIn<'run'>

/** Why one call to Spotify gave nothing; the pipeline makes a workaround, a gap or a failed run of it. */
export type CallErrorCode = CodesIn<'call'>

/** Why a request to this service was refused: the `code` of a problem document. */
export type RequestErrorCode = CodesIn<'request'>

/** Describes codes with their meanings, for the OpenAPI document. */
export function describeCodes (codes: readonly ErrorCode[]): string {
  return codes.map((code) => `\`${code}\`: ${ERRORS[code].meaning}`).join('; ')
}

/** The codes that a run can end or pause with. */
export const RUN_ERROR_CODES = (Object.keys(ERRORS) as ErrorCode[]).filter((code): code is RunErrorCode => {
  const places: readonly string[] = ERRORS[code].shownIn
  return places.includes('run')
})
