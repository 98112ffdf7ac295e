import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** 22 characters of SHA-256: what tells a damaged record from a whole one. */
export function checksumOf (...texts: string[]): string {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(`${text.length}:`).update(text)
  return hash.digest('base64url').slice(0, 22)
}

/** The same for large texts that are written often. */
export function crcOf (text: string, body: string | null): number {
  return crc32(body ?? '', crc32(`${text}\n`))
}

/** A value as JSON with its checksum before it. */
export function sealJson (value: unknown): string {
  return seal(JSON.stringify(value))
}

/** The value, or null where its text is not as it was sealed. */
export function unsealJson<Value> (sealed: string): Value | null {
  const text = unseal(sealed)
  return text === null ? null : JSON.parse(text) as Value
}

/** A text with its checksum before it. */
export function seal (text: string): string {
  return `${checksumOf(text)} ${text}`
}

/** The text, or null where it is not as it was sealed. */
export function unseal (sealed: string): string | null {
  const text = sealed.slice(23)
  return sealed.slice(0, 23) === `${checksumOf(text)} ` ? text : null
}
