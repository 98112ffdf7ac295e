import { gzipSync } from 'node:zlib'

const CHUNK_BYTES = 1_000_000
const FIRST = Buffer.from(',"padding":[0')

/** A gzip encoding that differs from Spotify's. */
export interface Gzip {
  /** The Content-Encoding header, verbatim. */
  readonly label: string
  /** The size to pad the text to, in bytes. */
  readonly paddedBytes?: number
}

/** Compresses JSON text, padded on request. Padding repeats one compressed chunk: a few kilobytes for each megabyte. */
export function compress (text: Buffer, paddedBytes = 0): Buffer {
  if (paddedBytes <= text.length) return gzipSync(text, { level: 1 })
  const chunks = Math.max(1, Math.round((paddedBytes - text.length) / CHUNK_BYTES))
  const object = text.subarray(0, text.length - 1)
  const start = gzipSync(Buffer.concat([object, FIRST]))
  return Buffer.concat([start, ...Array<Buffer>(chunks).fill(zeros()), gzipSync(']}')])
}

let compressedZeros: Buffer | undefined

/** Returns a chunk as a gzip member of its own: members may follow each other (RFC 1952, section 2.2). */
function zeros (): Buffer {
  compressedZeros ??= gzipSync(Buffer.alloc(CHUNK_BYTES, ',0'))
  return compressedZeros
}
