import { createHmac, timingSafeEqual } from 'node:crypto'

/** The name of the cookie that keeps who has logged in. */
export const SESSION_COOKIE = 'album_ingest_session'
export const SESSION_MS = 12 * 3_600_000

/**
 * Makes the token of a session: its end, signed with the key. Every process with the same key accepts it, nothing is
 * stored, and the key cannot be read from it.
 */
export function sessionToken (key: string, endsMs: number): string {
  return `${endsMs.toString(36)}.${proofOf(key, endsMs).toString('base64url')}`
}

/** Returns that of the keys with which a token was made; null where it has ended or was made otherwise. */
export function keyOfSession (token: string, keys: readonly string[], nowMs: number): string | null {
  const [, ends = '', proof = ''] = /^([0-9a-z]{1,12})\.([\w-]{43})$/.exec(token) ?? []
  const endsMs = parseInt(ends, 36)
  if (!(endsMs > nowMs)) return null
  const sent = Buffer.from(proof, 'base64url')
  return keys.filter((key) => timingSafeEqual(proofOf(key, endsMs), sent))[0] ?? null
}

/**
 * The token that a page puts into its forms: a page of another origin, which cannot read the cookie, cannot make it.
 */
export function formTokenOf (session: string): string {
  return createHmac('sha256', session).update('form').digest('base64url')
}

export function isFormToken (sent: string | null, session: string): boolean {
  const [given, expected] = [Buffer.from(sent ?? ''), Buffer.from(formTokenOf(session))]
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/** The value of a cookie; null without one. Source: RFC 6265, section 5.4 */
export function cookieIn (header: string | undefined, name: string): string | null {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? null
}

function proofOf (key: string, endsMs: number): Buffer {
  return createHmac('sha256', key).update(`session until ${endsMs}`).digest()
}
