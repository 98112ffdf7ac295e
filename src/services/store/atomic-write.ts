import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Put a folder's entries on the disk: a rename is only durable after this. */
export async function syncFolder (folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Name a finished file: from now on it is there, whole, also after a power cut. */
export async function renameDurably (from: string, to: string): Promise<void> {
  await rename(from, to)
  await syncFolder(dirname(to))
}

/** Process ids are the same in every container: what tells writers apart is drawn. */
const WRITER = randomBytes(6).toString('hex')
let writes = 0

/** A name beside a file, for writing it before it takes its place: no two writes share one, of whatever process or machine. */
export function asideOf (path: string): string {
  return `${path}.${WRITER}-${++writes}.tmp`
}

/** Write a file, and have it on the disk when it resolves, unless it need not outlive a power cut. */
export async function writeWhole (path: string, data: string, isDurable = true): Promise<void> {
  const handle = await open(path, 'w')
  try {
    await handle.writeFile(data)
    if (isDurable) await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Replace a file as a whole: a reader, or a crash, sees the old one or the new one, never half. */
export async function writeFileAtomic (path: string, data: string): Promise<void> {
  const aside = asideOf(path)
  try {
    await writeWhole(aside, data)
    await renameDurably(aside, path)
  } catch (error) {
    await rm(aside, { force: true }).catch(() => {})
    throw error
  }
}
