import type { Clock } from '../clock.ts'
import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import type { RunQueue } from '../queue/run-queue.ts'
import type { Pacer } from '../spotify/pacing/pacer.ts'

/** What differs between the processes of one machine and those of many. */
export interface Engine {
  database: Database
  queue: RunQueue
  pacer: Pacer
  close: () => Promise<void>
}

export interface EngineOptions {
  dataDir: string
  /** Empty: SQLite in `dataDir`. */
  databaseUrl: string
  databaseSchema: string
  /** Whose limit at Spotify it is. */
  account: string
  callsPerWindow: number
  /** A longer pause of Spotify's than this is not waited for. */
  maxWaitMs: number
  /** No call to Spotify takes longer. */
  longestCallMs: number
  /** Runs at a time in this process. */
  concurrency: number
  clock: Clock
  log: Log
}

/** What is another one where many machines share a database. */
export type Storage = Pick<Engine, 'database' | 'queue'>
