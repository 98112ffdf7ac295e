import { mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Run, type RunStatus, type StoredFile } from '../../schemas/run.ts'
import { ServiceError } from '../../errors.ts'
import { type Log } from '../log.ts'
import { asideOf, syncFolder, writeFileAtomic } from './atomic-write.ts'
import { type Checkpoint, openCheckpoint, removeCheckpoint, segmentsAmong } from './checkpoint.ts'
import { isMissing } from './errno.ts'
import { createFolderMemo } from './folder-memo.ts'
import { createdAtMs, isRunId, runIdsOf } from './run-id.ts'
import { checkedName, isStaged, nameStaged, removeStaged, stageDocument } from './staged-document.ts'
import { newestVersion, readVersion, replaceVersion } from './versioned-file.ts'

/** What is stored of a run besides its document and its checkpoint. */
export interface RunRecord {
  run: Run
  /** How often it was begun, restarts and resumptions included. The number of an execution is its right to write: the highest has it. */
  executions: number
  /** How often a user let it go on after its end. */
  resumptions: number
  /** Of the Idempotency-Key that it was started with. */
  keyHash?: string
  /** Somebody is deleting it. */
  isDeleted?: true
}

/** The truth about runs, for any number of processes: one folder each, named by the run's id. */
export interface RunStore {
  /** Durable when it resolves; false: there is a run of this id, and it stays as it is. */
  create: (record: RunRecord) => Promise<boolean>
  /** null: no such run, or an id that is none. */
  read: (id: string) => Promise<RunRecord | null>
  /** The same, for many who ask for the same runs: of one that ended a while ago it costs a look at the folder, whoever may change it. */
  look: (id: string) => Promise<RunRecord | null>
  /**
   * Replace the record by what `change` makes of it, which is asked again when another process was faster. Where it gives the
   * record that it was given, nothing is written.
   */
  update: (id: string, change: (record: RunRecord) => RunRecord) => Promise<RunRecord>
  /** The runs that have not ended, oldest first. What a crash left half done is completed on the way. */
  pending: () => Promise<RunRecord[]>
  /** All runs, newest first, from the one before `before` on. A record that cannot be read is passed over. */
  newestFirst: (before: string | null) => AsyncGenerator<RunRecord>
  /** Delete a run and its files. */
  remove: (id: string) => Promise<void>
  /** Delete the runs that ended before that time (epoch milliseconds), and give their ids. */
  removeEndedBefore: (timeMs: number) => Promise<string[]>
  /** What that execution sees of the checkpoint, and appends to it. */
  openCheckpoint: <Part>(id: string, execution: number) => Promise<Checkpoint<Part>>
  removeCheckpoint: (id: string) => Promise<void>
  /** Write the document of that execution, whole or not at all, with a compressed copy. Nobody sees it before `publish`. */
  stage: (id: string, execution: number, name: string, text: AsyncIterable<string>) => Promise<StoredFile>
  /** Delete the documents that executions up to that one have staged. */
  discardStaged: (id: string, execution: number) => Promise<void>
  /** Give the staged document that the record names its own name; nothing happens where that is done, or the run goes on. */
  publish: (id: string) => Promise<void>
  /**
   * Where the document of a run that has ended lies: if a crash came before `publish`, it is made good. null: the run was
   * deleted or let go on since then. Throws `storage_failed` where the document is gone or damaged; what `look` has found
   * whole is not looked at again.
   */
  documentPath: (id: string, file: StoredFile) => Promise<string | null>
  /** Throws where nothing can be stored. */
  probe: () => Promise<void>
}

export const ENDED: readonly RunStatus[] = ['succeeded', 'partial', 'failed', 'canceled']

const RECORD = 'run'
const DELETED = '.deleted-'
/** Each time somebody else has succeeded: so often in a row does not happen. */
const MOST_TRIES = 1000
/** Of runs that have ended, in memory: at most 4 MiB of JSON. */
const MOST_LOOKED_AT = 64
const LONGEST_LOOKED_AT = 64 * 1024

