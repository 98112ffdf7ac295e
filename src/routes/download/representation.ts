import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { ServiceError } from '../../errors.ts'
import type { Run, StoredFile } from '../../schemas/run.ts'
import { albumLines } from '../../formats/album-lines.ts'
import type { Conversion } from '../../formats/conversions.ts'
import { FORMATS, type FormatName } from '../../formats/index.ts'
import { documentName } from '../../services/runs/transitions.ts'
import { compressedPath } from '../../services/store/documents/compressed-copy.ts'
import { documentDamaged } from '../../services/store/storage-failure.ts'
import type { ByteRange } from './byte-range.ts'
import { readPart, sizeOf } from './file-source.ts'
import type { Validators } from './conditional.ts'

/** The bytes that answer one request: a document in a format and a content coding. */
export interface Representation extends Validators {
  contentType: string
  fileName: string
  coding: 'gzip' | null
  /** null: known only when they have been made, so that no range of them can be given. */
  bytes: number | null
  /** Nothing is opened before a stream is read, and whatever ends the stream closes what it has opened. */
  read: (range: ByteRange | null, response: ServerResponse) => Promise<Buffer | Readable>
}

type Coding = Representation['coding']

/**
 * Returns the validators that follow from the record alone, or null for a run without a file. They assume that the
 * compressed copy exists; where it does not, `representationOf` gives the tag of the plain document.
 */
export function validatorsOf (run: Run, formatName: FormatName, preferred: Coding): Validators | null {
  return run.file === null
    ? null
    : { etag: tagOf(run.file.sha256, formatName, preferred), modifiedMs: endedMs(run) }
}

function endedMs ({ finishedAt, createdAt }: Run): number {
  return Date.parse(finishedAt ?? createdAt)
}

function tagOf (sha256: string, formatName: FormatName, coding: Coding): string {
  const { revision, write } = FORMATS[formatName]
  if (write !== null) return `"${sha256}-${formatName}-${revision}"`
  return coding === null ? `"${sha256}"` : `"${sha256}-${coding}"`
}

/** Resolves when a conversion for this client may begin, or rejects where it may not. */
export type BeginConversion = (signal: AbortSignal) => Promise<Conversion>

/** Returns the representation of a run that has ended. Throws `storage_failed` if its file is missing or damaged. */
export async function representationOf (
  run: Run, path: string | null, formatName: FormatName, preferred: Coding, begin: BeginConversion
): Promise<Representation> {
  const { contentType, extension, write } = FORMATS[formatName]
  const document = run.file === null || path === null ? emptyDocument(run) : storedDocument(run.file, path)
  const common = {
    contentType,
    fileName: documentName(run).replace(/\.json$/, extension),
    modifiedMs: endedMs(run),
  }
  const copy = preferred === 'gzip' && write === null ? await document.compressed() : null
  if (copy !== null) return { ...common, ...copy, etag: tagOf(document.sha256, formatName, 'gzip'), coding: 'gzip' }
  await document.check()
  const plain = { ...common, etag: tagOf(document.sha256, formatName, null), coding: null }
  if (write === null) return { ...plain, bytes: document.bytes, read: document.read }
  return { ...plain, bytes: null, read: async (_range, response) => await convert(document, write, begin, response) }
}

type Write = (albums: AsyncIterable<Buffer>) => AsyncIterable<Uint8Array | string>

/** Streams a document in another format: see `streamConversion`. */
export async function convert (
  { albums }: Pick<DocumentSource, 'albums'>, write: Write, begin: BeginConversion, response: ServerResponse
): Promise<Readable> {
  return await streamConversion(({ inTurns }) => write(inTurns(albums())), begin, response)
}

/** Waits for the client's turn, then streams. The turn ends with the stream, or when the client leaves. */
export async function streamConversion (
  write: (conversion: Conversion) => AsyncIterable<Uint8Array | string>,
  begin: BeginConversion,
  response: ServerResponse
): Promise<Readable> {
  const gone = new AbortController()
  response.once('close', () => gone.abort(clientLeft()))
  if (response.destroyed) throw clientLeft()
  const conversion = await begin(gone.signal)
  gone.signal.addEventListener('abort', conversion.end)
  if (gone.signal.aborted) conversion.end()
  return Readable.from(write(conversion)).once('end', conversion.end)
}

/** Nobody receives it: it ends the wait. */
function clientLeft (): ServiceError {
  return new ServiceError('request_timeout', 'the client left while its conversion waited')
}

interface ReadableBytes extends Pick<Representation, 'read'> { bytes: number }

interface DocumentSource extends ReadableBytes {
  sha256: string
  compressed: () => Promise<ReadableBytes | null>
  /** Throws where it is not what the record says. */
  check: () => Promise<void>
  albums: () => AsyncIterable<Buffer>
}

export function storedDocument (file: StoredFile, path: string): DocumentSource {
  const { bytes, sha256 } = file
  return {
    bytes,
    sha256,
    read: async (range, response) => await readPart(path, bytes, range, response),
    albums: () => albumLines(chunksOf(path)),
    async check () {
      if (await sizeOf(path) !== bytes) throw documentDamaged()
    },
    async compressed () {
      const copy = compressedPath(path)
      const size = await sizeOf(copy)
      return size === null
        ? null
        : { bytes: size, read: async (range, response) => await readPart(copy, size, range, response) }
    },
  }
}

const READ_BYTES = 256 * 1024

async function * chunksOf (path: string): AsyncGenerator<Buffer> {
  yield * createReadStream(path, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>
}

/** Returns a document without albums, for a run that fetched none. */
function emptyDocument ({ file: _file, ...run }: Run): DocumentSource {
  const text = Buffer.from(JSON.stringify({ ...run, albums: [] }))
  return {
    bytes: text.length,
    sha256: createHash('sha256').update(text).digest('hex'),
    read: async (range) => range === null ? text : text.subarray(range.start, range.end + 1),
    check: async () => {},
    compressed: async () => null,
    albums: async function * () {},
  }
}
