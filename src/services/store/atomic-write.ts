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

/** Two that write the same file at once must not share a file aside. */
let writes = 0

/** Replace a file as a whole: a reader, or a crash, sees the old one or the new one, never half. */
export async function writeFileAtomic (path: string, data: string): Promise<void> {
  const aside = `${path}.${process.pid}-${++writes}.tmp`
  try {
    const handle = await open(aside, 'w')
    try {
      await handle.writeFile(data)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await renameDurably(aside, path)
  } catch (error) {
    await rm(aside, { force: true }).catch(() => {})
    throw error
  }
}
