import { type Static, Type } from '@sinclair/typebox'
import { type RequestErrorCode } from '../errors.ts'

/** RFC 9457 problem details, with a stable code for machines and the request's id for whoever reads the log. */
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

/** Why a route may refuse, by status: what the documentation says of it. */
export type Problems = Record<number, RequestErrorCode[]>

/** Of every route that wants the id of a run. */
export const RUN_UNKNOWN = { 404: ['run_not_found'], 410: ['run_expired'] } satisfies Problems
