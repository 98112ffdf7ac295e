import { rename, rm, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Log } from '../../log.ts'
import { asideOf, durableStream, syncFolder } from './durable-file.ts'
import { isFile } from './files.ts'
import { isMissing } from '../errno.ts'

/** The document's copy for clients that take gzip. It may be missing: then the document itself is served. */
export function compressedPath (path: string): string {
  return `${path}.gz`
}

/**
 * The compressed copy of a document that is being written, made of the same pieces. What fails costs nothing but the
 * copy, and is told once.
 */
export interface GrowingCopy {
  /** The next piece; resolves when there is room for another one. */
  write: (data: Buffer) => Promise<void>
  /** That was all; on the disk when it resolves. */
  end: () => Promise<void>
  /** Give it its name beside the document. */
  place: () => Promise<void>
  /** Leave nothing of it. */
  discard: () => Promise<void>
}

/** Begin the copy of the document at that path. */
export function growCopy (path: string, log: Log): GrowingCopy {
  const copy = compressedPath(path)
  const aside = asideOf(copy)
  const gzip = createGzip() // in zlib's threads, not in the event loop
  const file = durableStream(aside)
  const closed = new Promise<void>((resolve) => { file.once('close', resolve) })
  const isWhole = pipeline(gzip, file).then(() => true, async (error: unknown) => {
    await fail(error)
    return false
  })
  let isDiscarded = false

  async function fail (error: unknown): Promise<void> {
    if (!isDiscarded) log.warn({ err: error, path: copy }, 'document has no compressed copy')
    await closed
    await rm(aside, { force: true }).catch(() => {})
  }

  return {
    async write (data) {
      if (gzip.destroyed || gzip.write(data)) return
      await Promise.race([isWhole, new Promise((resolve) => { gzip.once('drain', resolve) })])
    },

    async end () {
      gzip.end()
      await isWhole
    },

    async place () {
      if (await isWhole) await rename(aside, copy).catch(fail)
    },

    async discard () {
      isDiscarded = true
      gzip.destroy()
      await isWhole
      await Promise.all([aside, copy].map(async (left) => await rm(left, { force: true }).catch(() => {})))
    },
  }
}

/**
 * Name a finished document, then its compressed copy; where that is done already, nothing happens, and where it was
 * interrupted it is completed. Any number may do it at once. Afterwards there may be no copy, but never one of an
 * earlier document.
 */
export async function renameWithCopy (from: string, to: string, log: Log): Promise<void> {
  const [copyFrom, copyTo] = [compressedPath(from), compressedPath(to)]
  const hasCopy = await isFile(copyFrom) // asked first: the document goes before its copy does
  if (await isFile(from)) {
    if (!hasCopy) await removeDurably(copyTo)
    await renameIfThere(from, to)
  }
  if (hasCopy) {
    await renameIfThere(copyFrom, copyTo).catch(async (error: unknown) => {
      log.warn({ err: error, path: copyTo }, 'document has no compressed copy')
      await removeDurably(copyTo).catch(() => {})
      await rm(copyFrom, { force: true })
    })
  }
  await syncFolder(dirname(to))
}

async function renameIfThere (from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

async function removeDurably (path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (isMissing(error)) return
    throw error
  }
  await syncFolder(dirname(path))
}
