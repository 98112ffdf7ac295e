import { PauseError, ServiceError } from '../../errors.ts'
import { type Log } from '../log.ts'

/** Wait for all of them, then throw the first failure if there is one: nothing goes on in the background. */
export async function settleAll (tasks: Array<Promise<void>>): Promise<void> {
  const results = await Promise.allSettled(tasks)
  const failed = results.filter((result) => result.status === 'rejected')
  const first = failed.find(({ reason }) => ordinaryFailure(reason) === null) ?? failed[0]
  if (first !== undefined) throw first.reason
}

/**
 * The error where only the call that threw it is concerned; null where it stops every call: a pause, an abort,
 * credentials that are refused, a disk that is full. A bug that an answer meets is `internal_error`, with the bug as its cause.
 */
export function ordinaryFailure (error: unknown): ServiceError | null {
  if (isBug(error)) return new ServiceError('internal_error', 'the service failed at something unexpected: its log has the details', { cause: error })
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
