/** Why a run failed or is paused: the `error.code` of a run (see the README). */
export type RunErrorCode =
  | 'invalid_client'
  | 'premium_required'
  | 'endpoint_unavailable'
  | 'quota_exceeded'
  | 'rate_limited'
  | 'upstream_unavailable'
  | 'upstream_invalid'
  | 'listing_empty'
  | 'nothing_fetched'
  | 'storage_failed'
  | 'canceled'
  | 'internal_error'

/** Why one call to Spotify gave nothing; the pipeline makes a workaround, a gap or a failed run of it. */
export type CallErrorCode =
  | 'not_found'
  | 'invalid_limit'
  | 'request_refused'

/** Why a request to this service was refused: the `code` of a problem document. */
export type RequestErrorCode =
  | 'invalid_request'
  | 'unauthorized'
  | 'forbidden_origin'
  | 'misdirected_request'
  | 'method_not_allowed'
  | 'route_not_found'
  | 'run_not_found'
  | 'run_expired'
  | 'document_not_found'
  | 'table_not_found'
  | 'run_not_resumable'
  | 'run_not_finished'
  | 'run_finished'
  | 'run_partial'
  | 'run_failed'
  | 'run_canceled'
  | 'quality_failed'
  | 'run_not_comparable'
  | 'no_earlier_run'
  | 'idempotency_key_reused'
  | 'too_many_requests'
  | 'unsupported_media_type'
  | 'not_acceptable'
  | 'precondition_failed'
  | 'range_not_satisfiable'
  | 'payload_too_large'
  | 'headers_too_large'
  | 'request_timeout'
  | 'queue_full'
  | 'too_many_connections'
  | 'storage_failed'
  | 'shutting_down'
  | 'starting'
  | 'database_unfit'
  | 'internal_error'

export type ErrorCode = RunErrorCode | CallErrorCode | RequestErrorCode

interface ServiceErrorOptions {
  cause?: unknown
  /** The HTTP status for a client of this service, where the code alone does not tell. */
  status?: number
  /** The status with which Spotify refused. */
  upstreamStatus?: number
  /** When it makes sense to ask again, in seconds: becomes `Retry-After`. */
  retryAfterSeconds?: number
  /** No other call would fare better: a run stops instead of trying the next album. */
  affectsEveryCall?: boolean
}

/**
 * The one error family: a stable code for machines, and one sentence for people that says what happened,
 * the evidence, and what to do.
 */
export class ServiceError extends Error {
  readonly code: ErrorCode
  readonly retryAfterSeconds: number | undefined
  readonly status: number | undefined
  readonly upstreamStatus: number | undefined
  readonly affectsEveryCall: boolean

  constructor (code: ErrorCode, message: string, options: ServiceErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.name = 'ServiceError'
    this.code = code
    this.retryAfterSeconds = options.retryAfterSeconds
    this.status = options.status
    this.upstreamStatus = options.upstreamStatus
    this.affectsEveryCall = options.affectsEveryCall ?? false
  }
}

/** `upstream_unavailable`: the endpoint itself named the time, with another status than 429. */
export type PauseCode = 'quota_exceeded' | 'rate_limited' | 'upstream_unavailable'

/** Spotify named a time before which no call may be made, later than a run may wait for. */
export class PauseError extends ServiceError {
  declare readonly code: PauseCode
  /** Epoch milliseconds. */
  readonly resumeAtMs: number

  constructor (code: PauseCode, message: string, resumeAtMs: number) {
    super(code, message)
    this.name = 'PauseError'
    this.resumeAtMs = resumeAtMs
  }
}

/** Whether `error` is of the family and has one of these codes. */
export function hasCode (error: unknown, ...codes: ErrorCode[]): error is ServiceError {
  return error instanceof ServiceError && codes.includes(error.code)
}
