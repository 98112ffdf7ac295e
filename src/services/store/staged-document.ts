import { createHash } from 'node:crypto'
import { type FileHandle, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type StoredFile } from '../../schemas/run.ts'
import { type Log } from '../log.ts'
import { syncFolder } from './atomic-write.ts'
import { compressBeside, renameWithCopy } from './compressed-copy.ts'

/**
 * A document on its way: execution N writes it as `{name}.{N}.staged`, with its compressed copy, and only when the
 * run's record names it does it get its own name. So two executions never write the same file, and the one whose
 * record does not count leaves nothing that anybody reads.
 */
const STAGED = /^album_items_\d{8}T\d{6}Z\.json\.(\d{1,15})\.staged(?:\.gz(?:\.[^.]+\.tmp)?)?$/
const DOCUMENT_NAME = /^album_items_\d{8}T\d{6}Z\.json$/

export function checkedName (name: string): string {
  if (!DOCUMENT_NAME.test(name)) throw new Error('not the name of a document')
  return name
}

/** Write it whole, or leave nothing of it. */
export async function stageDocument (folder: string, name: string, execution: number, text: AsyncIterable<string>, log: Log): Promise<StoredFile> {
  const path = stagedPath(folder, name, execution)
  try {
    const written = await writeText(path, text)
    await compressBeside(path, log)
    await syncFolder(folder)
    return { name, ...written }
  } catch (error) {
    await rm(path, { force: true }).catch(() => {})
    throw error
  }
}

/** Give the document of that execution its name, where that has not been done. */
export async function nameStaged (folder: string, name: string, execution: number, log: Log): Promise<void> {
  await renameWithCopy(stagedPath(folder, name, execution), join(folder, checkedName(name)), log)
}

/** Delete what those executions have staged. */
export async function removeStaged (folder: string, isMeant: (execution: number) => boolean): Promise<void> {
  for (const name of await readdir(folder)) {
    const execution = STAGED.exec(name)?.[1]
    if (execution !== undefined && isMeant(Number(execution))) await rm(join(folder, name), { force: true })
  }
}

export function isStaged (name: string): boolean {
  return STAGED.test(name)
}

function stagedPath (folder: string, name: string, execution: number): string {
  return join(folder, `${checkedName(name)}.${execution}.staged`)
}

const WRITE_CHARACTERS = 256 * 1024

/** Write and hash what comes, in pieces of a fit size; on the disk when it resolves. */
async function writeText (path: string, text: AsyncIterable<string>): Promise<{ bytes: number, sha256: string }> {
  const hash = createHash('sha256')
  const handle = await open(path, 'w')
  let bytes = 0
  let pieces: string[] = []
  let length = 0

  async function flush (file: FileHandle): Promise<void> {
    const data = Buffer.from(pieces.join(''))
    pieces = []
    length = 0
    hash.update(data)
    bytes += data.length
    await file.writeFile(data)
  }

  try {
    for await (const piece of text) {
      pieces.push(piece)
      length += piece.length
      if (length >= WRITE_CHARACTERS) await flush(handle)
    }
    await flush(handle)
    await handle.sync()
  } finally {
    await handle.close()
  }
  return { bytes, sha256: hash.digest('hex') }
}
