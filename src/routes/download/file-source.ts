import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { documentDamaged } from '../../services/store/storage-failure.ts'
import type { ByteRange } from './byte-range.ts'

/**
 * A stream costs more than what it carries: a document of a hundred albums is smaller than this, and its compressed
 * copy much smaller.
 */
const SMALL_BYTES = 2 * 1024 * 1024
/** In memory for readers that take their time; when there are more of them, they get streams. */
const MOST_WAITING_BYTES = 32 * 1024 * 1024

let waitingBytes = 0

/**
 * A part of a file of that size, or all of it: at once where it is small, else as a stream. Throws `storage_failed`
 * where the file is not of that size.
 */
export async function readPart (
  path: string, size: number, range: ByteRange | null, response: ServerResponse
): Promise<Buffer | Readable> {
  const { start, end } = range ?? { start: 0, end: size - 1 }
  const bytes = end - start + 1
  if (bytes > SMALL_BYTES || waitingBytes + bytes > MOST_WAITING_BYTES || response.destroyed) {
    return await openStream(path, size, { start, end })
  }
  waitingBytes += bytes
  response.once('close', () => { waitingBytes -= bytes })
  return await readSmall(path, start, bytes, end === size - 1)
}

async function openStream (path: string, size: number, range: ByteRange): Promise<Readable> {
  if (await sizeOf(path) !== size) throw documentDamaged()
  return Readable.from(exactly(path, range), { objectMode: false, highWaterMark: READ_BYTES })
}

const READ_BYTES = 64 * 1024

/** Yields the bytes of a range. Throws `storage_failed` where the file ends before: it was cut while it was read. */
async function * exactly (path: string, { start, end }: ByteRange): AsyncGenerator<Buffer> {
  let left = end - start + 1
  for await (const chunk of createReadStream(
    path, { start, end, highWaterMark: READ_BYTES }
  ) as AsyncIterable<Buffer>) {
    left -= chunk.length
    yield chunk
  }
  if (left > 0) throw documentDamaged()
}

/** One byte more is asked for than is wanted: where the file ends with this part, there must be none. */
async function readSmall (path: string, start: number, bytes: number, isLast: boolean): Promise<Buffer> {
  const file = await open(path).catch((error: unknown) => { throw documentDamaged(error) })
  try {
    const buffer = Buffer.allocUnsafeSlow(bytes + 1)
    let read = 0
    while (read < bytes) {
      const { bytesRead } = await file.read(buffer, read, bytes + 1 - read, start + read)
      if (bytesRead === 0) throw documentDamaged()
      read += bytesRead
    }
    if (isLast && read > bytes) throw documentDamaged()
    return buffer.subarray(0, bytes)
  } finally {
    file.close().catch(() => {}) // nobody need wait for it: what was read is whole
  }
}

/** In bytes; null where there is no such file. */
export async function sizeOf (path: string): Promise<number | null> {
  return await stat(path).then(({ size }) => size, () => null)
}
