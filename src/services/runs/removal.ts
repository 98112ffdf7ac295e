import { ServiceError, hasCode } from '../../errors.ts'
import type { Database } from '../database/database.ts'
import { isAway, isFull } from '../database/failure.ts'
import type { Log } from '../log.ts'
import type { ReleaseRecorder } from '../releases/recorder.ts'
import { type RunRecord, hasEnded } from '../run-record.ts'
import type { DocumentStore } from '../store/documents/document-store.ts'
import { removeLedger } from '../store/ledger-store.ts'
import type { RunStore } from '../store/run-store.ts'
import { discard } from './transitions.ts'

/** Deletes runs with all that belongs to them. */
export interface Removal {
  /** Deletes a run that has ended, and its files. Throws `run_not_found`, `run_not_finished`. */
  removeEnded: (id: string) => Promise<void>
  /** Records the releases of a document before it is replaced or deleted. */
  recordReleases: (id: string) => Promise<void>
  isLedgerNeeded: (id: string) => Promise<boolean>
  /** Deletes what is stored about a run besides its record and document. */
  forget: (id: string) => Promise<void>
}

interface RemovalOptions {
  database: Database
  store: RunStore
  documents: DocumentStore
  releases: ReleaseRecorder
  log: Log
}

export function createRemoval ({ database, store, documents, releases, log }: RemovalOptions): Removal {
  /**
   * Marks the run as deleted, unless it was resumed; on a disk that is too full even for this, deletes the document
   * first.
   */
  async function markDeleted (id: string): Promise<RunRecord> {
    try {
      return await store.update(id, discard)
    } catch (error) {
      const record = isFull(error) ? (await store.read(id))?.record : undefined
      if (record === undefined || !hasEnded(record.run)) throw error
      if (record.run.file !== null) await documents.remove(id, record.run.file.name)
      return await store.update(id, discard)
    }
  }

  /** A complete run needs no ledger; a damaged one may be restored. */
  async function isLedgerNeeded (id: string): Promise<boolean> {
    try {
      const stored = await store.read(id)
      return stored !== null && stored.record.run.complete !== true
    } catch (error) {
      if (hasCode(error, 'storage_failed')) return true
      throw error
    }
  }

  async function forget (id: string): Promise<void> {
    await removeLedger(database, id)
    await releases.forget(id)
  }

  /** A document that cannot be read is replaced or deleted without it. */
  async function recordReleases (id: string): Promise<void> {
    await releases.record(id).catch((error: unknown) => {
      if (isAway(error) || hasCode(error, 'shutting_down')) throw error
      log.warn({ err: error, runId: id }, 'releases of a replaced or deleted document not recorded')
    })
  }

  async function removeEnded (id: string): Promise<void> {
    await recordReleases(id)
    const { run } = await markDeleted(id)
    if (!hasEnded(run)) throw new ServiceError('run_not_finished', 'the run has not ended: cancel it first')
    await forget(id)
    await store.remove(id)
    if (run.file !== null) await documents.remove(id, run.file.name)
  }

  return { removeEnded, recordReleases, isLedgerNeeded, forget }
}
