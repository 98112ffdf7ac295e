import { createReadStream } from 'node:fs'
import { ServiceError } from '../../errors.ts'
import { isAway } from '../database/failure.ts'
import { albumLines } from '../../formats/album-lines.ts'
import { createTurns } from '../../formats/turns.ts'
import type { Log } from '../log.ts'
import type { DocumentStore } from '../store/documents/document-store.ts'
import type { DueRun, ReleaseContent, ReleaseStore } from '../store/release-store.ts'
import type { RunStore } from '../store/run-store.ts'
import type { DocumentReleases } from './collector.ts'
import { contentOf } from './release.ts'

/** Records the releases of documents, each once, whatever is repeated. */
export interface ReleaseRecorder {
  /**
   * Records the releases of a run's document where that is still to be done. Throws where it cannot be done now.
   * @param known taken instead of what the document says, where they are of the same document
   */
  record: (id: string, known?: DocumentReleases | null) => Promise<void>
  /** Records those of all runs that have them still to be recorded. It never throws, and logs what cannot be done. */
  catchUp: () => Promise<void>
  /** Removes all but ids and times of what a run documented first. */
  forget: (id: string) => Promise<void>
  close: () => Promise<void>
}

interface RecorderOptions {
  releases: ReleaseStore
  store: Pick<RunStore, 'read'>
  documents: Pick<DocumentStore, 'path'>
  monotonicMs: () => number
  log: Log
  /** Rows of one transaction, which keeps the event loop, and other processes from recording, as long as it takes. */
  albumsTogether?: number
}

/** About 8 ms on SQLite, whose work this thread does itself. */
const ALBUMS_TOGETHER = 100
const RUNS_TOGETHER = 20
const READ_BYTES = 256 * 1024
/** A document that cannot be read may be restored. */
const RETRY_MS = 600_000

async function * contentsOf (path: string): AsyncGenerator<[id: string, content: ReleaseContent]> {
  for await (const line of albumLines(createReadStream(path, { highWaterMark: READ_BYTES }))) {
    const album = JSON.parse(line.toString()) as { id: string }
    yield [album.id, contentOf(album)]
  }
}

export function createReleaseRecorder (
  { releases, store, documents, monotonicMs, log, albumsTogether = ALBUMS_TOGETHER }: RecorderOptions
): ReleaseRecorder {
  const turns = createTurns()
  const closing = new AbortController()
  const retryAtMs = new Map<string, number>()
  let catchingUp: Promise<void> | null = null

  async function recordRun (due: DueRun, known: DocumentReleases | null): Promise<void> {
    const stored = await store.read(due.id)
    if (stored === null || stored.record.run.file === null) return
    const { run: { file }, executions } = stored.record
    const contents = known?.sha256 === file.sha256
      ? known.albums
      : contentsOf(await documents.path(due.id, executions, file))
    let albums = new Map<string, ReleaseContent>()
    for await (const [id, content] of contents) {
      await turns.take(due)
      closing.signal.throwIfAborted()
      albums.set(id, content)
      if (albums.size < albumsTogether) continue
      if (!await releases.record(due, albums, false)) return
      albums = new Map()
    }
    await releases.record(due, albums, true)
  }

  async function recordAll (): Promise<void> {
    for (let after = ''; ;) {
      const due = await releases.allDue(after, RUNS_TOGETHER)
      for (const run of due) {
        if (closing.signal.aborted) return
        if ((retryAtMs.get(run.id) ?? -Infinity) <= monotonicMs()) await tryRun(run)
      }
      after = due.at(-1)?.id ?? ''
      if (due.length < RUNS_TOGETHER) return
    }
  }

  async function tryRun (run: DueRun): Promise<void> {
    try {
      await recordRun(run, null)
      retryAtMs.delete(run.id)
    } catch (error) {
      if (closing.signal.aborted || isAway(error)) throw error
      retryAtMs.set(run.id, monotonicMs() + RETRY_MS)
      log.error({ err: error, runId: run.id }, 'releases of a document not recorded; retrying')
    }
  }

  async function record (id: string, known: DocumentReleases | null = null): Promise<void> {
    const due = await releases.due(id)
    if (due !== null) await recordRun(due, known)
  }

  return {
    record,

    async catchUp () {
      catchingUp ??= recordAll().catch((error: unknown) => {
        if (!closing.signal.aborted && !isAway(error)) {
          log.error({ err: error }, 'releases not recorded; the next sweep retries')
        }
      }).finally(() => { catchingUp = null })
      await catchingUp
    },

    forget: releases.forget,

    async close () {
      closing.abort(new ServiceError('shutting_down', 'the service is shutting down', { affectsEveryCall: true }))
      await catchingUp
    },
  }
}
