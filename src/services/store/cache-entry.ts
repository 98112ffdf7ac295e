import { createHash } from 'node:crypto'

/** What is kept under one key. */
export interface CacheEntry<Meta> {
  /** From when its age counts, epoch milliseconds. */
  storedAtMs: number
  /** Facts about the body, as JSON has them. */
  meta: Meta
  /** JSON as text. */
  body: string
}

/** What is to be kept. */
export interface NewEntry<Meta> {
  key: string
  meta: Meta
  /** In UTF-8. */
  body: Buffer
}

const LINE_FEED = 0x0a
const SUM_LENGTH = 43

/** What stands for a key in names and tables: 43 characters, as base64url has SHA-256. */
export function hashOf (key: string): string {
  return sha256(key)
}

/** `sha256 LF head LF body`: the sum is of all that follows, the head has the hash of the key, the time and the facts. */
export function formatEntry<Meta> ({ key, meta, body }: NewEntry<Meta>, storedAtMs: number): { hash: string, data: Buffer[] } {
  const hash = hashOf(key)
  const rest = [Buffer.from(`${JSON.stringify({ key: hash, storedAtMs, meta })}\n`), body]
  return { hash, data: [Buffer.from(`${sha256(...rest)}\n`), ...rest] }
}

/** null where anything is not as it was written, or was written for another key. */
export function parseEntry<Meta> (data: Buffer, keyHash: string): CacheEntry<Meta> | null {
  const rest = data.subarray(SUM_LENGTH + 1)
  if (data[SUM_LENGTH] !== LINE_FEED || data.toString('latin1', 0, SUM_LENGTH) !== sha256(rest)) return null
  const end = rest.indexOf(LINE_FEED)
  const { key, storedAtMs, meta } = JSON.parse(rest.toString('utf8', 0, end)) as { key: string, storedAtMs: number, meta: Meta }
  return key === keyHash ? { storedAtMs, meta, body: rest.toString('utf8', end + 1) } : null
}

function sha256 (...data: Array<string | Buffer>): string {
  const hash = createHash('sha256')
  for (const piece of data) hash.update(piece)
  return hash.digest('base64url')
}
