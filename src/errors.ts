import type { ErrorCode } from './error-codes.ts'

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
  /** The field of the request that is to be changed, where there is one. */
  field?: string
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
  readonly field: string | undefined

  constructor (code: ErrorCode, message: string, options: ServiceErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.name = 'ServiceError'
    this.code = code
    this.retryAfterSeconds = options.retryAfterSeconds
    this.status = options.status
    this.upstreamStatus = options.upstreamStatus
    this.affectsEveryCall = options.affectsEveryCall ?? false
    this.field = options.field
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

/** Returns the words of whatever was thrown. */
export function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Returns whether `error` is of the family and has one of these codes. */
export function hasCode (error: unknown, ...codes: ErrorCode[]): error is ServiceError {
  return error instanceof ServiceError && codes.includes(error.code)
}
