import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Run, type RunStatus, type StoredFile } from '../../schemas/run.ts'
import { ServiceError } from '../../errors.ts'
import { type Log } from '../log.ts'
import { syncFolder, writeFileAtomic } from './atomic-write.ts'
import { type Checkpoint, openCheckpoint } from './checkpoint.ts'
import { renameWithCopy } from './compressed-copy.ts'

/** What is stored of a run besides its document and its checkpoint. */
export interface RunRecord {
  run: Run
  /** How often it was begun: restarts and resumptions included. */
  executions: number
  /** How often a user let it go on after its end. */
  resumptions: number
  /** Of the Idempotency-Key that it was started with. */
  keyHash?: string
}

/** The truth about runs: one folder each, named by the run's id. */
export interface RunStore {
  /** Durable when it resolves. */
  create: (record: RunRecord) => Promise<void>
  /** null: no such run, or an id that is none. */
  read: (id: string) => Promise<RunRecord | null>
  /** Replace the record by what `change` makes of it, one change at a time. */
  update: (id: string, change: (record: RunRecord) => RunRecord) => Promise<RunRecord>
  /** The runs that have not ended, oldest first. */
  pending: () => Promise<RunRecord[]>
  /** All runs, newest first, from the one before `before` on. A record that cannot be read is passed over. */
  newestFirst: (before: string | null) => AsyncGenerator<RunRecord>
  /** Delete a run and its files. */
  remove: (id: string) => Promise<void>
  /** Delete the runs that ended before that time (epoch milliseconds), and give their ids. */
  removeEndedBefore: (timeMs: number) => Promise<string[]>
  openCheckpoint: <Part>(id: string) => Promise<Checkpoint<Part>>
  removeCheckpoint: (id: string) => Promise<void>
  /** Write the document, whole or not at all, and a compressed copy beside it. */
  publish: (id: string, name: string, text: AsyncIterable<string>) => Promise<StoredFile>
  documentPath: (id: string, file: StoredFile) => string
  /** Throws where nothing can be stored. */
  probe: () => Promise<void>
}

export const ENDED: readonly RunStatus[] = ['succeeded', 'partial', 'failed', 'canceled']

const RUN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const DOCUMENT_NAME = /^album_items_\d{8}T\d{6}Z\.json$/

export async function createRunStore (dataDir: string, log: Log): Promise<RunStore> {
  const runsDir = join(dataDir, 'runs')
  const changes = new Map<string, Promise<unknown>>()
  await mkdir(runsDir, { recursive: true })

  /** The only place where an id becomes a path. */
  function pathOf (id: string, name = ''): string {
    if (!RUN_ID.test(id)) throw new Error('not the id of a run')
    return join(runsDir, id, name)
  }

  async function read (id: string): Promise<RunRecord | null> {
    if (!RUN_ID.test(id)) return null
    try {
      const record = JSON.parse(await readFile(pathOf(id, 'run.json'), 'utf8')) as Partial<RunRecord> | null
      if (typeof record?.run?.status !== 'string') throw new Error('no record of a run')
      return record as RunRecord
    } catch (error) {
      if (isMissing(error)) return null
      throw new ServiceError('storage_failed', `the record of run ${id} cannot be read: the disk of DATA_DIR may be damaged; delete the run's folder if it stays so`, { cause: error })
    }
  }

  async function readIfWhole (id: string): Promise<RunRecord | null> {
    return await read(id).catch((error: unknown) => {
      log.error({ err: error, runId: id }, 'this run is left alone')
      return null
    })
  }

  /** It ended before that time, or is a folder without a record; what cannot be read is left alone. */
  async function isOver (id: string, timeMs: number): Promise<boolean> {
    try {
      const record = await read(id)
      return record === null || (record.run.finishedAt !== null && Date.parse(record.run.finishedAt) < timeMs)
    } catch {
      return false
    }
  }

  /** The record goes first: a crash in between leaves a folder that is no run. */
  async function remove (id: string): Promise<void> {
    await rm(pathOf(id, 'run.json'), { force: true })
    await rm(pathOf(id), { recursive: true, force: true })
  }

  /** Of all runs, oldest first: an id begins with the time of its creation. */
  async function ids (): Promise<string[]> {
    return (await readdir(runsDir)).filter((name) => RUN_ID.test(name)).sort()
  }

  async function write (record: RunRecord): Promise<void> {
    await writeFileAtomic(pathOf(record.run.id, 'run.json'), JSON.stringify(record))
  }

  async function change (id: string, change: (record: RunRecord) => RunRecord): Promise<RunRecord> {
    const before = await read(id)
    if (before === null) throw new Error(`the record of run ${id} is gone`)
    const after = change(before)
    if (after !== before) await write(after)
    return after
  }

  return {
    read,

    async create (record) {
      const { id } = record.run
      if (await read(id) !== null) throw new Error(`there is a run ${id} already`)
      try {
        await mkdir(pathOf(id), { recursive: true }) // a crash may have left the folder without its record
        await write(record)
        await syncFolder(runsDir)
      } catch (error) {
        await remove(id).catch(() => {})
        throw error
      }
    },

    async update (id, next) {
      const turn = (changes.get(id) ?? Promise.resolve()).catch(() => {}).then(async () => await change(id, next))
      changes.set(id, turn)
      try {
        return await turn
      } finally {
        if (changes.get(id) === turn) changes.delete(id)
      }
    },

    async pending () {
      const records: RunRecord[] = []
      for (const id of await ids()) {
        const record = await readIfWhole(id)
        if (record !== null && !ENDED.includes(record.run.status)) records.push(record)
      }
      return records
    },

    async removeEndedBefore (timeMs) {
      const removed: string[] = []
      for (const id of await ids()) {
        if (createdAtMs(id) >= timeMs) break
        if (!await isOver(id, timeMs)) continue
        await remove(id)
        removed.push(id)
      }
      return removed
    },

    async * newestFirst (before) {
      for (const id of (await ids()).reverse()) {
        const record = before !== null && id >= before ? null : await readIfWhole(id)
        if (record !== null) yield record
      }
    },

    remove,

    openCheckpoint: async (id) => await openCheckpoint(pathOf(id, 'checkpoint.log')),

    async removeCheckpoint (id) {
      await rm(pathOf(id, 'checkpoint.log'), { force: true })
    },

    async publish (id, name, text) {
      const path = pathOf(id, checkedName(name))
      const aside = `${path}.tmp`
      try {
        const written = await writeText(aside, text)
        await renameWithCopy(aside, path, log)
        return { name, ...written }
      } catch (error) {
        await rm(aside, { force: true }).catch(() => {})
        throw error
      }
    },

    documentPath: (id, { name }) => pathOf(id, checkedName(name)),

    async probe () {
      const path = join(dataDir, `.probe-${process.pid}`)
      await writeFileAtomic(path, 'ok')
      await rm(path, { force: true })
    },
  }
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

/** When a run was created, by its id. Source: RFC 9562, section 5.7 (UUID version 7) */
export function createdAtMs (id: string): number {
  return parseInt(id.slice(0, 13).replace('-', ''), 16)
}

export function isRunId (id: string): boolean {
  return RUN_ID.test(id)
}

function checkedName (name: string): string {
  if (!DOCUMENT_NAME.test(name)) throw new Error('not the name of a document')
  return name
}

function isMissing (error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}
