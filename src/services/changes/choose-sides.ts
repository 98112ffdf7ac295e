import { ServiceError } from '../../errors.ts'
import type { Run } from '../../schemas/run.ts'
import { type DocumentedRun, hasEnded, keyOf } from '../run-record.ts'

interface RunReader {
  /** Throws `run_not_found`, `run_expired`. */
  get: (id: string) => Promise<Run>
  comparable: (run: Run) => Promise<Run | null>
}

export interface Sides {
  before: DocumentedRun
  after: DocumentedRun
}

/**
 * Finds the two runs to compare; without `since` the newest one before with an equal request and a document.
 * Throws `run_not_found`, `run_expired`, `run_not_finished`, `document_not_found`, `no_earlier_run`,
 * `run_not_comparable`.
 */
export async function chooseSides (runs: RunReader, id: string, since: string | undefined): Promise<Sides> {
  const after = documented(await runs.get(id), 'the run')
  const before = documented(
    since === undefined ? await earlier(runs, after) : await runs.get(since), 'the run that since names'
  )
  if (keyOf(before.request) !== keyOf(after.request)) {
    throw new ServiceError('run_not_comparable', 'the run that since names had another request, so that its document ' +
      'says nothing about changes: name one with an equal request, or leave since out')
  }
  return { before, after }
}

async function earlier (runs: RunReader, run: Run): Promise<Run> {
  const found = await runs.comparable(run)
  if (found === null) {
    throw new ServiceError(
      'no_earlier_run',
      'no earlier run that is kept has an equal request and a document: start an equal run later, and ask for its ' +
        'changes'
    )
  }
  return found
}

function documented (run: Run, subject: string): DocumentedRun {
  const { file, status } = run
  if (!hasEnded(run)) {
    throw new ServiceError(
      'run_not_finished', `${subject} is ${status}: ask again when it has ended`, { retryAfterSeconds: 5 }
    )
  }
  if (file === null) {
    throw new ServiceError('document_not_found', `${subject} ended ${status} without a ` +
    `document${run.error === null ? '' : ` (${run.error.code})`}: resume it, or name another one`)
  }
  return { ...run, file }
}
