import { createReadStream, createWriteStream } from 'node:fs'
import { rm, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type Log } from '../log.ts'
import { renameDurably, syncFolder } from './atomic-write.ts'

/** The document's copy for clients that take gzip. It may be missing: then the document itself is served. */
export function compressedPath (path: string): string {
  return `${path}.gz`
}

/**
 * Name a finished document, and beside it its compressed copy. The copy of an earlier document goes first, so that
 * after a crash there may be none, but never a wrong one. A copy that cannot be written costs the run nothing.
 */
export async function renameWithCopy (from: string, to: string, log: Log): Promise<void> {
  const copy = compressedPath(to)
  const aside = `${copy}.tmp`
  const failed = (error: unknown): void => log.warn({ err: error, path: copy }, 'the document has no compressed copy')
  try {
    const isCompressed = await compress(from, aside).then(() => true, failed)
    await removeDurably(copy)
    await renameDurably(from, to)
    if (isCompressed === true) await renameDurably(aside, copy).catch(failed)
  } finally {
    await rm(aside, { force: true }).catch(() => {})
  }
}

/** In zlib's threads, not in the event loop; on the disk when it resolves. */
async function compress (from: string, to: string): Promise<void> {
  await pipeline(createReadStream(from), createGzip(), createWriteStream(to, { flush: true }))
}

async function removeDurably (path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw error
  }
  await syncFolder(dirname(path))
}
