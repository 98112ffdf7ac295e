import { Type } from '@sinclair/typebox'

/** Routes that take no query and no body refuse one, as every unknown field is refused. */
export const NO_QUERY = Type.Object({}, { additionalProperties: false })
export const NO_BODY = Type.Object({}, { additionalProperties: false, nullable: true })
