import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import tap, { type Test } from 'tap'
import type { Database } from '../src/services/database/database.ts'
import { openPostgresql, queueSchemaOf } from '../src/services/database/postgresql.ts'
import { openSqlite } from '../src/services/database/sqlite.ts'
import type { Log } from '../src/services/log.ts'
import { type PostgresqlServer, startPostgresql } from './postgresql.ts'
import { createRecordingLog } from './services/recording-log.ts'

/**
 * Opens the test's own database, which is empty at first. Each call gives another connection, as another process
 * has it, until the test has ended.
 */
export type OpenDatabase = () => Promise<Database>

type DatabaseTest = (t: Test, open: OpenDatabase) => Promise<void>

/** In memory where there is such a folder: the tests say what is synced, and need not wait for it. */
const QUICK_FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** Runs a test twice: on SQLite, and on PostgreSQL where the machine has one. */
export function onBothDatabases (t: Test, title: string, test: DatabaseTest): void {
  onSqlite(t, title, test)
  onPostgresql(t, title, test)
}

/** Runs a test on a SQLite file of its own. */
export function onSqlite (
  t: Test,
  title: string,
  test: (t: Test, open: OpenDatabase, path: string) => Promise<void>
): void {
  t.test(`${title} (SQLite)`, async (t) => {
    const folder = await mkdtemp(join(QUICK_FOLDER, 'database-test-'))
    t.teardown(async () => await rm(folder, { recursive: true, force: true }))
    const path = join(folder, 'service.db')
    const open: OpenDatabase = async () => {
      const { database, close } = closedOnce(await openSqlite(path, { now: Date.now }))
      t.teardown(close)
      return database
    }
    await test(t, open, path)
  })
}

/** A schema with connections to it. */
interface Place {
  schema: string
  databases: Database[]
}

/** Of tests that have ended: a schema takes longer to make, and a connection to open, than most tests take. */
const emptied: Place[] = []

/** Runs a test on a PostgreSQL schema that is its own as long as it runs. */
export function onPostgresql (t: Test, title: string, test: DatabaseTest): void {
  t.test(`${title} (PostgreSQL)`, async (t) => {
    const server = await sharedServer()
    if (server === null) {
      t.pass('not on this machine', { skip: 'no PostgreSQL' })
      return
    }
    const place = emptied.pop() ?? { schema: nextSchema(), databases: [] }
    const given: Array<ReturnType<typeof closedOnce>> = []
    t.teardown(async () => {
      place.databases.push(...given.filter(({ isClosed }) => !isClosed()).map(({ original }) => original))
      if (place.databases[0] === undefined) return
      await empty(place.databases[0], place.schema)
      emptied.push(place)
    })
    await test(t, async () => {
      const opened = closedOnce(
        place.databases.pop() ?? await openPostgresql(server.url, place.schema, createRecordingLog())
      )
      given.push(opened)
      return opened.database
    })
  })
}

/** A schema of the test's own, and the server that has it. */
export interface TestServer extends PostgresqlServer {
  schema: string
  open: (log?: Log) => Promise<Database>
}

/**
 * Runs a test on a PostgreSQL schema with connections that are opened and closed for it: for tests of just that, and of
 * what the server does. @param isNew true: the schema is not there yet
 */
export function onServer (
  t: Test,
  title: string,
  test: (t: Test, server: TestServer) => Promise<void>,
  isNew = false
): void {
  t.test(`${title} (PostgreSQL)`, async (t) => {
    const server = await sharedServer()
    if (server === null) {
      t.pass('not on this machine', { skip: 'no PostgreSQL' })
      return
    }
    const place = (isNew ? undefined : emptied.pop()) ?? { schema: nextSchema(), databases: [] }
    t.teardown(async () => {
      const [database] = place.databases
      if (isNew || database === undefined) {
        await server.sql(dropOf(place.schema))
      } else {
        await empty(database, place.schema)
        emptied.push(place)
      }
    })
    const open: TestServer['open'] = async (log = createRecordingLog()) => {
      const { database, close } = closedOnce(await openPostgresql(server.url, place.schema, log))
      t.teardown(close)
      return database
    }
    await test(t, { ...server, schema: place.schema, open })
  })
}

/** Runs a test twice, on databases that are to be made. */
export function onNewDatabases (t: Test, title: string, test: DatabaseTest): void {
  onSqlite(t, title, test)
  onServer(t, title, async (t, { open }) => await test(t, open), true)
}

/** The statement that deletes a schema of the service, with that of its queue. */
export function dropOf (schema: string): string {
  return `drop schema if exists ${schema} cascade; drop schema if exists ${queueSchemaOf(schema)} cascade`
}

async function empty ({ queries }: Database, schema: string): Promise<void> {
  const { rows } = await sql<
    { tablename: string }
  >`select tablename from pg_tables where schemaname = ${schema} and tablename not like 'kysely%'`.execute(queries)
  for (const { tablename } of rows) await sql`delete from ${sql.table(tablename)}`.execute(queries)
}

let schemas = 0
const nextSchema = (): string => `test_${++schemas}`
let starting: Promise<PostgresqlServer | null> | null = null

/** One server for all tests of the process: starting it takes a second. */
async function sharedServer (): Promise<PostgresqlServer | null> {
  starting ??= startPostgresql(tap).finally(() => {
    tap.teardown(async () =>
      await Promise.all(emptied.flatMap(({ databases }) => databases).map(async (database) => await database.close()))
    )
  })
  return await starting
}

/** A database whose end may be asked for several times. */
function closedOnce (original: Database) {
  let closing: Promise<void> | null = null
  const close = async (): Promise<void> => await (closing ??= original.close())
  return { original, database: { ...original, close }, close, isClosed: () => closing !== null }
}
