import type { Stats } from './sandbox.ts'
import type { Outcome, Round } from './contenders/contender.ts'

/** One round of one contender, with what the sandbox has seen of it. */
export interface Sample extends Round {
  stats: Stats
}

/** All rounds of one contender in one table. */
export interface Row {
  contender: string
  samples: Sample[]
  /** Its own critical path, where it is not that of the table. */
  criticalMs?: number
}

export interface Table {
  id: string
  title: string
  /** What was done, and what the critical path is: a sentence each. */
  about: string[]
  /** What each job should have got. */
  albums: number
  tracks: number
  /** In milliseconds; null: the table has none. */
  criticalMs: number | null
  rows: Row[]
}

/** Figures that fit no table of contenders. */
export interface Figures {
  id: string
  title: string
  about: string[]
  columns: string[]
  rows: string[][]
}

/** Something that was promised, and what came of it. */
export interface Check {
  target: string
  promise: string
  measured: string
  ok: boolean
  /** Counts are exact, and a wrong one fails the command; times depend on the machine and are only reported. */
  kind: 'count' | 'time'
}

export interface Section {
  tables: Table[]
  figures: Figures[]
  checks: Check[]
}

export function errorOf (outcomes: readonly Outcome[]): string | null {
  return outcomes.find(({ error }) => error !== null)?.error ?? null
}

/** It got everything that it should have got, in each round. */
export function isWhole ({ albums, tracks }: Pick<Table, 'albums' | 'tracks'>, { samples }: Row): boolean {
  return samples.every(({ outcomes }) => outcomes.every((outcome) => outcome.error === null && outcome.albums === albums && outcome.tracks === tracks))
}
