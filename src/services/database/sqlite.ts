import { chmodSync, statSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Clock } from '../clock.ts'
import type { Database } from './database.ts'
import { reasonOf } from './failure.ts'
import { migrate } from './migrations.ts'
import { probeWriting } from './states.ts'
import type { Tables } from './tables.ts'

/** Another process of this machine may write for so long; transactions take milliseconds. */
const BUSY_MS = 5000
/** SQLite itself waits by blocking the thread: no longer than this. */
const BLOCKED_MS = 20
const BUSY_RETRY_MS = 5
/** A database that ends with its connection: for tests. */
export const MEMORY = ':memory:'
/** The service has some dozen statements. */
const MAX_PREPARED = 200
/**
 * Moving what was written from the log to the file blocks the thread (about 20 ms per 1,000 pages of 4 KiB): it is left
 * to a quiet moment.
 */
const CHECKPOINT_AFTER_MS = 250
/** A log of so many pages does not wait for a quiet moment. A run of 100 albums writes more than 1,000. */
const CHECKPOINT_PAGES = 2000

/**
 * The database of the processes of one machine: a file, with its write-ahead log beside it. All of its work is done by
 * this thread, so that transactions have to be short.
 */
export async function openSqlite (path: string, clock: Pick<Clock, 'now'>): Promise<Database> {
  const statements = new Map<string, StatementSync>()
  let file = openFile(path)
  let identity = identityOf(path)
  let quiet: NodeJS.Timeout | null = null

  /** Postpones the checkpoint by another quiet moment. */
  function written (): void {
    quiet ??= setTimeout(checkpoint, CHECKPOINT_AFTER_MS).unref()
    quiet.refresh()
  }

  /** A checkpoint that fails, as on a full disk, is repeated after the next transaction. */
  function checkpoint (): void {
    queries.executeQuery(CompiledQuery.raw('PRAGMA wal_checkpoint(PASSIVE)')).catch(() => {})
  }

  function prepare (sql: string): StatementSync {
    const known = statements.get(sql)
    if (known !== undefined) return known
    if (statements.size >= MAX_PREPARED) statements.clear()
    const statement = file.prepare(sql)
    statements.set(sql, statement)
    return statement
  }

  const queries = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new TransactionalAdapter(),
      createDriver: () =>
        new PatientDriver({ database: { close: () => file.close(), prepare: (sql) => adapted(prepare(sql)) } }),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
  await migrate(queries, 'sqlite').catch(async (error: unknown) => {
    await queries.destroy()
    throw error
  })

  /** Reopens a file that was replaced, and throws if it was deleted: writes to it would be lost with this process. */
  async function followFile (): Promise<void> {
    const present = identityOf(path)
    if (present === identity) return
    if (present === null) throw Object.assign(new Error(`${path} is gone`), { code: 'ENOENT', path })
    await queries.connection().execute(async () => {
      if (identity === present) return
      const opened = openFile(path)
      statements.clear()
      file.close()
      file = opened
      identity = present
    })
    await migrate(queries, 'sqlite')
  }

  return {
    kind: 'sqlite',
    queries,
    async transaction ({ isDurable }, work) {
      if (isDurable) await followFile()
      return await queries.connection().execute(async (connection) => {
        if (isDurable) await connection.executeQuery(CompiledQuery.raw('PRAGMA synchronous = FULL'))
        try {
          return await connection.transaction().execute(work)
        } finally {
          if (isDurable) await connection.executeQuery(CompiledQuery.raw('PRAGMA synchronous = NORMAL'))
          written()
        }
      })
    },
    nowMs: async () => clock.now(),
    notify () {},
    onNotice () {},
    onReturn () {},
    async probe () {
      await followFile()
      await probeWriting(String(clock.now()), queries)
    },
    async close () {
      if (quiet !== null) clearTimeout(quiet)
      await queries.destroy()
    },
  }
}

function openFile (path: string): DatabaseSync {
  const file = opened(path)
  try {
    if (path !== MEMORY) chmodSync(path, 0o600) // the log beside it gets the same mode
    file.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
      PRAGMA busy_timeout = ${BLOCKED_MS}
    `)
    return file
  } catch (error) {
    file.close()
    throw error
  }
}

/** SQLite's errors do not say which file they are about. */
function opened (path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: BUSY_MS })
  } catch (error) {
    throw error instanceof Error ? Object.assign(error, { path }) : error
  }
}

/** Tells files apart; null: there is none. */
function identityOf (path: string): string | null {
  if (path === MEMORY) return MEMORY
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats === undefined ? null : `${stats.dev} ${stats.ino}`
}

/** Changes of the schema are transactional in SQLite, and only so can several processes make them concurrently. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl (): boolean { return true }
}

/**
 * Takes the right to write when a transaction begins: one that reads first could not take it later, where another
 * process has written since. While another connection has that right, it is asked for again without blocking the
 * thread.
 */
class PatientDriver extends SqliteDriver {
  override async acquireConnection (): Promise<DatabaseConnection> {
    const connection = await super.acquireConnection()
    return {
      executeQuery: async (query) => await whenFree(async () => await connection.executeQuery(query)),
      streamQuery: connection.streamQuery.bind(connection),
    }
  }

  override async beginTransaction (connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  /** A disk that is full or fails has rolled back already, and its error is the one to tell. */
  override async rollbackTransaction (connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback')).catch((error: unknown) => {
      if (!reasonOf(error).includes('no transaction is active')) throw error
    })
  }
}

/** Only a statement outside a transaction, or its first one, can find the database busy; it has then done nothing. */
async function whenFree<Row> (execute: () => Promise<QueryResult<Row>>): Promise<QueryResult<Row>> {
  for (const givesUpAtMs = performance.now() + BUSY_MS; ;) {
    try {
      return await execute()
    } catch (error) {
      if (!isBusy(error) || performance.now() > givesUpAtMs) throw error
      await delay(BUSY_RETRY_MS)
    }
  }
}

/** SQLITE_BUSY, for whatever reason. Source: https://sqlite.org/rescode.html#busy */
function isBusy (error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === 5
}

type Parameters = Array<string | number | null | Uint8Array>

function adapted (statement: StatementSync) {
  return {
    reader: statement.columns().length > 0,
    all: (parameters: readonly unknown[]) => allRows(statement, parameters as Parameters),
    run: (parameters: readonly unknown[]) => statement.run(...parameters as Parameters),
    iterate: (parameters: readonly unknown[]) => statement.iterate(...parameters as Parameters),
  }
}

/** A damaged number may be beyond 2^53: it is rounded, so that it costs its own row only. */
function allRows (statement: StatementSync, parameters: Parameters): unknown[] {
  try {
    return statement.all(...parameters)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_OUT_OF_RANGE')) throw error
  }
  statement.setReadBigInts(true)
  try {
    return statement.all(...parameters).map((row) => Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value])
    ))
  } finally {
    statement.setReadBigInts(false)
  }
}
