import { isWholeDate } from '../calendar.ts'

/** Parquet's own types; a DATE is a day without a time. */
export const COLUMN_TYPES = ['DATE', 'INT32', 'INT64', 'BOOLEAN', 'UTF8'] as const
export type ColumnType = typeof COLUMN_TYPES[number]

/** A DATE is its text, `YYYY-MM-DD`; an INT64 is a bigint. */
export type Cell = string | number | bigint | boolean | null

const MAX_INT32 = 2 ** 31 - 1
const MAX_INT64 = 2n ** 63n - 1n
const LONE_SURROGATE = /\p{Surrogate}/u

/** Returns the value as a cell of that type; null where it is none, whatever it is. */
export function cellOf (type: ColumnType, value: unknown): Cell {
  switch (type) {
    case 'DATE': return isWholeDate(value) ? value : null
    case 'INT32': return Number.isInteger(value) && Math.abs(value as number) <= MAX_INT32 ? value as number : null
    case 'INT64': return bigintOf(value)
    case 'BOOLEAN': return typeof value === 'boolean' ? value : null
    case 'UTF8': return isText(value) ? value : null
  }
}

/** Returns whether a value is a text that UTF-8 can hold, without half a surrogate pair. */
export function isText (value: unknown): value is string {
  return typeof value === 'string' && !LONE_SURROGATE.test(value)
}

/** Numbers from 2^53 on are not what Spotify wrote: JSON.parse has rounded them. */
function bigintOf (value: unknown): bigint | null {
  if (typeof value === 'bigint') return value <= MAX_INT64 && value >= -MAX_INT64 ? value : null
  return Number.isSafeInteger(value) ? BigInt(value as number) : null
}
