import { type Static, Type } from '@sinclair/typebox'
import type { RequestErrorCode } from '../error-codes.ts'

/** RFC 9457 problem details, with a stable code for machines and the request's id for readers of the log. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String({ description: 'what the status means' }),
  status: Type.Integer(),
  detail: Type.String({ description: 'what is wrong and what to do, for people' }),
  code: Type.String({ description: 'stable, for machines' }),
  requestId: Type.String({ description: 'the same as in the header X-Request-Id and in the log' }),
}, { title: 'Problem', description: 'RFC 9457 problem details' })
export type Problem = Static<typeof Problem>

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

/**
 * Why a route may refuse, for its documentation. A code with a status of its own is sent with that one by this route.
 */
export type Problems = ReadonlyArray<RequestErrorCode | { code: RequestErrorCode, status: number }>

/** The refusals of routes that need the id of a run. */
export const RUN_UNKNOWN = ['run_not_found', 'run_expired'] satisfies Problems
