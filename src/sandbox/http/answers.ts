import type { Gzip } from './gzip.ts'

/** The answer to a call, as a value: decided first, sent later by deliver.ts. */
export type Answer =
  | Readonly<{ kind: 'json', status: number, body: unknown, headers?: Headers, gzip?: Gzip }>
  | Readonly<{ kind: 'text', status: number, type: string, text: string, headers?: Headers }>
  /** A 200 with its Content-Length that stops halfway and closes the connection. */
  | { readonly kind: 'cut', readonly body: unknown }
  /** The connection is reset before any answer. */
  | { readonly kind: 'reset' }
  /** No answer, until one side gives up. */
  | { readonly kind: 'stall' }

type Headers = Readonly<Record<string, string>>

export function json (body: unknown, status = 200): Answer {
  return { kind: 'json', status, body }
}

/** Returns Spotify's regular error object (Spotify reference, API calls). */
export function apiError (status: number, message: string, headers: Headers = {}): Answer {
  return { kind: 'json', status, body: { error: { status, message } }, headers }
}

/** Returns a 429 with Retry-After in seconds (Spotify guide, rate limits); null omits it, which was seen too. */
export function rateLimited (retryAfter: string | null): Answer {
  return apiError(429, 'API rate limit exceeded', retryAfterHeader(retryAfter))
}

/** Returns the 429 of an exhausted development-mode quota, as recorded in public issues. */
export function quotaExceeded (retryAfter: string): Answer {
  const body = { error: { status: 429, message: 'Too many requests', reason: 'QUOTA_EXCEEDED' } }
  return { kind: 'json', status: 429, body, headers: retryAfterHeader(retryAfter) }
}

/** Returns the 401 that Spotify sends since mid-2026 for a missing, an invalid and an expired token. */
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

/** Thrown by parameter parsers; carries the answer to send. */
export class Refusal extends Error {
  readonly answer: Answer

  constructor (answer: Answer) {
    super('refused')
    this.answer = answer
  }
}