export async function createRunStore (dataDir: string, log: Log, monotonic: () => number = () => performance.now()): Promise<RunStore> {
  const runsDir = join(dataDir, 'runs')
  /** The version of the record of runs that have ended: as long as it is the same, the sweep need not read it. */
  let endedVersions = new Map<string, number>()
  const ended = createFolderMemo<RunRecord | null>({ most: MOST_LOOKED_AT, monotonic })
  await mkdir(runsDir, { recursive: true })

  /** The only place where an id becomes a path. */
  function folderOf (id: string): string {
    if (!isRunId(id)) throw new Error('not the id of a run')
    return join(runsDir, id)
  }

  async function readWithVersion (id: string): Promise<{ version: number, record: RunRecord } | null> {
    if (!isRunId(id)) return null
    try {
      const stored = await readVersion(folderOf(id), RECORD)
      return stored === null ? null : { version: stored.number, record: parseRecord(stored.text) }
    } catch (error) {
      throw new ServiceError('storage_failed', `the record of run ${id} cannot be read: the disk of DATA_DIR may be damaged; delete the run's folder if it stays so`, { cause: error })
    }
  }

  async function read (id: string): Promise<RunRecord | null> {
    return (await readWithVersion(id))?.record ?? null
  }

  async function look (id: string): Promise<RunRecord | null> {
    if (!isRunId(id)) return null
    return await ended.recall(folderOf(id), async (isSettled) => {
      const value = await read(id)
      const mayBeKept = value !== null && ENDED.includes(value.run.status)
      return { value, isKept: mayBeKept && (!isSettled || await isAtRest(value)) }
    })
  }

  /** Its document has its name and its size, so that whoever has looked at the run need not look for it; and it is not long. */
  async function isAtRest (record: RunRecord): Promise<boolean> {
    const { id, file } = record.run
    if (JSON.stringify(record).length > LONGEST_LOOKED_AT || (await namesIn(folderOf(id))).some(isStaged)) return false
    return file === null || await sizeOf(join(folderOf(id), checkedName(file.name))) === file.bytes
  }

  /** null, and a line in the log: what is read of the run is damaged, or the disk is. */
  async function unlessDamaged<T> (id: string, reading: Promise<T>): Promise<T | null> {
    return await reading.catch((error: unknown) => {
      log.error({ err: error, runId: id }, 'this run is left alone')
      return null
    })
  }

  async function replaceRecord (id: string, version: number, record: RunRecord): Promise<boolean> {
    try {
      return await replaceVersion(folderOf(id), RECORD, version, JSON.stringify(record))
    } finally {
      ended.forget(folderOf(id))
    }
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

  /** The run is gone at once, and as a whole; after a crash, `pending` deletes what is left. */
  async function remove (id: string): Promise<void> {
    const deleted = asideOf(join(runsDir, `${DELETED}${id}`))
    try {
      await rename(folderOf(id), deleted)
    } catch (error) {
      if (isMissing(error)) return
      throw error
    } finally {
      ended.forget(folderOf(id))
    }
    await syncFolder(runsDir)
    await rm(deleted, { recursive: true, force: true })
  }

  async function removeIfPossible (id: string): Promise<boolean> {
    return await remove(id).then(() => true, (error: unknown) => {
      log.warn({ err: error, runId: id }, 'this run is to be deleted, and cannot be')
      return false
    })
  }

  async function removeLeftovers (names: string[]): Promise<void> {
    for (const name of names.filter((name) => name.startsWith(DELETED))) {
      await rm(join(runsDir, name), { recursive: true, force: true }).catch((error: unknown) => log.warn({ err: error, name }, 'what is left of a deleted run stays for now'))
    }
  }

  /** Of all runs, oldest first: an id begins with the time of its creation. */
  async function ids (): Promise<string[]> {
    return runIdsOf(await readdir(runsDir))
  }

  async function publish (id: string): Promise<void> {
    const folder = folderOf(id)
    if (!(await namesIn(folder)).some(isStaged)) return
    const record = await read(id)
    if (record === null || !ENDED.includes(record.run.status)) return
    const { executions, run: { file } } = record
    if (file !== null) await nameStaged(folder, file.name, executions, log)
    await removeStaged(folder, (execution) => file === null ? execution <= executions : execution < executions)
  }

  /** What was to be done after the end, and a crash came before. */
  async function tidy ({ run }: RunRecord): Promise<void> {
    const folder = folderOf(run.id)
    try {
      await publish(run.id)
      if (run.complete === true && segmentsAmong(await namesIn(folder)).length > 0) await removeCheckpoint(folder)
    } catch (error) {
      log.error({ err: error, runId: run.id }, 'what a crash left of this run cannot be put right')
    }
  }

  return {
    read,
    look,

    async create (record) {
      const { id } = record.run
      const folder = folderOf(id)
      await mkdir(folder, { recursive: true }) // a crash may have left the folder without its record
      let isCreated = false
      try {
        isCreated = await replaceRecord(id, 0, record)
        if (isCreated) await syncFolder(runsDir)
        return isCreated
      } catch (error) {
        if (isCreated) await remove(id).catch(() => {})
        else await rmdir(folder).catch(() => {}) // not if another process has made the same run in it
        throw error
      }
    },

    async update (id, change) {
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const before = await readWithVersion(id)
        if (before === null) throw new ServiceError('run_not_found', `the record of run ${id} is gone: it was deleted`)
        const after = change(before.record)
        if (after === before.record || await replaceRecord(id, before.version, after)) return after
      }
      throw new ServiceError('storage_failed', `the record of run ${id} cannot be changed: DATA_DIR shows old states of its files; turn off the caching of attributes where it is mounted`)
    },

    async pending () {
      const names = await readdir(runsDir)
      await removeLeftovers(names)
      const records: RunRecord[] = []
      const versions = new Map<string, number>()
      for (const id of runIdsOf(names)) {
        const version = await unlessDamaged(id, newestVersion(folderOf(id), RECORD))
        if (version === null) continue
        if (version > 0 && endedVersions.get(id) !== version) {
          const record = await unlessDamaged(id, read(id))
          if (record === null) continue
          if (!ENDED.includes(record.run.status)) {
            records.push(record)
            continue
          }
          await tidy(record)
        }
        versions.set(id, version)
      }
      endedVersions = versions
      return records
    },

    async removeEndedBefore (timeMs) {
      const removed: string[] = []
      for (const id of await ids()) {
        if (createdAtMs(id) >= timeMs) break
        if (await isOver(id, timeMs) && await removeIfPossible(id)) removed.push(id)
      }
      return removed
    },

    async * newestFirst (before) {
      for (const id of (await ids()).reverse()) {
        const record = before !== null && id >= before ? null : await unlessDamaged(id, read(id))
        if (record !== null) yield record
      }
    },

    remove,

    openCheckpoint: async (id, execution) => await openCheckpoint(folderOf(id), execution),
    removeCheckpoint: async (id) => await removeCheckpoint(folderOf(id)),
    stage: async (id, execution, name, text) => await stageDocument(folderOf(id), checkedName(name), execution, text, log),
    discardStaged: async (id, execution) => await removeStaged(folderOf(id), (other) => other <= execution),
    publish,

    async documentPath (id, { name, bytes, sha256 }) {
      const path = join(folderOf(id), checkedName(name))
      if (ended.peek(folderOf(id))?.run.file?.sha256 === sha256) return path
      try {
        await publish(id)
      } catch (error) {
        if (error instanceof ServiceError) throw error
        throw new ServiceError('storage_failed', "the run's document is written but cannot be given its name: let the service write in DATA_DIR", { cause: error })
      }
      if (await sizeOf(path) === bytes) return path
      if ((await read(id))?.run.file?.sha256 !== sha256) return null
      throw new ServiceError('storage_failed', "the run's document in DATA_DIR is gone or damaged: restore it, or start a new run")
    },

    async probe () {
      const path = asideOf(join(dataDir, '.probe'))
      await writeFileAtomic(path, 'ok')
      await rm(path, { force: true })
    },
  }
}

/** Fields that records of earlier versions lack. What a run waits for is never stored. */
const ADDED_LATER: Pick<Run, 'listing' | 'waiting' | 'trigger'> = { listing: null, waiting: null, trigger: { kind: 'api', name: null } }

function parseRecord (text: string): RunRecord {
  const record = JSON.parse(text) as Partial<RunRecord> | null
  if (typeof record?.run?.status !== 'string') throw new Error('no record of a run')
  return { ...record as RunRecord, run: { ...ADDED_LATER, ...(record as RunRecord).run } }
}

/** In bytes; null where there is no such file. */
async function sizeOf (path: string): Promise<number | null> {
  return await stat(path).then(({ size }) => size, () => null)
}

async function namesIn (folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
