import type { CallErrorCode, RunErrorCode } from '../../../error-codes.ts'
import { isRecord } from '../../fields.ts'
import { type SpotifyResponse, type Body, type Secrets, apiError, evidence } from './response.ts'
import { parseRetryAfterMs } from './retry-policy.ts'

/** What an answer means for the call that got it. */
export type Verdict =
  /** Use it. */
  | { kind: 'ok', value: unknown }
  /** The token is not accepted: renew it and ask again. */
  | { kind: 'renew', detail: string }
  /** A passing fault: ask again after a backoff, and not before the endpoint's own time (null: it named none). */
  | { kind: 'retry', code: 'upstream_unavailable' | 'upstream_invalid', retryAfterMs: number | null, detail: string }
  /** Spotify says stop: nobody calls for that long (null: it did not say). */
  | { kind: 'limited', quota: boolean, retryAfterMs: number | null, detail: string }
  /** A refusal: how often it is asked before it counts is decided by what is known besides. */
  | { kind: 'refused', code: RunErrorCode | CallErrorCode, status: number, retryAfterMs: number | null, detail: string }

/**
 * Judge one answer of the Web API by its status first and its body second: since 2026 neither the
 * content type nor the wording can be relied on.
 * Source: https://developer.spotify.com/documentation/web-api/concepts/api-calls#response-status-codes
 * @param secrets what the answer may send back, and the verdict must not repeat
 */
export function classify (response: SpotifyResponse, nowMs: number, secrets: Secrets = []): Verdict {
  if (response.kind === 'broken') {
    return { kind: 'retry', code: 'upstream_unavailable', retryAfterMs: null, detail: response.reason }
  }
  const { status, body } = response
  const detail = `answered ${status} with ${evidence(body, secrets)}`
  const retryAfterMs = parseRetryAfterMs(response.retryAfter, nowMs)
  if (status === 200) return judgeSuccess(body, secrets)
  if (status === 401) return { kind: 'renew', detail }
  if (status === 429) {
    const quota = apiError(body).reason === 'QUOTA_EXCEEDED'
    return { kind: 'limited', quota, retryAfterMs, detail }
  }
  if (status < 400) return { kind: 'retry', code: 'upstream_invalid', retryAfterMs, detail }
  if (PASSING.includes(status) || status >= 500) {
    return { kind: 'retry', code: 'upstream_unavailable', retryAfterMs, detail }
  }
  return { kind: 'refused', code: refusal(status, body), status, retryAfterMs, detail }
}

/** Request Timeout and Too Early say nothing of the request. */
const PASSING = [408, 425]

function judgeSuccess (body: Body, secrets: Secrets): Verdict {
  if (body.kind === 'json' && !isErrorObject(body.value)) return { kind: 'ok', value: body.value }
  if (body.kind === 'unreadable') {
    return { kind: 'retry', code: 'upstream_invalid', retryAfterMs: null, detail: `answered 200 with ${body.reason}` }
  }
  const what = body.kind === 'empty'
    ? 'nothing instead of JSON'
    : body.kind === 'json' ? `the error ${evidence(body, secrets)}` : `${evidence(body, secrets)} instead of JSON`
  return { kind: 'retry', code: 'upstream_invalid', retryAfterMs: null, detail: `answered 200 with ${what}` }
}

/** Some proxies send an error under status 200. */
function isErrorObject (value: unknown): boolean {
  return isRecord(value) && isRecord(value['error']) && Object.keys(value).length === 1
}

/** Of a page, and of a batch. */
const TOO_MANY = ['Invalid limit', 'Too many ids requested']

function refusal (status: number, body: Body): RunErrorCode | CallErrorCode {
  if (status === 403) return mentionsPremium(body) ? 'premium_required' : 'endpoint_unavailable'
  if (status === 404 || status === 410) return 'not_found'
  if (status === 400 && TOO_MANY.includes(apiError(body).message ?? '')) return 'invalid_limit'
  return 'request_refused'
}

/**
 * The owner's lapsed subscription is reported in plain text or in an error object; a page of a proxy that has the word
 * is no evidence.
 */
function mentionsPremium (body: Body): boolean {
  const { message = '', reason = '' } = apiError(body)
  const text = body.kind === 'text' && !body.text.trimStart().startsWith('<') ? body.text : `${message} ${reason}`
  return /premium/i.test(text)
}
