import { gzipSync } from 'node:zlib'

const CHUNK_BYTES = 1_000_000
const FIRST = Buffer.from(',"padding":[0')

/** How an answer is gzip-coded where it is not as Spotify does it. */
export interface Gzip {
  /** The Content-Encoding, as it is written. */
  readonly label: string
  /** Bytes that the text is padded to. */
  readonly paddedBytes?: number
}

/** Compresses JSON text, padded on request. Padding costs a few kilobytes for each megabyte: one compressed chunk, repeated. */
export function compress (text: Buffer, paddedBytes = 0): Buffer {
  if (paddedBytes <= text.length) return gzipSync(text, { level: 1 })
  const chunks = Math.max(1, Math.round((paddedBytes - text.length) / CHUNK_BYTES))
  const object = text.subarray(0, text.length - 1)
  return Buffer.concat([gzipSync(Buffer.concat([object, FIRST])), ...Array<Buffer>(chunks).fill(zeros()), gzipSync(']}')])
}

let compressedZeros: Buffer | undefined

/** A gzip member of its own (RFC 1952, section 2.2): members may follow each other. */
function zeros (): Buffer {
  compressedZeros ??= gzipSync(Buffer.alloc(CHUNK_BYTES, ',0'))
  return compressedZeros
}
