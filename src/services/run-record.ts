import { createHash } from 'node:crypto'
import type { Run, RunStatus, StoredFile } from '../schemas/run.ts'

/** What is stored of a run besides its ledger and its document. */
export interface RunRecord {
  run: Run
  /**
   * How often it was begun, restarts and resumptions included. The number of an execution is its right to write: the
   * highest has it.
   */
  executions: number
  /** How often a user let it go on after its end. */
  resumptions: number
  /** Somebody is deleting it. */
  isDeleted?: true
}

/** A run that has a document. */
export type DocumentedRun = Run & { file: StoredFile }

export const ENDED: readonly RunStatus[] = ['succeeded', 'partial', 'failed', 'canceled']

/** Returns whether the run has ended; a partial, failed or canceled one can be resumed. */
export function hasEnded ({ status }: Pick<Run, 'status'>): boolean {
  return ENDED.includes(status)
}

export function isResumable ({ status }: Pick<Run, 'status'>): boolean {
  return status === 'partial' || status === 'failed' || status === 'canceled'
}

/** Equal requests have equal keys. A hash: a request may have more text than an index takes. */
export function keyOf (request: Run['request']): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex')
}
