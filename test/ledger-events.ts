import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import type { LedgerEvent } from '../src/services/ingest/ledger.ts'

/** Where a service keeps its state: a folder with SQLite, or a PostgreSQL. */
export type StateLocation = { dataDir: string } | { databaseUrl: string, schema?: string }

/**
 * The ledger events of a run that executions up to one have stored, read from the outside; none once the run is
 * complete.
 */
export async function storedEvents (
  location: StateLocation,
  runId: string,
  lastExecution = 1e9
): Promise<LedgerEvent[]> {
  const rows = await query<{ event: string }>(
    location,
    'select event from ledger_events where run_id = $1 and execution <= $2 order by execution, seq',
    [runId, lastExecution]
  )
  return rows.map(({ event }) => JSON.parse(event) as LedgerEvent)
}

/** Whether the run has not ended, by its row. */
export async function isPending (location: StateLocation, runId: string): Promise<boolean> {
  const [row] = await query<{ pending: number }>(location, 'select pending from runs where id = $1', [runId])
  return row?.pending === 1
}

/** One statement on the database of a service, beside the service. */
export async function query<Row extends object> (
  location: StateLocation,
  sql: string,
  values: Array<string | number | Buffer> = []
): Promise<Row[]> {
  if ('dataDir' in location) {
    const file = new DatabaseSync(join(location.dataDir, 'service.db'), { timeout: 5000 })
    try {
      return file.prepare(sql.replace(/\$\d/g, '?')).all(...values) as Row[]
    } finally {
      file.close()
    }
  }
  const client = new pg.Client({
    connectionString: location.databaseUrl,
    options: `-c search_path=${location.schema ?? 'album_ingest'}`,
  })
  await client.connect()
  try {
    return (await client.query(sql, values)).rows as Row[]
  } finally {
    await client.end()
  }
}
