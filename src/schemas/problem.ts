import { type Static, Type } from '@sinclair/typebox'

/** RFC 9457 problem details, with a stable code for machines and the request's id for whoever reads the log. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  code: Type.String(),
  requestId: Type.String(),
})
export type Problem = Static<typeof Problem>

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'
