import { ServiceError } from '../../../errors.ts'
import { isRecord } from '../../fields.ts'
import { type Body, type SpotifyResponse, apiError, evidence } from '../http/response.ts'

/** Times are on the monotonic clock. */
export interface Token {
  value: string
  renewAtMs: number
  endsAtMs: number
  isAccepted: boolean
}

const RENEW_BEFORE_END_MS = 60_000

/** When to renew: 60 s before the end, or half-way through a token that lives shorter than two minutes. */
export function renewalLeadMs (lifetimeMs: number): number {
  return Math.min(RENEW_BEFORE_END_MS, lifetimeMs / 2)
}

export function credentials (clientId: string, clientSecret: string): string {
  return Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
}

export type TokenVerdict =
  | { kind: 'token', token: Token }
  | { kind: 'again', code: 'rate_limited' | 'upstream_unavailable' | 'upstream_invalid', detail: string }

/** What the app proves itself with. */
export interface Credentials { clientId: string, clientSecret: string }

/**
 * The credentials are judged by the body alone: whatever else a token endpoint, or a proxy before it, answers may pass.
 */
export function judge (
  response: SpotifyResponse, startedMs: number, { clientId, clientSecret }: Credentials
): TokenVerdict {
  if (response.kind === 'broken') return { kind: 'again', code: 'upstream_unavailable', detail: response.reason }
  const { status, body } = response
  const detail = `answered ${status} with ${evidence(
    body, [[clientSecret, 'secret'], [credentials(clientId, clientSecret), 'secret']]
  )}`
  if (status === 200) {
    const token = body.kind === 'json' ? readToken(body.value, startedMs) : null
    return token === null
      ? { kind: 'again', code: 'upstream_unavailable', detail: 'answered 200 without a token' }
      : { kind: 'token', token }
  }
  if (status === 429) return { kind: 'again', code: 'rate_limited', detail }
  if (status >= 400 && status < 500 && CLIENT_ERRORS.includes(apiError(body).reason ?? '')) {
    throw new ServiceError('invalid_client',
      `Spotify's token endpoint ${detail}: check SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET against the app's page ` +
        'in Spotify\'s developer dashboard', { affectsEveryCall: true })
  }
  return {
    kind: 'again',
    code: status >= 500 || status === 408 || status === 425 || isPassing(body)
      ? 'upstream_unavailable'
      : 'upstream_invalid',
    detail
  }
}

/** Source: RFC 6749, section 5.2 */
const CLIENT_ERRORS = ['invalid_client', 'unauthorized_client']

/** Some servers send a passing fault under status 400. */
function isPassing (body: Body): boolean {
  return ['server_error', 'temporarily_unavailable'].includes(apiError(body).reason ?? '')
}

/** The lifetime counts from before the request, so that a slow answer never makes a token look younger than it is. */
function readToken (value: unknown, startedMs: number): Token | null {
  if (!isRecord(value)) return null
  const { access_token: accessToken, expires_in: expiresIn } = value
  if (typeof accessToken !== 'string' || !FIT_FOR_HEADER.test(accessToken)) return null
  const lifetimeMs = lifetimeSeconds(expiresIn) * 1000
  return {
    value: accessToken,
    renewAtMs: startedMs + lifetimeMs - renewalLeadMs(lifetimeMs),
    endsAtMs: startedMs + lifetimeMs,
    isAccepted: false,
  }
}

/** Anything else could not be sent. Spotify's tokens have about 120 characters. */
const FIT_FOR_HEADER = /^[\x21-\x7e]{1,4096}$/

const HOUR_S = 3600
const DAY_S = 24 * HOUR_S

/** `expires_in` where it is plausible: Spotify says an hour, and no token is used for longer than a day. */
function lifetimeSeconds (expiresIn: unknown): number {
  const seconds = typeof expiresIn === 'string' ? Number(expiresIn) : expiresIn
  return typeof seconds === 'number' && seconds > 0 ? Math.min(seconds, DAY_S) : HOUR_S
}
