/** What came back from one attempt of a call, before anybody judged it. */
export type Answer =
  | { kind: 'response', status: number, retryAfter: string | undefined, body: Body }
  | { kind: 'broken', reason: string }

/** Spotify's bodies are JSON, plain text, HTML or nothing, whatever the status. */
export type Body =
  | { kind: 'json', value: unknown }
  | { kind: 'text', text: string }
  | { kind: 'empty' }

export function parseBody (text: string): Body {
  if (text.trim() === '') return { kind: 'empty' }
  try {
    return { kind: 'json', value: JSON.parse(text) as unknown }
  } catch {
    return { kind: 'text', text }
  }
}

interface ApiError { message: string | undefined, reason: string | undefined }

/** The message and reason of `{"error": {"status", "message", "reason"}}`, or of the token endpoint's flat form. */
export function apiError (body: Body): ApiError {
  if (body.kind !== 'json' || !isRecord(body.value)) return { message: undefined, reason: undefined }
  const { error, error_description: description } = body.value
  if (isRecord(error)) return { message: stringOrUndefined(error['message']), reason: stringOrUndefined(error['reason']) }
  return { message: stringOrUndefined(description) ?? stringOrUndefined(error), reason: stringOrUndefined(error) }
}

const EVIDENCE_LENGTH = 160

/** A body as evidence for a sentence: Spotify's own message where there is one, else the start of the text. */
export function evidence (body: Body): string {
  const message = apiError(body).message
  if (message !== undefined) return `"${message.slice(0, EVIDENCE_LENGTH)}"`
  if (body.kind === 'text') return `"${body.text.replace(/\s+/g, ' ').trim().slice(0, EVIDENCE_LENGTH)}"`
  return body.kind === 'empty' ? 'an empty body' : 'no message'
}

export function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function stringOrUndefined (value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
