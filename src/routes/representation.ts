import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { ServiceError } from '../errors.ts'
import { type Run, type StoredFile } from '../schemas/run.ts'
import { albumLines } from '../services/formats/album-lines.ts'
import { FORMATS, type FormatName } from '../services/formats/index.ts'
import { documentName } from '../services/runs/transitions.ts'
import { compressedPath } from '../services/store/compressed-copy.ts'
import { type ByteRange } from './byte-range.ts'
import { type Validators } from './preconditions.ts'

/** The bytes that answer one request: a document in a format and a content coding. */
export interface Representation extends Validators {
  contentType: string
  fileName: string
  coding: 'gzip' | null
  /** null: known only when they have been made, so that no range of them can be given. */
  bytes: number | null
  /** Nothing is opened before the stream is read, and whatever ends the stream closes what it has opened. */
  read: (range: ByteRange | null) => Readable
}

/** How a run that has ended is shown. Throws `storage_failed` where its file is gone or damaged. */
export async function representationOf (run: Run, path: string | null, formatName: FormatName, isGzipPreferred: boolean): Promise<Representation> {
  const { contentType, extension, revision, write } = FORMATS[formatName]
  const document = run.file === null || path === null ? emptyDocument(run) : await storedDocument(run.file, path)
  const common = {
    contentType,
    fileName: documentName(run).replace('.json', extension),
    modifiedMs: Date.parse(run.finishedAt ?? run.createdAt),
  }
  if (write !== null) {
    const read = (): Readable => Readable.from(write(document.albums()))
    return { ...common, etag: `"${document.sha256}-${formatName}-${revision}"`, coding: null, bytes: null, read }
  }
  const copy = isGzipPreferred ? await document.compressed() : null
  if (copy !== null) return { ...common, ...copy, etag: `"${document.sha256}-gzip"`, coding: 'gzip' }
  return { ...common, etag: `"${document.sha256}"`, coding: null, bytes: document.bytes, read: document.read }
}

interface Source extends Pick<Representation, 'read'> { bytes: number }

interface Document extends Source {
  sha256: string
  compressed: () => Promise<Source | null>
  albums: () => AsyncIterable<Buffer>
}

async function storedDocument ({ bytes, sha256 }: StoredFile, path: string): Promise<Document> {
  if (await sizeOf(path) !== bytes) throw new ServiceError('storage_failed', "the run's document in DATA_DIR is gone or damaged: restore it, or start a new run")
  return {
    bytes,
    sha256,
    read: (range) => createReadStream(path, range ?? {}),
    albums: () => albumLines(chunksOf(path)),
    async compressed () {
      const copy = compressedPath(path)
      const size = await sizeOf(copy)
      return size === null ? null : { bytes: size, read: (range) => createReadStream(copy, range ?? {}) }
    },
  }
}

const READ_BYTES = 256 * 1024

async function * chunksOf (path: string): AsyncGenerator<Buffer> {
  yield * createReadStream(path, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>
}

/** In bytes; null where there is no such file. */
async function sizeOf (path: string): Promise<number | null> {
  return await stat(path).then(({ size }) => size, () => null)
}

/** What a run that got no album answers: the document's shape, with nothing in it. */
function emptyDocument ({ file: _file, ...run }: Run): Document {
  const text = Buffer.from(JSON.stringify({ ...run, albums: [] }))
  return {
    bytes: text.length,
    sha256: createHash('sha256').update(text).digest('hex'),
    read: (range) => Readable.from([range === null ? text : text.subarray(range.start, range.end + 1)]),
    compressed: async () => null,
    albums: async function * () {},
  }
}
