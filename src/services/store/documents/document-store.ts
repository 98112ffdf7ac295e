import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { ServiceError } from '../../../errors.ts'
import { type StoredFile } from '../../../schemas/run.ts'
import { type Database } from '../../database/database.ts'
import { type Log } from '../../log.ts'
import { isMissing } from '../errno.ts'
import { storageErrno, storageFailed } from '../storage-failure.ts'
import { compressedPath } from './compressed-copy.ts'
import { asideOf, makeFolder, renameDurably } from './durable-file.ts'
import { folderOf, nameStaged, removeStaged, stageDocument, stagedPath } from './stage.ts'
import { documentOfTable, removeTableFiles } from './table-files.ts'
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

/** A row of the database. */
const PIECE_BYTES = 256 * 1024
const DAY_MS = 24 * 3_600_000
const NAMES_TOGETHER = 200

export async function createDocumentStore (
  dataDir: string, database: Pick<Database, 'kind' | 'queries'>, log: Log
): Promise<DocumentStore> {
  const documentsDir = join(dataDir, 'documents')
  const { queries } = database
  const verifier = createVerifier()
  const isShared = database.kind === 'postgresql'
  const restoring = new Map<string, Promise<void>>()
  await mkdir(documentsDir, { recursive: true, mode: 0o700 })

  function pathOf (name: string): string {
    return join(folderOf(documentsDir, name), name)
  }

  async function publish (execution: number, { name }: StoredFile): Promise<void> {
    const folder = folderOf(documentsDir, name)
    if (await isFile(stagedPath(folder, name, execution)) ||
      await isFile(compressedPath(stagedPath(folder, name, execution)))) await nameStaged(folder, name, execution, log)
  }

  /** Puts the compressed copy into the database, where replicas share no disk. */
  async function share (runId: string, copy: string, { sha256 }: StoredFile): Promise<void> {
    await queries.deleteFrom('document_pieces').where('run_id', '=', runId).where('sha256', '=', sha256).execute()
    let seq = 0
    for await (const bytes of createReadStream(copy, { highWaterMark: PIECE_BYTES }) as AsyncIterable<Buffer>) {
      await queries.insertInto('document_pieces').values({ run_id: runId, sha256, seq: seq++, bytes }).execute()
    }
  }

  async function * pieces (runId: string, { sha256 }: StoredFile): AsyncGenerator<Buffer> {
    for (let seq = 0; ; seq++) {
      const row = await queries.selectFrom('document_pieces').select('bytes').where('run_id', '=', runId).where(
        'sha256', '=', sha256
      ).where('seq', '=', seq).executeTakeFirst()
      if (row === undefined) return
      yield row.bytes
    }
  }

  /** Makes the document whole again from what is right of it: its copy here, or the one in the database. */
  async function restore (runId: string, file: StoredFile): Promise<void> {
    const path = pathOf(file.name)
    const copy = compressedPath(path)
    const isDamaged = await isFile(path)
    await makeFolder(folderOf(documentsDir, file.name))
    const isHere = await verifier.isRight(copy, file.sha256, true)
    if (!isHere) {
      if (!isShared) throw damaged()
      await replace(copy, async (aside) => await pipeline(
        Readable.from(pieces(runId, file)), createWriteStream(aside, { flush: true, mode: 0o600 })
      ), async (aside) => await verifier.isRight(aside, file.sha256, true))
    }
    await replace(path, async (aside) => await pipeline(
      createReadStream(copy), createGunzip(), createWriteStream(aside, { flush: true, mode: 0o600 })
    ), async (aside) => await verifier.isRight(aside, file.sha256))
    if (isDamaged) log.warn({ runId, path }, 'damaged document restored from its compressed copy')
    else if (isHere) log.warn({ runId, path }, 'missing document restored from its compressed copy')
    else log.info({ runId, path }, 'document copied from the database')
  }

  /** A copy that cannot be made costs its readers some bytes, and nothing else. */
  async function compress (path: string, sha256: string): Promise<void> {
    const copy = compressedPath(path)
    try {
      await replace(copy, async (aside) => await pipeline(
        createReadStream(path), createGzip(), createWriteStream(aside, { flush: true, mode: 0o600 })
      ), async (aside) => await verifier.isRight(aside, sha256, true))
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
      const copy = compressedPath(stagedPath(folder, name, execution))
      if (isShared) {
        if (!await isFile(copy)) await compress(stagedPath(folder, name, execution), file.sha256)
        await share(runId, copy, file)
      }
      return file
    },

    discardStaged: async (name, execution) => await removeStaged(folderOf(documentsDir, name), name, execution),

    async publish (runId, execution, file) {
      await publish(execution, file)
      if (isShared) {
        await queries.deleteFrom('document_pieces').where('run_id', '=', runId).where(
          'sha256', '!=', file.sha256
        ).execute()
      }
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
          ? damaged(error)
          : storageFailed("the run's document cannot be read or restored", error)
      }
    },

    async remove (runId, name) {
      const path = pathOf(name)
      for (const file of [path, compressedPath(path)]) await rm(file, { force: true })
      await removeTableFiles(folderOf(documentsDir, name), name)
      await removeStaged(folderOf(documentsDir, name), name, Infinity)
      if (isShared) await queries.deleteFrom('document_pieces').where('run_id', '=', runId).execute()
    },

    async sweep (isNamed, nowMs) {
      for await (const folder of dayFolders(documentsDir)) {
        const entries = await readdir(folder)
        const names = entries.filter((name) => documentOf(name) !== '')
        for (let first = 0; first < names.length; first += NAMES_TOGETHER) {
          const some = names.slice(first, first + NAMES_TOGETHER)
          const named = await isNamed([...new Set(some.map(documentOf))])
          for (const name of some) {
            if (!named.has(documentOf(name)) || name.endsWith('.tmp')) await removeIfOld(join(folder, name), nowMs)
          }
        }
        if (entries.length === 0) await removeIfOld(folder, nowMs)
      }
      if (isShared) {
        await queries.deleteFrom('document_pieces').where(
          'run_id', 'not in', queries.selectFrom('runs').select('id')
        ).execute()
      }
    },

    async probe () {
      const aside = asideOf(join(documentsDir, '.probe'))
      await pipeline(Readable.from(['ok']), createWriteStream(aside, { flush: true, mode: 0o600 }))
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
    if (!await isRight(aside)) throw damaged()
    await renameDurably(aside, path)
  } finally {
    await rm(aside, { force: true }).catch(() => {})
  }
}

async function * dayFolders (folder: string, depth = 0): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const path = join(folder, entry.name)
    if (depth === 2) yield path
    else yield * dayFolders(path, depth + 1)
  }
}

/** The document that a file is, or is a copy, a stage or a table of; empty: it is none of ours. */
function documentOf (name: string): string {
  return /^album_items_[^.]+\.json(?=\.|$)/.exec(name)?.[0] ?? documentOfTable(name)
}

/** A folder is removed only if it is empty: somebody may be about to write into a young one. */
async function removeIfOld (path: string, nowMs: number): Promise<void> {
  const stats = await stat(path).catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
  if (stats === null || nowMs - stats.mtimeMs <= DAY_MS) return
  if (stats.isDirectory()) await rmdir(path).catch(() => {})
  else await rm(path, { force: true })
}

async function isFile (path: string): Promise<boolean> {
  return await stat(path).then((stats) => stats.isFile(), () => false)
}

/** The error of a document that is not what its run says. */
export function damaged (cause?: unknown): ServiceError {
  return new ServiceError(
    'storage_failed', "the run's document in DATA_DIR is gone or damaged: restore it, or start a new run", { cause }
  )
}
