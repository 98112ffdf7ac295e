import { createHash } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoredFile } from '../../../schemas/run.ts'
import type { Log } from '../../log.ts'
import { makeFolder, syncFolder } from './durable-file.ts'
import { namesIn } from './files.ts'
import { type GrowingCopy, growCopy, renameWithCopy } from './compressed-copy.ts'

/**
 * A document on its way: execution N writes it as `{name}.{N}.staged`, with its compressed copy, and only when the
 * run's record names it does it get its own name. So two executions never write the same file, and the one whose
 * record does not count leaves nothing that anybody reads.
 */
const STAGED = /^album_items_\d{8}T\d{6}Z_[0-9a-f]{6}\.json\.(\d{1,15})\.staged(?:\.gz(?:\.[^.]+\.tmp)?)?$/
const DOCUMENT_NAME = /^album_items_(\d{4})(\d\d)(\d\d)T\d{6}Z_[0-9a-f]{6}\.json$/

/** The folder of a document: `{YYYY}/{MM}/{DD}` of its name. The only place where a name becomes a path. */
export function folderOf (documentsDir: string, name: string): string {
  const [, year, month, day] = DOCUMENT_NAME.exec(name) ?? []
  if (year === undefined || month === undefined || day === undefined) throw new Error('not the name of a document')
  return join(documentsDir, year, month, day)
}

/** Write it whole, or leave nothing of it. */
export async function stageDocument (
  folder: string, name: string, execution: number, text: AsyncIterable<string>, log: Log
): Promise<StoredFile> {
  const path = stagedPath(folder, name, execution)
  await makeFolder(folder)
  const copy = growCopy(path, log)
  try {
    const written = await writeText(path, text, copy)
    await copy.place()
    await syncFolder(folder)
    return { name, ...written }
  } catch (error) {
    await Promise.all([copy.discard(), rm(path, { force: true }).catch(() => {})])
    throw error
  }
}

/** Give the document of that execution its name, where that has not been done. */
export async function nameStaged (folder: string, name: string, execution: number, log: Log): Promise<void> {
  await renameWithCopy(stagedPath(folder, name, execution), join(folder, name), log)
}

/** Deletes what executions up to that one have staged of the document. */
export async function removeStaged (folder: string, name: string, upTo: number): Promise<void> {
  for (const entry of await namesIn(folder)) {
    const execution = entry.startsWith(name) ? STAGED.exec(entry)?.[1] : undefined
    if (execution !== undefined && Number(execution) <= upTo) await rm(join(folder, entry), { force: true })
  }
}

/** Returns where that execution stages the document. */
export function stagedPath (folder: string, name: string, execution: number): string {
  return join(folder, `${name}.${execution}.staged`)
}

const WRITE_BYTES = 256 * 1024

/** Write and hash what comes, in pieces of a fit size, to the file and to its copy; on the disk when it resolves. */
async function writeText (
  path: string, text: AsyncIterable<string>, copy: GrowingCopy
): Promise<{ bytes: number, sha256: string }> {
  const hash = createHash('sha256')
  const file = await open(path, 'w', 0o600)
  let bytes = 0
  let pieces: Buffer[] = []
  let length = 0

  async function flush (): Promise<void> {
    const data = Buffer.concat(pieces, length)
    pieces = []
    length = 0
    hash.update(data)
    bytes += data.length
    await Promise.all([copy.write(data), file.writeFile(data)])
  }

  try {
    for await (const piece of text) {
      const encoded = Buffer.from(piece) // faster than one long text that has a character above 255
      pieces.push(encoded)
      length += encoded.length
      if (length >= WRITE_BYTES) await flush()
    }
    await flush()
    const copied = copy.end()
    await file.sync()
    await copied
  } finally {
    await file.close()
  }
  return { bytes, sha256: hash.digest('hex') }
}
