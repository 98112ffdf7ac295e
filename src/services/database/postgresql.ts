import { createHash, randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { ServiceError } from '../../errors.ts'
import type { Log } from '../log.ts'
import type { Database, Notice, Queries } from './database.ts'
import { isAway, isFull, reasonOf } from './failure.ts'
import { migrate } from './migrations.ts'
import { probeWriting } from './states.ts'
import type { Tables } from './tables.ts'

const MAX_CONNECTIONS = 10
const CONNECT_MS = 3000
/** A server that says nothing for so long is taken for gone. */
const QUERY_MS = 5000
/** The server gives up first: a connection whose statement still runs cannot be used for another one. */
const STATEMENT_MS = 4000
/** One that hangs is not waited for longer at the end. */
const CLOSE_MS = 500
const RETRY_MS = 500
/** A server that has not answered all by then is waited for in the background: the service listens meanwhile. */
const PREPARE_MS = 5000
/** How often the connection that listens proves that it lives. */
const LISTEN_CHECK_MS = 5000
const OLDEST_VERSION = 140_000
/** Takes room on the server's disk for as long as it runs: a list that is larger than its memory goes to a file. */
const TAKE_ROOM = "select count(*) from unnest(array_fill(repeat('x', 1000), array[512]))"

const INT8: number = pg.types.builtins.INT8

/** Numbers above 2^53 are not stored. */
const types = {
  getTypeParser: (id: number, format: 'text' | 'binary' = 'text') =>
    id === INT8 ? Number : pg.types.getTypeParser(id, format) as unknown,
}

/**
 * The database of any number of processes. One that cannot be reached now is asked again until it answers; one that
 * refuses us throws `database_unfit`.
 */
export async function openPostgresql (url: string, schema: string, log: Log): Promise<Database> {
  const me = randomUUID().slice(0, 8)
  const channel = `album_ingest_${createHash('sha256').update(schema).digest('hex').slice(0, 16)}`
  const closing = new AbortController()
  const listeners: Array<(notice: Notice) => void> = []
  const onReturns: Array<() => void> = []
  let isReachable: boolean | null = null
  let wasFull = false
  const connection = {
    ...addressOf(url, `-c search_path="${schema.replaceAll('"', '""')}"`),
    application_name: 'album-release-ingest',
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    // a process that is frozen within a transaction locks nobody out for longer
    idle_in_transaction_session_timeout: QUERY_MS,
    keepAlive: true,
    types,
  }
  const pool = new pg.Pool({ ...connection, max: MAX_CONNECTIONS, query_timeout: QUERY_MS, idleTimeoutMillis: 30_000 })
  pool.on('error', (error) => log.debug({ reason: reasonOf(error) }, 'idle connection to PostgreSQL ended'))
  const clients = new Set<pg.PoolClient>()
  pool.on('remove', (client) => clients.delete(client))
  pool.on('connect', (client) => {
    clients.add(client)
    client.on('error', (error) => log.debug({ reason: reasonOf(error) }, 'connection to PostgreSQL ended'))
  })
  const queries = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })

  function lost (error: unknown): void {
    if (isReachable === false || closing.signal.aborted) return
    isReachable = false
    log.warn({ reason: reasonOf(error) }, 'PostgreSQL unreachable; calls to Spotify stopped')
  }

  function found (): void {
    if (isReachable === false) log.info('PostgreSQL reachable again')
    const isBack = isReachable !== true
    isReachable = true
    if (isBack) for (const listener of onReturns) listener()
  }

  async function prepare (): Promise<void> {
    const { rows: [server] } = await sql<{ version: string }>`
      select current_setting('server_version_num') as version
    `.execute(queries)
    if (Number(server?.version) < OLDEST_VERSION) {
      throw new ServiceError(
        'database_unfit', `DATABASE_URL names a PostgreSQL of version ${String(server?.version)}: use 14 or newer`
      )
    }
    await createSchema(queries, queueSchemaOf(schema))
    await migrate(queries, 'postgresql', schema)
  }

  /** Holds one connection that hears notices for as long as it lives, then another one. */
  async function listen (): Promise<void> {
    while (!closing.signal.aborted) {
      const client = new pg.Client({ ...connection, query_timeout: QUERY_MS })
      const ended = new AbortController()
      const signal = AbortSignal.any([closing.signal, ended.signal])
      client.on('error', () => ended.abort())
      try {
        await client.connect()
        client.on('notification', ({ payload }) => hear(payload))
        await client.query(`listen ${channel}`)
        found()
        for (;;) {
          await delay(LISTEN_CHECK_MS, undefined, { signal, ref: false }).catch(() => {})
          if (closing.signal.aborted) break
          await client.query('select 1')
        }
      } catch (error) {
        lost(error)
      } finally {
        void client.end().catch(() => {})
      }
      await delay(RETRY_MS, undefined, { signal: closing.signal, ref: false }).catch(() => {})
    }
  }

  /** Anybody may notify: what cannot be read is nothing. */
  function hear (payload: string | undefined): void {
    const [from, kind, id = ''] = (payload ?? '').split(' ')
    if (from === me || (kind !== 'run' && kind !== 'cancel')) return
    for (const listener of listeners) listener({ kind, id })
  }

  async function prepareUntilDone (first: Promise<void>): Promise<void> {
    let preparing = first
    while (!closing.signal.aborted) {
      try {
        return await preparing
      } catch (error) {
        lost(error)
        await delay(RETRY_MS, undefined, { signal: closing.signal, ref: false }).catch(() => {})
        if (!closing.signal.aborted) preparing = prepare()
      }
    }
  }

  /** Throws where the disk is full: a row may still fit into its page, and the next one then does not. */
  async function takeRoom (within: Queries): Promise<void> {
    await sql`set local work_mem = '64kB'`.execute(within)
    await sql.raw(TAKE_ROOM).execute(within)
    wasFull = false
  }

  let isPrepared = false
  const first = prepare()
  try {
    isPrepared = await Promise.race([first.then(() => true), delay(PREPARE_MS, false, { ref: false })])
  } catch (error) {
    if (!isAway(error)) {
      await pool.end()
      throw error instanceof ServiceError
        ? error
        : new ServiceError('database_unfit', `DATABASE_URL names a database that refuses the service (${reasonOf(
          error
        )}): check user, password, database and rights`, { cause: error })
    }
    lost(error)
  }
  const listening = (isPrepared ? Promise.resolve() : prepareUntilDone(first)).then(async () => {
    isPrepared = true
    await listen()
  })

  return {
    kind: 'postgresql',
    queries,
    async transaction ({ lock, isDurable }, work) {
      return await queries.transaction().execute(async (transaction) => {
        if (wasFull) await takeRoom(transaction)
        if (!isDurable) await sql`set local synchronous_commit = off`.execute(transaction)
        if (lock !== null) {
          await sql`select pg_advisory_xact_lock(hashtextextended(${`${schema} ${lock}`}, 0))`.execute(transaction)
        }
        return await work(transaction)
      }).catch((error: unknown) => {
        wasFull ||= isFull(error)
        throw error
      })
    },
    async nowMs (within = queries) {
      const { rows: [row] } = await sql<{
        now: number
      }>`select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now`.execute(within)
      return Number(row?.now)
    },
    notify ({ kind, id }) {
      if (isReachable === true) {
        sql`select pg_notify(${channel}, ${`${me} ${kind} ${id}`})`.execute(queries).catch(
          (error: unknown) => log.debug({ reason: reasonOf(error) }, 'the other processes could not be notified')
        )
      }
    },
    onNotice: (listener) => { listeners.push(listener) },
    onReturn: (listener) => { onReturns.push(listener) },
    async probe () {
      if (!isPrepared) {
        throw new ServiceError('starting', 'PostgreSQL has not answered yet: check DATABASE_URL if it never does')
      }
      await queries.transaction().execute(async (within) => {
        await takeRoom(within)
        await probeWriting(me, within)
      })
    },
    async close () {
      closing.abort()
      const ended = queries.destroy().catch(() => {})
      await Promise.race([ended, delay(CLOSE_MS)])
      // A pool waits for queries that a server never answers, and cannot end its connections: their sockets can, which
      // the types of pg do not name.
      for (const client of clients) {
        (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy()
      }
      await listening
    },
  }
}

/** node-postgres lets options in the URL, which some providers ask for, replace all others. */
function addressOf (url: string, option: string): { connectionString: string, options: string } {
  const address = new URL(url)
  const options = [...address.searchParams.getAll('options'), option].join(' ')
  address.searchParams.delete('options')
  return { connectionString: address.href, options }
}

/** The schema of pg-boss's tables. */
export function queueSchemaOf (schema: string): string {
  return `${schema}_queue`
}

/** A role that may not create schemas can use one that somebody made for it. */
async function createSchema (queries: Queries, schema: string): Promise<void> {
  if (await hasSchema(queries, schema)) return
  await sql`create schema if not exists ${sql.id(schema)}`.execute(queries).catch(async (error: unknown) => {
    // of several that create it concurrently, PostgreSQL refuses some
    if (!await hasSchema(queries, schema)) throw error
  })
}

async function hasSchema (queries: Queries, schema: string): Promise<boolean> {
  const { rows } = await sql`select 1 from pg_namespace where nspname = ${schema}`.execute(queries)
  return rows.length > 0
}
