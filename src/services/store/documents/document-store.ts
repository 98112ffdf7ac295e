import { createReadStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { ServiceError } from '../../../errors.ts'
import type { StoredFile } from '../../../schemas/run.ts'
import type { Database } from '../../database/database.ts'
import type { Log } from '../../log.ts'
import { documentDamaged, storageErrno, storageFailed } from '../storage-failure.ts'
import { compressedPath } from './compressed-copy.ts'
import { createDocumentPieces } from './document-pieces.ts'
import { asideOf, durableStream, makeFolder, renameDurably } from './durable-file.ts'
import { isFile } from './files.ts'
import { folderOf, nameStaged, removeStaged, stageDocument, stagedPath } from './stage.ts'
import { sweepDocuments } from './sweep-documents.ts'
import { removeTableFiles } from './table-files.ts'
import { createVerifier } from './verify.ts'

/**
 * The documents of runs: files in `DATA_DIR/documents`, and with PostgreSQL their compressed bytes in the database as
 * well.
 */
export interface DocumentStore {
  /**
   * Writes the document of that execution, whole or not at all, with a compressed copy. Nobody sees it before
   * `publish`.
   */
  stage: (runId: string, execution: number, name: string, text: AsyncIterable<string>) => Promise<StoredFile>
  /** Deletes what executions up to that one have staged. */
  discardStaged: (name: string, execution: number) => Promise<void>
  /** Gives the document that an execution staged its own name; nothing happens where that is done. */
  publish: (runId: string, execution: number, file: StoredFile) => Promise<void>
  /**
   * The path of the document, checked, and restored from its copy where that is needed. Throws `storage_failed` where
   * it cannot be.
   */
  path: (runId: string, execution: number, file: StoredFile) => Promise<string>
  remove: (runId: string, name: string) => Promise<void>
  /** Deletes the files of which `isNamed` knows no run, and which are older than a day. */
  sweep: (isNamed: (names: string[]) => Promise<Set<string>>, nowMs: number) => Promise<void>
  /** Throws where no document could be written. */
  probe: () => Promise<void>
}

export async function createDocumentStore (
  dataDir: string, database: Pick<Database, 'kind' | 'queries'>, log: Log
): Promise<DocumentStore> {
  const documentsDir = join(dataDir, 'documents')
  const verifier = createVerifier()
  const pieces = database.kind === 'postgresql' ? createDocumentPieces(database.queries) : null
  const restoring = new Map<string, Promise<void>>()
  await mkdir(documentsDir, { recursive: true, mode: 0o700 })

  function pathOf (name: string): string {
    return join(folderOf(documentsDir, name), name)
  }

  async function publish (execution: number, { name }: StoredFile): Promise<void> {
    const folder = folderOf(documentsDir, name)
    const staged = stagedPath(folder, name, execution)
    if (await isFile(staged) || await isFile(compressedPath(staged))) await nameStaged(folder, name, execution, log)
  }

  /** Makes the document whole again from what is right of it: its copy here, or the one in the database. */
  async function restore (runId: string, file: StoredFile): Promise<void> {
    const path = pathOf(file.name)
    const copy = compressedPath(path)
    const isDamaged = await isFile(path)
    await makeFolder(folderOf(documentsDir, file.name))
    const isHere = await verifier.isRight(copy, file.sha256, true)
    if (!isHere) {
      if (pieces === null) throw documentDamaged()
      await replace(
        copy,
        async (aside) => await pipeline(Readable.from(pieces.read(runId, file.sha256)), durableStream(aside)),
        async (aside) => await verifier.isRight(aside, file.sha256, true)
      )
    }
    await replace(
      path,
      async (aside) => await pipeline(createReadStream(copy), createGunzip(), durableStream(aside)),
      async (aside) => await verifier.isRight(aside, file.sha256)
    )
    if (isDamaged) log.warn({ runId, path }, 'damaged document restored from its compressed copy')
    else if (isHere) log.warn({ runId, path }, 'missing document restored from its compressed copy')
    else log.info({ runId, path }, 'document copied from the database')
  }

  /** A copy that cannot be made costs its readers some bytes, and nothing else. */
  async function compress (path: string, sha256: string): Promise<void> {
    const copy = compressedPath(path)
    try {
      await replace(
        copy,
        async (aside) => await pipeline(createReadStream(path), createGzip(), durableStream(aside)),
        async (aside) => await verifier.isRight(aside, sha256, true)
      )
    } catch (error) {
      log.warn({ err: error, path: copy }, 'document has no compressed copy')
      await rm(copy, { force: true }).catch(() => {})
    }
  }

  async function checked (runId: string, file: StoredFile): Promise<void> {
    const path = pathOf(file.name)
    if (!await verifier.isRight(path, file.sha256)) return await restore(runId, file)
    if (await isFile(compressedPath(path)) && !await verifier.isRight(compressedPath(path), file.sha256, true)) {
      await compress(path, file.sha256)
    }
  }

  return {
    async stage (runId, execution, name, text) {
      const folder = folderOf(documentsDir, name)
      const file = await stageDocument(folder, name, execution, text, log)
      const staged = stagedPath(folder, name, execution)
      if (pieces !== null) {
        if (!await isFile(compressedPath(staged))) await compress(staged, file.sha256)
        await pieces.store(runId, file.sha256, compressedPath(staged))
      }
      return file
    },

    discardStaged: async (name, execution) => await removeStaged(folderOf(documentsDir, name), name, execution),

    async publish (runId, execution, file) {
      await publish(execution, file)
      await pieces?.remove(runId, file.sha256)
    },

    async path (runId, execution, file) {
      try {
        const path = pathOf(file.name)
        if (await verifier.isKnown(path, file.sha256) && (await verifier.isKnown(compressedPath(path), file.sha256) ||
          !await isFile(compressedPath(path)))) return path
        await publish(execution, file)
        const content = `${file.name} ${file.sha256}` // a run that was resumed has another one
        const work = restoring.get(content) ?? checked(runId, file).finally(() => restoring.delete(content))
        restoring.set(content, work)
        await work
        return path
      } catch (error) {
        if (error instanceof ServiceError) throw error
        throw storageErrno(error) === null
          ? documentDamaged(error)
          : storageFailed("the run's document cannot be read or restored", error)
      }
    },

    async remove (runId, name) {
      const path = pathOf(name)
      for (const file of [path, compressedPath(path)]) await rm(file, { force: true })
      await removeTableFiles(folderOf(documentsDir, name), name)
      await removeStaged(folderOf(documentsDir, name), name, Infinity)
      await pieces?.remove(runId)
    },

    async sweep (isNamed, nowMs) {
      await sweepDocuments(documentsDir, isNamed, nowMs)
      await pieces?.sweep()
    },

    async probe () {
      const aside = asideOf(join(documentsDir, '.probe'))
      await pipeline(Readable.from(['ok']), durableStream(aside))
      await rm(aside, { force: true })
    },
  }
}

/** Writes a file aside, checks it, and puts it in the place of what is there. */
async function replace (
  path: string, write: (aside: string) => Promise<void>, isRight: (aside: string) => Promise<boolean>
): Promise<void> {
  const aside = asideOf(path)
  try {
    await write(aside)
    if (!await isRight(aside)) throw documentDamaged()
    await renameDurably(aside, path)
  } finally {
    await rm(aside, { force: true }).catch(() => {})
  }
}
