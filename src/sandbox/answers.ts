import { type Gzip } from './gzip.ts'

/** What the sandbox does about a call: decided first, done by deliver(). */
export type Answer =
  | { readonly kind: 'json', readonly status: number, readonly body: unknown, readonly headers?: Headers, readonly gzip?: Gzip }
  | { readonly kind: 'text', readonly status: number, readonly type: string, readonly text: string, readonly headers?: Headers }
  /** A 200 that promises its length, stops halfway and closes the connection. */
  | { readonly kind: 'cut', readonly body: unknown }
  /** The connection is reset before any answer. */
  | { readonly kind: 'reset' }
  /** Nothing, until one side gives up. */
  | { readonly kind: 'stall' }

type Headers = Readonly<Record<string, string>>

export function json (body: unknown, status = 200): Answer {
  return { kind: 'json', status, body }
}

/** Spotify reference, API calls: regular error object. */
export function apiError (status: number, message: string, headers: Headers = {}): Answer {
  return { kind: 'json', status, body: { error: { status, message } }, headers }
}

/** Spotify guide, rate limits: Retry-After in seconds. Seen without it, too. */
export function rateLimited (retryAfter: string | null): Answer {
  return apiError(429, 'API rate limit exceeded', retryAfterHeader(retryAfter))
}

/** A development-mode quota that is spent, as recorded in public issues. */
export function quotaExceeded (retryAfter: string): Answer {
  const body = { error: { status: 429, message: 'Too many requests', reason: 'QUOTA_EXCEEDED' } }
  return { kind: 'json', status: 429, body, headers: retryAfterHeader(retryAfter) }
}

/** Since mid-2026 the same for a missing, an invalid and an expired token. */
export function unauthorized (): Answer {
  return apiError(401, 'Missing/invalid/expired access token', { 'www-authenticate': 'Bearer realm="spotify"' })
}

export function forbidden (): Answer {
  return apiError(403, 'Forbidden')
}

export function notFound (): Answer {
  return apiError(404, 'Resource not found')
}

export function retryAfterHeader (value: string | null | undefined): Headers {
  return value === null || value === undefined ? {} : { 'retry-after': value }
}

/** A refusal that a parser of parameters throws, to be answered as it is. */
export class Refusal extends Error {
  readonly answer: Answer

  constructor (answer: Answer) {
    super('refused')
    this.answer = answer
  }
}
