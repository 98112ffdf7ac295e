import { PauseError, ServiceError } from '../../errors.ts'
import type { RunFailure } from '../../schemas/run.ts'
import type { Log } from '../log.ts'
import { storageDetail, storageErrno } from '../store/storage-failure.ts'

/** Why an album, or a part of it, could not be fetched in this pass. */
export interface Failure {
  code: string
  detail: string
}

/** Waits for all of them, then throws the first failure if there is one: nothing goes on in the background. */
export async function settleAll (tasks: Array<Promise<void>>): Promise<void> {
  const results = await Promise.allSettled(tasks)
  const failed = results.filter((result) => result.status === 'rejected')
  const first = failed.find(({ reason }) => ordinaryFailure(reason) === null) ?? failed[0]
  if (first !== undefined) throw first.reason
}

/**
 * The error where only the call that threw it is concerned; null where it stops every call: a pause, an abort,
 * credentials that are refused, a disk that is full. A bug that an answer meets is `internal_error`, with the bug as
 * its cause.
 */
export function ordinaryFailure (error: unknown): ServiceError | null {
  if (isBug(error)) return new ServiceError('internal_error', UNEXPECTED, { cause: error })
  const stops = !(error instanceof ServiceError) || error instanceof PauseError || error.affectsEveryCall
  return stops ? null : error
}

/** Thrown by the language, not by the system, the store, or a signal. */
function isBug (error: unknown): boolean {
  return [TypeError, RangeError, ReferenceError, SyntaxError, URIError].some((type) => error instanceof type)
}

/** Logs a failure that is a bug, with its stack; others say all in their message. */
export function logBug (log: Log, { code, cause }: ServiceError, fields: Record<string, unknown>): void {
  if (code === 'internal_error') log.error({ err: cause, ...fields }, 'internal error while ingesting')
}

/** A code of the operating system; Node's own begin with ERR_. */
const SYSTEM_ERROR = /^E[A-Z0-9]+$/

/** Returns what a run shows of an error that ended it. */
export function failureOf (error: unknown): RunFailure {
  if (error instanceof ServiceError) return { code: error.code, detail: error.message }
  if (storageErrno(error) !== null ||
    (error instanceof Error && 'code' in error && typeof error.code === 'string' && SYSTEM_ERROR.test(error.code))) {
    return { code: 'storage_failed', detail: storageDetail('what the run has could not be stored', error) }
  }
  return { code: 'internal_error', detail: UNEXPECTED }
}

const UNEXPECTED = 'an unexpected error occurred: the log of the service has the details'
