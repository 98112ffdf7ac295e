import { PauseError, ServiceError } from '../../errors.ts'

/** Wait for all of them, then throw the first failure if there is one: nothing goes on in the background. */
export async function settleAll (tasks: Array<Promise<void>>): Promise<void> {
  const results = await Promise.allSettled(tasks)
  const failed = results.filter((result) => result.status === 'rejected')
  const first = failed.find(({ reason }) => ordinaryFailure(reason) === null) ?? failed[0]
  if (first !== undefined) throw first.reason
}

/**
 * The error where only the call that threw it is concerned; null where it stops every call: a pause, an abort,
 * credentials that are refused, a disk that is full, a bug.
 */
export function ordinaryFailure (error: unknown): ServiceError | null {
  const stops = !(error instanceof ServiceError) || error instanceof PauseError || error.affectsEveryCall
  return stops ? null : error
}
