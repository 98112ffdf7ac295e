import { type FileHandle } from 'node:fs/promises'
import { ServiceError } from '../../errors.ts'
import { placedAlbums } from '../formats/album-lines.ts'
import { type Baseline } from './compare.ts'

/** Albums of an open document: whoever deletes it meanwhile disturbs nobody. */
export type OpenDocument = Pick<Baseline, 'albums' | 'read'>

const READ_BYTES = 256 * 1024

export function openDocument (file: FileHandle): OpenDocument {
  return {
    albums: placedAlbums(chunksOf(file)),
    async read (start, bytes) {
      const buffer = Buffer.allocUnsafe(bytes)
      const { bytesRead } = await file.read(buffer, 0, bytes, start)
      if (bytesRead !== bytes) throw new ServiceError('storage_failed', "the run's document in DATA_DIR was cut while it was read: restore it, or start a new run")
      return buffer
    },
  }
}

async function * chunksOf (file: FileHandle): AsyncGenerator<Buffer> {
  yield * file.createReadStream({ start: 0, autoClose: false, highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>
}
