import { promisify } from 'node:util'
import zlib, { type BrotliOptions, type InputType, type ZlibOptions } from 'node:zlib'

type Unpack = (data: InputType, options: ZlibOptions & BrotliOptions) => Promise<Buffer>

const gunzip: Unpack = promisify(zlib.gunzip)
const inflate: Unpack = promisify(zlib.inflate)
const inflateRaw: Unpack = promisify(zlib.inflateRaw)

/** Some servers mean DEFLATE without the zlib frame that the standard wants. */
const deflate: Unpack = async (data, options) => await (isZlib(data as Buffer) ? inflate : inflateRaw)(data, options)

/** Asked for is gzip; a proxy on the way may do as it likes. Source: RFC 9110, section 8.4.1 */
const UNPACK: Record<string, Unpack> = { gzip: gunzip, 'x-gzip': gunzip, deflate, br: promisify(zlib.brotliDecompress) }

/** A longer list is an attack or a mistake. */
const MAX_CODINGS = 3

/** The codings of a body in the order in which they were applied, or null where one of them is not known. */
export function codingsOf (header: string | string[] | undefined): string[] | null {
  const names = [header ?? []].flat().join().toLowerCase().split(',').map((name) => name.trim())
  const codings = names.filter((name) => name !== '' && name !== 'identity')
  return codings.length <= MAX_CODINGS && codings.every((name) => Object.hasOwn(UNPACK, name)) ? codings : null
}

/** Thrown where a body has more bytes, packed or unpacked, than its reader allowed. */
export class TooLongError extends Error {}

/**
 * Undo the codings. Stops, with a `TooLongError`, as soon as one of them gives more than `most` bytes; throws zlib's
 * errors.
 */
export async function unpack (body: Buffer, codings: readonly string[], most: number): Promise<Buffer> {
  let bytes = body
  for (const coding of codings.toReversed()) {
    if (bytes.length > 0) bytes = await unpackOne(bytes, UNPACK[coding] as Unpack, most)
  }
  return bytes
}

async function unpackOne (bytes: Buffer, unpack: Unpack, most: number): Promise<Buffer> {
  try {
    return await unpack(bytes, { maxOutputLength: most })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw new TooLongError()
    throw error
  }
}

/** Source: RFC 1950, section 2.2 */
function isZlib (data: Buffer): boolean {
  return (data[0] ?? 0) % 16 === 8 && data.length > 1 && data.readUInt16BE(0) % 31 === 0
}
