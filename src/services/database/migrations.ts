import { type Kysely, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

/** The schema as it grew, oldest first; a migration that a release has had is never changed. */
function migrationsOf (kind: Database['kind']): Record<string, Migration> {
  const bytes = kind === 'sqlite' ? 'blob' as const : 'bytea' as const
  /** Keeps small rows in the tree of their key: SQLite then writes one page for a row instead of one per index. */
  const clustered = kind === 'sqlite' ? sql`without rowid` : sql``
  return {
    '0001-runs': {
      async up (db: Kysely<Tables>) {
        await db.schema.createTable('runs').ifNotExists()
          .addColumn('id', 'text', (column) => column.primaryKey())
          .addColumn('status', 'text', (column) => column.notNull())
          .addColumn('pending', 'integer', (column) => column.notNull())
          .addColumn('document_name', 'text')
          .addColumn('finished_ms', 'bigint')
          .addColumn('request_key', 'text', (column) => column.notNull())
          .addColumn('record', 'text', (column) => column.notNull())
          .addColumn('checksum', 'text', (column) => column.notNull())
          .addColumn('version', 'integer', (column) => column.notNull())
          .addColumn('owner', 'text')
          .addColumn('beat_ms', 'bigint')
          .addColumn('live', 'text')
          .addColumn('cancel_wanted', 'integer', (column) => column.notNull().defaultTo(0))
          .execute()
        await db.schema.createIndex('runs_status').ifNotExists().on('runs').columns(['status', 'id']).execute()
        await db.schema.createIndex('runs_pending').ifNotExists().on('runs').columns(['pending', 'id']).execute()
        await db.schema.createIndex('runs_request').ifNotExists().on('runs').columns([
          'request_key', 'pending',
        ]).execute()
        await db.schema.createIndex('runs_document').ifNotExists().on('runs').columns(['id']).where(
          sql.ref('document_name'), 'is not', null
        ).execute()
        await db.schema.createIndex('runs_document_name').ifNotExists().on('runs').columns(['document_name']).execute()
        await db.schema.createIndex('runs_finished').ifNotExists().on('runs').columns(['finished_ms']).execute()

        await db.schema.createTable('ledger_events').ifNotExists()
          .addColumn('run_id', 'text', (column) => column.notNull())
          .addColumn('execution', 'integer', (column) => column.notNull())
          .addColumn('seq', 'integer', (column) => column.notNull())
          .addColumn('event', 'text', (column) => column.notNull())
          .addColumn('body', 'text')
          .addColumn('checksum', 'bigint', (column) => column.notNull())
          .addPrimaryKeyConstraint('ledger_events_key', ['run_id', 'execution', 'seq'])
          .execute()

        await db.schema.createTable('claims').ifNotExists()
          .addColumn('name', 'text', (column) => column.primaryKey())
          .addColumn('run_id', 'text', (column) => column.notNull())
          .addColumn('request_key', 'text', (column) => column.notNull())
          .addColumn('claimed_ms', 'bigint', (column) => column.notNull())
          .execute()
        await db.schema.createIndex('claims_run').ifNotExists().on('claims').columns(['run_id']).execute()
        await db.schema.createIndex('claims_time').ifNotExists().on('claims').columns(['claimed_ms']).execute()

        await db.schema.createTable('cached_albums').ifNotExists()
          .addColumn('key', 'text', (column) => column.primaryKey())
          .addColumn('stored_ms', 'bigint', (column) => column.notNull())
          .addColumn('bytes', 'integer', (column) => column.notNull())
          .addColumn('meta', 'text', (column) => column.notNull())
          .addColumn('body', 'text', (column) => column.notNull())
          .addColumn('checksum', 'bigint', (column) => column.notNull())
          .execute()
        await db.schema.createIndex('cached_albums_time').ifNotExists().on('cached_albums').columns([
          'stored_ms', 'bytes',
        ]).execute()

        await db.schema.createTable('states').ifNotExists()
          .addColumn('kind', 'text', (column) => column.notNull())
          .addColumn('scope', 'text', (column) => column.notNull())
          .addColumn('value', 'text', (column) => column.notNull())
          .addPrimaryKeyConstraint('states_key', ['kind', 'scope'])
          .execute()

        await db.schema.createTable('throttles').ifNotExists()
          .addColumn('account', 'text', (column) => column.primaryKey())
          .addColumn('throttle', 'text', (column) => column.notNull())
          .execute()
        await db.schema.createTable('permits').ifNotExists()
          .addColumn('account', 'text', (column) => column.notNull())
          .addColumn('id', 'text', (column) => column.notNull())
          .addColumn('free_ms', 'bigint', (column) => column.notNull())
          .addPrimaryKeyConstraint('permits_key', ['account', 'id'])
          .modifyEnd(clustered)
          .execute()
        await db.schema.createTable('call_counts').ifNotExists()
          .addColumn('account', 'text', (column) => column.notNull())
          .addColumn('endpoint', 'text', (column) => column.notNull())
          .addColumn('hour', 'integer', (column) => column.notNull())
          .addColumn('calls', 'integer', (column) => column.notNull())
          .addPrimaryKeyConstraint('call_counts_key', ['account', 'hour', 'endpoint'])
          .modifyEnd(clustered)
          .execute()

        await db.schema.createTable('document_pieces').ifNotExists()
          .addColumn('run_id', 'text', (column) => column.notNull())
          .addColumn('sha256', 'text', (column) => column.notNull())
          .addColumn('seq', 'integer', (column) => column.notNull())
          .addColumn('bytes', bytes, (column) => column.notNull())
          .addPrimaryKeyConstraint('document_pieces_key', ['run_id', 'sha256', 'seq'])
          .execute()
      },
    },
    '0002-quality': {
      async up (db: Kysely<Tables>) {
        await db.schema.createTable('quality_reports').ifNotExists()
          .addColumn('run_id', 'text', (column) => column.primaryKey())
          .addColumn('request', 'text', (column) => column.notNull())
          .addColumn('tier', 'text', (column) => column.notNull())
          .addColumn('finished_ms', 'bigint', (column) => column.notNull())
          .addColumn('comparable', 'integer', (column) => column.notNull())
          .addColumn('sha256', 'text', (column) => column.notNull())
          .addColumn('profile', 'text', (column) => column.notNull())
          .addColumn('report', 'text', (column) => column.notNull())
          .execute()
        await db.schema.createIndex('quality_reports_request').ifNotExists().on('quality_reports')
          .columns(['request', 'tier', 'comparable', 'finished_ms']).execute()
      },
    },
    '0003-releases': {
      async up (db: Kysely<Tables>) {
        await db.schema.createTable('releases').ifNotExists()
          .addColumn('seq', 'bigint', (column) => column.primaryKey().notNull())
          .addColumn('album_id', 'text', (column) => column.notNull().unique())
          .addColumn('first_seen_ms', 'bigint', (column) => column.notNull())
          .addColumn('run_id', 'text')
          .addColumn('content', 'text')
          .execute()
        await db.schema.createIndex('releases_run').ifNotExists().on('releases').columns(['run_id', 'seq']).execute()

        await db.schema.alterTable('runs').addColumn(
          'releases_done', 'integer', (column) => column.notNull().defaultTo(0)
        ).execute()
        await db.schema.createIndex('runs_releases_due').ifNotExists().on('runs').columns(['id'])
          .where(sql<boolean>`document_name is not null and releases_done = 0`).execute()
        await db.schema.createIndex('runs_comparable').ifNotExists().on('runs').columns(['request_key', 'id'])
          .where(sql.ref('document_name'), 'is not', null).execute()
      },
    },
    '0004-timelines': {
      async up (db: Kysely<Tables>) {
        await db.schema.createTable('timelines').ifNotExists()
          .addColumn('run_id', 'text', (column) => column.primaryKey())
          .addColumn('execution', 'integer', (column) => column.notNull())
          .addColumn('steps', 'text', (column) => column.notNull())
          .execute()
      },
    },
  }
}

/**
 * Brings the schema up to date; any number of processes may do it concurrently. Throws where it cannot.
 * @param schema of PostgreSQL: it is made where it is missing. A role that may not make one can use one that exists.
 */
export async function migrate (db: Kysely<Tables>, kind: Database['kind'], schema?: string): Promise<void> {
  const migrations = migrationsOf(kind)
  if (await hasAll(db, Object.keys(migrations))) return // 40 ms instead of 130 to open PostgreSQL
  const ofSchema = schema === undefined ? {} : { migrationTableSchema: schema }
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations }, ...ofSchema })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error as Error
}

/** Asks one question, where the migrator reads the whole catalogue of the database. */
async function hasAll (db: Kysely<Tables>, names: string[]): Promise<boolean> {
  const {
    rows,
  } = await sql<{ name: string }>`select name from kysely_migration`.execute(db).catch(() => ({ rows: [] }))
  return rows.length === names.length && rows.every(({ name }) => names.includes(name))
}
