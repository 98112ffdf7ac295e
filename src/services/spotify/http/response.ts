import { isRecord } from '../../fields.ts'
import { type JsonLimits, excessOf, parseJson } from '../../json.ts'

/** What came back from one attempt of a call, before anybody judged it. */
export type SpotifyResponse =
  | { kind: 'response', status: number, retryAfter: string | undefined, body: Body }
  | { kind: 'broken', reason: string }

/** Spotify's bodies are JSON, plain text, HTML or nothing, whatever the status. */
export type Body =
  | { kind: 'json', value: unknown }
  | { kind: 'text', text: string }
  | { kind: 'empty' }
  /** It arrived, and cannot be or is not read: too long, nested too deep, in an unknown coding. */
  | { kind: 'unreadable', reason: string }

/** Spotify's deepest answer has less than ten levels, its largest one, a batch of 20 albums, about 50,000 parts. */
const LIMITS: JsonLimits = { nesting: 100, parts: 200_000 }

export function parseBody (text: string): Body {
  const start = text.trimStart()[0]
  if (start === undefined) return { kind: 'empty' }
  const excess = start === '[' || start === '{' ? excessOf(text, LIMITS) : null
  if (excess !== null) return { kind: 'unreadable', reason: `JSON ${excess}` }
  try {
    return { kind: 'json', value: parseJson(text) }
  } catch {
    return { kind: 'text', text }
  }
}

interface ApiError { message: string | undefined, reason: string | undefined }

/** The message and reason of `{"error": {"status", "message", "reason"}}`, or of the token endpoint's flat form. */
export function apiError (body: Body): ApiError {
  if (body.kind !== 'json' || !isRecord(body.value)) return { message: undefined, reason: undefined }
  const { error, error_description: description } = body.value
  if (isRecord(error)) {
    return { message: stringOrUndefined(error['message']), reason: stringOrUndefined(error['reason']) }
  }
  return { message: stringOrUndefined(description) ?? stringOrUndefined(error), reason: stringOrUndefined(error) }
}

const EVIDENCE_LENGTH = 160

/** What an answer may send back of its request, and what stands for it in a sentence. */
export type Secrets = ReadonlyArray<readonly [secret: string, name: string]>

/**
 * A body as evidence for a sentence: Spotify's own message where there is one, else the start of the text. Always
 * printable.
 * @param secrets are replaced before the text is cut: a part of one is a secret too
 */
export function evidence (body: Body, secrets: Secrets = []): string {
  const sent = apiError(body).message ?? (body.kind === 'text' ? body.text : null)
  const text = sent === null
    ? null
    : secrets.reduce((shown, [secret, name]) => shown.replaceAll(secret, `[${name}]`), sent)
  if (text !== null) return isBinary(text) ? 'a body that is no text' : `"${printable(text).slice(0, EVIDENCE_LENGTH)}"`
  if (body.kind === 'unreadable') return body.reason
  return body.kind === 'empty' ? 'an empty body' : 'no message'
}

/** More than a sentence needs; nothing beyond it is looked at. */
const LOOKED_AT = 4 * EVIDENCE_LENGTH
/** Control and format characters (these turn the direction of text), line ends, halves of characters, private ones. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\s]+/gu

/**
 * The start of a foreign text on one line, fit for a terminal, a log and a problem document. A copy: it keeps no long
 * text in memory.
 */
export function printable (text: string): string {
  const line = text.slice(0, LOOKED_AT).replace(UNPRINTABLE, ' ').trim()
  return Buffer.from(line).toString()
}

/** Bytes that were no UTF-8, or that no text has. */
function isBinary (text: string): boolean {
  return /[\uFFFD\0]/.test(text.slice(0, EVIDENCE_LENGTH))
}

function stringOrUndefined (value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
