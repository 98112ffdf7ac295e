import type { Kysely, Transaction as KyselyTransaction } from 'kysely'
import type { Tables } from './tables.ts'

export type Queries = Kysely<Tables>
export type Transaction = KyselyTransaction<Tables>

/** A message to the other processes of a database: something about this run has changed, or is wanted. */
export interface Notice {
  kind: 'run' | 'cancel'
  id: string
}

export interface TransactionOptions {
  /** Transactions of one name do not overlap, in whatever processes; null: only rows are locked. */
  lock: string | null
  /** False: the commit survives a kill of the process, but perhaps not a power cut. */
  isDurable: boolean
}

/** The one place where state is kept: the same tables in SQLite (one machine) and in PostgreSQL (any number). */
export interface Database {
  readonly kind: 'sqlite' | 'postgresql'
  /** For reads, and for single statements that a power cut may undo. */
  readonly queries: Queries
  /** Runs a transaction; it is committed when this resolves. */
  transaction: <T>(options: TransactionOptions, work: (transaction: Transaction) => Promise<T>) => Promise<T>
  /** Epoch milliseconds on the clock that all processes of this database share. */
  nowMs: (queries?: Queries) => Promise<number>
  /** Sends a hint to the other processes; it may get lost. */
  notify: (notice: Notice) => void
  /** Called with the hints of other processes. Anybody may forge them: read the row. */
  onNotice: (listener: (notice: Notice) => void) => void
  /** Called each time that the database answers again after it did not. */
  onReturn: (listener: () => void) => void
  /** Throws where nothing can be stored. */
  probe: () => Promise<void>
  close: () => Promise<void>
}
