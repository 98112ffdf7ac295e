import {
  type Answer, apiError, forbidden, json, notFound, quotaExceeded, rateLimited, retryAfterHeader, unauthorized,
} from '../http/answers.ts'
import { isSpoiling } from '../settings/fault-kinds.ts'
import type { Fault } from '../settings/settings.ts'

/** The recorded plain text for every call of an app whose owner's Premium has lapsed. */
const NOT_PREMIUM = 'Active premium subscription required for the owner of the app. ' +
  'When the subscription status changes, it can take a few hours before requests are allowed again.'
const SEEN_QUOTA_PAUSE_S = '48925'
/** Another origin than Spotify's; the name resolves to no host. */
export const FOREIGN_ORIGIN = 'https://api.spotify.invalid'
/** Terminal escapes (clear, red, title), a bell, NUL, C1, a separator, and a forged log line. */
const CONTROL_CHARACTERS = 'Bad gateway.\u001b[2J\u001b[31m\u001b]0;title\u0007\u0000\u009b1m\u2028\r\n' +
  '{"level":60,"msg":"forged"}\n'
const MESSAGES: Readonly<Record<number, string>> = {
  500: 'Server error.', 502: 'Bad gateway.', 503: 'Service unavailable.', 504: 'Gateway timeout.',
}

/** Returns the answer that a fault sends in place of the true one; null for a fault that spoils the true answer. */
export function faultAnswer (fault: Fault): Answer | null {
  const { kind, retryAfter } = fault
  if (isSpoiling(kind)) return null
  switch (kind) {
    case 'unauthorized': return unauthorized()
    case 'unauthorized-html': return htmlError(401, 'Unauthorized')
    case 'premium': return text(fault.status ?? 403, NOT_PREMIUM)
    case 'premium-json': return apiError(fault.status ?? 403, 'Premium required')
    case 'forbidden': return forbidden()
    case 'bad-request-html': return htmlError(400, 'Bad Request')
    case 'bad-request-empty': return empty(400)
    case 'token-server-error': return json({ error: 'server_error' }, 400)
    case 'redirect': return empty(302, { location: fault.url ?? `${FOREIGN_ORIGIN}/` })
    case 'rate-limit': return rateLimited(retryAfter ?? '1')
    case 'rate-limit-no-retry-after': return rateLimited(null)
    case 'rate-limit-text': return text(429, 'Too many requests', retryAfterHeader(retryAfter ?? '1'))
    case 'quota': return quotaExceeded(retryAfter ?? SEEN_QUOTA_PAUSE_S)
    case 'server-error-json': return serverError(fault, 'json')
    case 'server-error-html': return serverError(fault, 'html')
    case 'server-error-empty': return serverError(fault, 'empty')
    case 'control-characters': return apiError(fault.status ?? 502, CONTROL_CHARACTERS, retryAfterHeader(retryAfter))
    case 'invalid-limit': return apiError(400, 'Invalid limit')
    case 'not-found': return notFound()
    case 'bad-json': return html(200, '<body>OK</body>', { type: 'application/json; charset=utf-8' })
    case 'reset': return { kind: 'reset' }
    case 'stall': return { kind: 'stall' }
  }
}

function text (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { kind: 'text', status, type: 'text/plain; charset=utf-8', text: body, headers }
}

function empty (status: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return { kind: 'text', status, type: 'text/plain', text: '', headers }
}

function serverError ({ status = 502, retryAfter }: Fault, body: 'json' | 'html' | 'empty'): Answer {
  const message = MESSAGES[status] ?? 'Server error.'
  const headers = retryAfterHeader(retryAfter)
  if (body === 'json') return apiError(status, message, headers)
  if (body === 'empty') return empty(status, headers)
  return htmlError(status, message, headers)
}

function htmlError (status: number, message: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const content = `<head><title>${status} ${message}</title></head><body><h1>Error: ${message}</h1></body>`
  return html(status, content, { headers })
}

function html (
  status: number,
  content: string,
  { type = 'text/html; charset=UTF-8', headers = {} }: { type?: string, headers?: Readonly<Record<string, string>> }
): Answer {
  return { kind: 'text', status, type, text: `<html>${content}</html>`, headers }
}
