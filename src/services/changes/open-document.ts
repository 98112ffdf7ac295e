import type { FileHandle } from 'node:fs/promises'
import { ServiceError } from '../../errors.ts'
import { placedAlbums } from '../../formats/album-lines.ts'
import type { Baseline } from './compare.ts'

/** Albums of an open document; deleting the file does not disturb the reader. */
export type OpenDocument = Pick<Baseline, 'albums' | 'read'>

const READ_BYTES = 256 * 1024

export function openDocument (file: FileHandle): OpenDocument {
  return {
    albums: placedAlbums(chunksOf(file)),
    async read (start, bytes) {
      const buffer = Buffer.allocUnsafe(bytes)
      const { bytesRead } = await file.read(buffer, 0, bytes, start)
      if (bytesRead !== bytes) {
        throw new ServiceError(
          'storage_failed', "the run's document in DATA_DIR was cut while it was read: restore it, or start a new run"
        )
      }
      return buffer
    },
  }
}

/** A stream would close the file at its end. */
async function * chunksOf (file: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ;) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, position)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    position += bytesRead
  }
}
