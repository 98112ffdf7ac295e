import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Clock } from '../clock.ts'
import { type Database } from '../database/database.ts'
import { type Log } from '../log.ts'
import { type RunQueue } from '../queue/run-queue.ts'
import { type Pacer, createPacer } from '../spotify/pacing/pacer.ts'
import { createRateWindow } from '../spotify/pacing/rate-window.ts'

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

/** Spotify counts calls in a rolling window of 30 s. Source: https://developer.spotify.com/documentation/web-api/concepts/rate-limits */
export const WINDOW_MS = 30_000

/** A database that hangs is not waited for longer at the end. */
const CLOSE_MS = 2000

/** The one place that decides between embedded and distributed: what talks to PostgreSQL is loaded only where there is one. */
export async function createEngine (options: EngineOptions): Promise<Engine> {
  const { account, callsPerWindow, maxWaitMs, longestCallMs, clock, log } = options
  const { database, queue } = options.databaseUrl === '' ? await embedded(options) : await distributed(options)
  const window = createRateWindow({ database, account, longestCallMs, callsPerWindow, windowMs: WINDOW_MS, maxWaitMs, clock, log })
  const pacer = createPacer({ window, clock, log })
  return {
    database,
    queue,
    pacer,
    async close () {
      await Promise.race([pacer.close(), delay(CLOSE_MS, undefined, { ref: false })])
      await database.close()
    },
  }
}

async function embedded ({ dataDir, concurrency, clock, log }: EngineOptions): Promise<Pick<Engine, 'database' | 'queue'>> {
  const [{ openSqlite }, { createMemoryQueue }] = await Promise.all([import('../database/sqlite.ts'), import('../queue/memory-queue.ts')])
  return { database: await openSqlite(join(dataDir, 'service.db'), clock), queue: createMemoryQueue({ concurrency, clock, log }) }
}

async function distributed ({ databaseUrl, databaseSchema, concurrency, clock, log }: EngineOptions): Promise<Pick<Engine, 'database' | 'queue'>> {
  const [{ openPostgresql, queueSchemaOf }, { createPgBossQueue }] = await Promise.all([import('../database/postgresql.ts'), import('../queue/pg-boss-queue.ts')])
  return {
    database: await openPostgresql(databaseUrl, databaseSchema, log),
    queue: createPgBossQueue({ databaseUrl, schema: queueSchemaOf(databaseSchema), concurrency, clock, log }),
  }
}
