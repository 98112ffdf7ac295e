import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'kysely'
import pg from 'pg'
import t from 'tap'
import type { Database } from '../../../src/services/database/database.ts'
import { openPostgresql, queueSchemaOf } from '../../../src/services/database/postgresql.ts'
import { dropOf, onNewDatabases, onServer } from '../../database.ts'
import { createRecordingLog } from '../recording-log.ts'

const CLAIM = { name: 'a', run_id: 'b', request_key: 'c', claimed_ms: 1 }

async function claimsOf ({ queries }: Database): Promise<string[]> {
  return (await queries.selectFrom('claims').select('name').execute()).map(({ name }) => name)
}

onNewDatabases(t, 'any number of processes make the tables at the same time', async (t, open) => {
  const databases = await Promise.all(Array.from({ length: 5 }, async () => await open()))
  for (const [number, { queries }] of databases.entries()) {
    await queries.insertInto('claims').values({ ...CLAIM, name: String(number) }).execute()
  }
  for (const database of databases) t.equal((await claimsOf(database)).length, databases.length)
})

onNewDatabases(t, 'opening a database again leaves what is in it', async (t, open) => {
  const first = await open()
  await first.queries.insertInto('claims').values(CLAIM).execute()
  await first.close()
  t.same(await claimsOf(await open()), [CLAIM.name])
})

onNewDatabases(t, 'a database of a newer release is refused, and stays as it is', async (t, open) => {
  const { queries } = await open()
  await sql`insert into kysely_migration values ('9999-future', '2030-01-01T00:00:00.000Z')`.execute(queries)
  await t.rejects(open(), { message: /9999-future/ })
  t.same(
    (await sql<{ name: string }>`select name from kysely_migration order by name`.execute(queries)).rows.map((
      { name }
    ) => name).at(-1),
    '9999-future'
  )
})

/** What SQLite calls nullable though it is the key of its table, which never is. */
const KEYS =
  /^(?:runs\.id|claims\.name|cached_albums\.key|throttles\.account|quality_reports\.run_id|timelines\.run_id)$/

/** The columns of the tables, with those that may be null. */
async function columnsOf (database: Database, schema: string | undefined): Promise<string[]> {
  const tables = await database.queries.introspection.getTables()
  return tables.filter((table) => schema === undefined || table.schema === schema).flatMap((table) =>
    table.columns.map((column) => {
      const name = `${table.name}.${column.name}`
      return column.isNullable && !KEYS.test(name) ? `${name} or null` : name
    })
  ).sort()
}

const found: string[][] = []
onNewDatabases(t, 'both kinds have the same tables and columns', async (t, open) => {
  const database = await open()
  const { rows: [row] } = database.kind === 'sqlite'
    ? { rows: [] }
    : await sql<{ name: string }>`select current_schema() as name`.execute(database.queries)
  found.push(await columnsOf(database, row?.name))
  t.same(found.at(-1), found[0])
  t.ok(found[0]?.includes('runs.owner or null') === true && found[0].includes('document_pieces.bytes'))
})

onServer(t, 'a schema that another process is just making is waited for', async (t, { open, url, schema, sql }) => {
  for (const made of [schema, queueSchemaOf(schema)]) {
    const other = new pg.Client(url)
    await other.connect()
    await other.query(`begin; create schema ${made}`)
    const opening = open()
    const isWaiting = async (): Promise<boolean> =>
      (await sql("select 1 from pg_stat_activity where query like 'create schema%' and wait_event_type = 'Lock'"))
        .length > 0
    const over = new AbortController()
    void opening.catch(() => {}).finally(() => over.abort())
    while (!over.signal.aborted && !await isWaiting()) await nextTurn()
    t.notOk(over.signal.aborted, `it waits for ${made}`)
    await other.query('commit')
    await other.end()
    await (await opening).probe()
    await sql(dropOf(schema))
  }
}, true)

onServer(t, 'a role that may not make a schema uses one that was made for it', async (t, { url, schema, sql }) => {
  await sql(`create role ${schema} login`)
  t.teardown(async () => await sql(`drop role ${schema}`))
  t.teardown(async () => await sql(dropOf(schema)))
  const asRole = url.replace('postgres@', `${schema}@`)
  await t.rejects(openPostgresql(asRole, schema, createRecordingLog()), {
    code: 'database_unfit',
    message: /permission denied/,
  })
  for (const made of [schema, queueSchemaOf(schema)]) await sql(`create schema ${made} authorization ${schema}`)
  const database = await openPostgresql(asRole, schema, createRecordingLog())
  await database.probe()
  await database.close()
}, true)
