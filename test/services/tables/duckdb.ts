import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { Test } from 'tap'
import type { Run } from '../../../src/schemas/run.ts'
import type { Table } from '../../../src/services/tables/define-table.ts'
import { TABLE_FORMATS } from '../../../src/services/tables/table-formats.ts'
import { TABLES } from '../../../src/services/tables/tables.ts'
import { newRecord } from '../../../src/services/runs/transitions.ts'
import { temporaryFolder } from '../../service.ts'
import { texts } from '../../formats/lines.ts'

export type Rows = Array<Record<string, unknown>>

/** SQL over Parquet files, which are read without any option. */
export interface Duck {
  /** Numbers above 32 bits and dates are texts. */
  query: (sql: string) => Promise<Rows>
  /** A path for a new file, in quotes. */
  store: (bytes: Uint8Array) => Promise<string>
}

export async function openDuck (t: Test): Promise<Duck> {
  const folder = await temporaryFolder(t)
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  t.teardown(() => {
    connection.closeSync()
    instance.closeSync()
  })
  return {
    query: async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson(),
    async store (bytes) {
      const path = join(folder, `${randomUUID()}.parquet`)
      await writeFile(path, bytes)
      return `'${path}'`
    },
  }
}

/** A run as it is when it has ended, without what no table needs. */
export function endedRun (request: Partial<Run['request']> = {}): Run {
  const complete: Run['request'] = {
    source: 'auto',
    limit: 100,
    pagination: 'next',
    market: null,
    refresh: false,
    ...request,
  }
  return { ...newRecord('01990000-0000-7000-8000-00000000abcd', complete, 0).run, status: 'succeeded', complete: true }
}

/** A table of these albums in a format. */
export async function written (
  table: Table,
  albums: readonly unknown[],
  { format = TABLE_FORMATS.parquet, run = endedRun() } = {}
): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of format.write(table, run, texts(...albums))) pieces.push(Buffer.from(piece as string))
  return Buffer.concat(pieces)
}

/** Makes a view of each table, of its Parquet file. */
export async function createViews (duck: Duck, tableBytes: (table: Table) => Promise<Uint8Array>): Promise<void> {
  for (const table of TABLES) {
    await duck.query(
      `create or replace view ${table.name} as select * from ${await duck.store(await tableBytes(table))}`
    )
  }
}
