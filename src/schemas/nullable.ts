import { type TSchema, Type } from '@sinclair/typebox'

/** Returns the schema of a value that may be null. */
export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
