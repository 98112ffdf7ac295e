import { Type } from '@sinclair/typebox'

/** Returns the schema of one of a few strings. */
export const Literals = <T extends string>(values: readonly T[], description?: string) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], ...(description === undefined ? {} : { description }) })
