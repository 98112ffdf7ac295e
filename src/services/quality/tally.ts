import { cutText } from '../cut-text.ts'

/** What names a row: the values of its key columns. */
export type Key = Record<string, string | number | null>

/** How many rows a check has looked at, and which of them fail it. */
export interface Tally {
  rows: number
  failingCount: number
  /** The first of them. */
  failing: Key[]
}

export const MAX_FAILING = 20
/** No id that Spotify sends is longer; a key is an id, and is not to be larger than the report. */
const MAX_KEY_LENGTH = 100

export function createTally (): Tally {
  return { rows: 0, failingCount: 0, failing: [] }
}

/** What a key is made of when a row fails, which few do. */
export interface Keyed {
  key: () => Key
}

/** Counts a row; `holds` null: the check does not apply to it. */
export function count (tally: Tally, holds: boolean | null, row: Keyed): void {
  if (holds === null) return
  tally.rows++
  if (!holds) fail(tally, row)
}

export function fail (tally: Tally, row: Keyed): void {
  tally.failingCount++
  if (tally.failing.length < MAX_FAILING) tally.failing.push(row.key())
}

/** The tally of a check about the table as a whole. */
export function tallyOf (rows: number, failing: Key[], failingCount = failing.length): Tally {
  return { rows, failingCount, failing: failing.slice(0, MAX_FAILING) }
}

/** A value as part of a key; null where it is no text. */
export function keyPart (value: unknown): string | null {
  return typeof value === 'string' ? cutText(value, MAX_KEY_LENGTH) : null
}
