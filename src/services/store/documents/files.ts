import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { isMissing } from '../errno.ts'

export async function isFile (path: string): Promise<boolean> {
  return await stat(path).then((stats) => stats.isFile(), () => false)
}

/** The names in a folder; none where there is no such folder. */
export async function namesIn (folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
}

/** The SHA-256 of a file, with `isGzip` of what is packed in it; null: it cannot be read, or unpacked. */
export async function hashOf (path: string, isGzip = false): Promise<string | null> {
  const hash = createHash('sha256')
  const file = createReadStream(path, { highWaterMark: 256 * 1024 })
  const reading = isGzip ? pipeline(file, createGunzip(), hash) : pipeline(file, hash)
  return await reading.then(() => hash.digest('hex'), () => null)
}
