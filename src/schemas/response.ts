import type { TSchema } from '@sinclair/typebox'

/** A response header, as the documentation shows it; a required one is on every such answer. */
export interface ResponseHeader {
  type: 'string' | 'integer'
  description: string
  required?: boolean
}

/** Returns the description of a response header that is a text. */
export const headerText = (description: string): ResponseHeader => ({ type: 'string', description })

/** One answer of a route: JSON by this schema. */
export const json = <T extends TSchema>(schema: T, description: string, headers: Record<string, ResponseHeader> = {}) =>
  ({ description, headers, content: { 'application/json': { schema } } })

export const LOCATION: Record<string, ResponseHeader> = {
  location: {
    type: 'string',
    description: 'the run: `/runs/{id}`, under PUBLIC_URL where the service has one',
    required: true,
  }
}
export const RETRY_AFTER: Record<string, ResponseHeader> = {
  'retry-after': { type: 'integer', description: 'seconds after which it makes sense to ask again', required: true },
}
export const PREFERENCE_APPLIED: Record<string, ResponseHeader> = {
  'preference-applied': { type: 'string', description: 'the wait that `Prefer` asked for, as it was granted' },
}
