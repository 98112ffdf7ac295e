import type { Test } from 'tap'
import type { Clock } from '../../../../src/services/clock.ts'
import type { Database } from '../../../../src/services/database/database.ts'
import { MEMORY, openSqlite } from '../../../../src/services/database/sqlite.ts'
import { type Pacer, createPacer } from '../../../../src/services/spotify/pacing/pacer.ts'
import { createRateWindow } from '../../../../src/services/spotify/pacing/rate-window.ts'
import type { Window } from '../../../../src/services/spotify/pacing/window.ts'
import { type RecordingLog, createRecordingLog } from '../../recording-log.ts'

export const WINDOW_MS = 30_000
export const MAX_WAIT_MS = 60_000
export const LONGEST_CALL_MS = 15_000

/** What a process has of a database: its own end of it. */
export type PacerDatabase = Pick<Database, 'kind' | 'queries' | 'transaction' | 'nowMs'>

/** A process of the service, as far as it paces calls. */
export interface PacerProcess {
  pacer: Pacer
  window: Window
  log: RecordingLog
  /** It asks nothing and stores nothing any more. */
  kill: () => void
  /** Closes its pacer, unless it was killed. */
  stop: () => Promise<void>
}

export interface PacerProcessOptions {
  database: PacerDatabase
  calls: number
  clock: Clock
  account?: string
  windowMs?: number
  maxWaitMs?: number
  longestCallMs?: number
}

/** A database that is gone when the test has ended; then the processes on it are dead. */
export async function openMemory (t: Test): Promise<Database> {
  const database = await openSqlite(MEMORY, { now: () => 0 })
  let isGone = false
  t.teardown(async () => {
    isGone = true
    await database.close()
  })
  return {
    ...database,
    transaction: async (options, work) => (isGone ? await never() : await database.transaction(options, work)),
  }
}

/** Of an end that is never reached. */
async function never (): Promise<never> {
  return await new Promise(() => {})
}

/** Processes on a SQLite have its clock in common, which is that of the test. */
export function startPacer ({
  database,
  calls,
  clock,
  account = 'the account',
  windowMs = WINDOW_MS,
  maxWaitMs = MAX_WAIT_MS,
  longestCallMs = LONGEST_CALL_MS,
}: PacerProcessOptions): PacerProcess {
  const log = createRecordingLog()
  let isDead = false
  const own: PacerDatabase = {
    kind: database.kind,
    queries: database.queries,
    transaction: async (options, work) => isDead ? await never() : await database.transaction(options, work),
    nowMs: database.kind === 'sqlite' ? async () => clock.now() : database.nowMs,
  }
  const window = createRateWindow({
    database: own,
    account,
    callsPerWindow: calls,
    windowMs,
    maxWaitMs,
    longestCallMs,
    clock,
    log,
  })
  const pacer = createPacer({ window, clock, log })
  return { pacer, window, log, kill: () => { isDead = true }, stop: async () => { if (!isDead) await pacer.close() } }
}
