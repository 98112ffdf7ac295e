import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type Log } from '../log.ts'
import { asideOf, syncFolder } from './atomic-write.ts'
import { isMissing } from './errno.ts'

/** The document's copy for clients that take gzip. It may be missing: then the document itself is served. */
export function compressedPath (path: string): string {
  return `${path}.gz`
}

/** Write the compressed copy of a finished file beside it. One that cannot be written costs nothing but itself. */
export async function compressBeside (path: string, log: Log): Promise<void> {
  const copy = compressedPath(path)
  const aside = asideOf(copy)
  try {
    // in zlib's threads, not in the event loop; on the disk when it resolves
    await pipeline(createReadStream(path), createGzip(), createWriteStream(aside, { flush: true }))
    await rename(aside, copy)
  } catch (error) {
    log.warn({ err: error, path: copy }, 'the document has no compressed copy')
    await rm(aside, { force: true }).catch(() => {})
  }
}

/**
 * Name a finished document, then its compressed copy; where that is done already, nothing happens, and where it was
 * interrupted it is completed. Any number may do it at once. Afterwards there may be no copy, but never one of an earlier document.
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
      log.warn({ err: error, path: copyTo }, 'the document has no compressed copy')
      await removeDurably(copyTo).catch(() => {})
      await rm(copyFrom, { force: true })
    })
  }
  await syncFolder(dirname(to))
}

async function isFile (path: string): Promise<boolean> {
  return await stat(path).then((stats) => stats.isFile(), () => false)
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
