import { type CallErrorCode, type RunErrorCode } from '../../errors.ts'
import { type Answer, type Body, apiError, evidence } from './answer.ts'
import { parseRetryAfterMs } from './retry-policy.ts'

/** What an answer means for the call that got it. */
export type Verdict =
  /** Use it. */
  | { kind: 'ok', value: unknown }
  /** The token is not accepted: renew it and ask once more. */
  | { kind: 'renew', detail: string }
  /** A passing fault: ask again after a backoff. */
  | { kind: 'retry', code: 'upstream_unavailable' | 'upstream_invalid', detail: string }
  /** Spotify says stop: nobody calls for that long (null: it did not say). */
  | { kind: 'limited', quota: boolean, retryAfterMs: number | null, detail: string }
  /** Asking again will not help. */
  | { kind: 'refused', code: RunErrorCode | CallErrorCode, status: number, detail: string }

/**
 * Judge one answer of the Web API by its status first and its body second: since 2026 neither the
 * content type nor the wording can be relied on.
 * Source: https://developer.spotify.com/documentation/web-api/concepts/api-calls#response-status-codes
 */
export function classify (answer: Answer, nowMs: number): Verdict {
  if (answer.kind === 'broken') return { kind: 'retry', code: 'upstream_unavailable', detail: answer.reason }
  const { status, body } = answer
  const detail = `answered ${status} with ${evidence(body)}`
  if (status === 200) return judgeSuccess(body)
  if (status === 401) return { kind: 'renew', detail }
  if (status === 429) {
    const quota = apiError(body).reason === 'QUOTA_EXCEEDED'
    return { kind: 'limited', quota, retryAfterMs: parseRetryAfterMs(answer.retryAfter, nowMs), detail }
  }
  if (status < 400) return { kind: 'refused', code: 'upstream_invalid', status, detail }
  if (status === 408 || status >= 500) return { kind: 'retry', code: 'upstream_unavailable', detail }
  return { kind: 'refused', code: refusal(status, body), status, detail }
}

function judgeSuccess (body: Body): Verdict {
  if (body.kind === 'json') return { kind: 'ok', value: body.value }
  const what = body.kind === 'empty' ? 'nothing' : evidence(body)
  return { kind: 'retry', code: 'upstream_invalid', detail: `answered 200 with ${what} instead of JSON` }
}

/** Of a page, and of a batch. */
const TOO_MANY = ['Invalid limit', 'Too many ids requested']

function refusal (status: number, body: Body): RunErrorCode | CallErrorCode {
  if (status === 403) return mentionsPremium(body) ? 'premium_required' : 'endpoint_unavailable'
  if (status === 404 || status === 410) return 'not_found'
  if (status === 400 && TOO_MANY.includes(apiError(body).message ?? '')) return 'invalid_limit'
  return 'request_refused'
}

/** The owner's lapsed subscription is told in plain text on every endpoint, not in an error object. */
function mentionsPremium (body: Body): boolean {
  const text = body.kind === 'text' ? body.text : apiError(body).message ?? ''
  return /premium/i.test(text)
}
