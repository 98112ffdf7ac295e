import { randomBytes } from 'node:crypto'
import { type WriteStream, createWriteStream } from 'node:fs'
import { mkdir, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hasErrno } from '../errno.ts'

/** What file systems answer that cannot sync a folder: their renames are as durable as they make them. */
const NO_FOLDER_SYNC = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR', 'EPERM', 'EACCES', 'EBADF']

/** Puts a folder's entries on the disk, where the file system knows that: a rename is only durable after this. */
export async function syncFolder (folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch((error: unknown) => {
    if (hasErrno(error, ...NO_FOLDER_SYNC)) return null
    throw error
  })
  try {
    await handle?.sync()
  } catch (error) {
    if (!hasErrno(error, ...NO_FOLDER_SYNC)) throw error
  } finally {
    await handle?.close()
  }
}

/** Makes a folder with those above it, all durable. */
export async function makeFolder (folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
}

/** Writes a file that only its owner may read; what is written is on the disk when the stream closes. */
export function durableStream (path: string): WriteStream {
  return createWriteStream(path, { flush: true, mode: 0o600 })
}

/** Gives a finished file its name: from now on it is there, whole, also after a power cut. */
export async function renameDurably (from: string, to: string): Promise<void> {
  await rename(from, to)
  await syncFolder(dirname(to))
}

/** Process ids are the same in every container: what tells writers apart is drawn. */
const WRITER = randomBytes(6).toString('hex')
let writes = 0

/**
 * A name beside a file, for writing it before it takes its place: no two writes share one, of whatever process or
 * machine.
 */
export function asideOf (path: string): string {
  return `${path}.${WRITER}-${++writes}.tmp`
}
