/** First and last byte, both included. */
export interface ByteRange {
  start: number
  end: number
}

const ONE_RANGE = /^\s*bytes\s*=\s*(?:(\d+)\s*-\s*(\d*)|-\s*(\d+))\s*$/i

/**
 * What of `bytes` bytes a `Range` header wants: null means all (no header, another unit, several ranges, or what is no
 * range at all, which a server may all answer in full).
 * Source: RFC 9110, sections 14.1.2 and 14.2
 */
export function byteRange (header: string | undefined, bytes: number): ByteRange | 'unsatisfiable' | null {
  const [matched, first, last, suffix] = ONE_RANGE.exec(header ?? '') ?? []
  if (matched === undefined) return null
  if (suffix !== undefined) return satisfiable(Math.max(0, bytes - Number(suffix)), bytes - 1, bytes)
  if (last !== '' && Number(last) < Number(first)) return null
  return satisfiable(Number(first), last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1), bytes)
}

function satisfiable (start: number, end: number, bytes: number): ByteRange | 'unsatisfiable' {
  return start < bytes ? { start, end } : 'unsatisfiable'
}
