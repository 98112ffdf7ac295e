import type { Run } from '../../schemas/run.ts'
import { VERSION } from '../../version.ts'
import { type TierCount, createTierCount } from '../album-tier.ts'
import type { Cell } from './cell.ts'
import type { Table } from './define-table.ts'
import { readTable } from './read-table.ts'
import { createCsvWriter, rawCell, safeCell } from './table-csv.ts'
import { ndjson } from './table-ndjson.ts'
import { type FileFacts, parquet } from './table-parquet.ts'

export const TABLE_FORMAT_NAMES = ['parquet', 'csv', 'ndjson'] as const
export type TableFormatName = typeof TABLE_FORMAT_NAMES[number]

/** One way to show a table. */
export interface TableFormat {
  contentType: string
  /** What a client says in `Accept` for it. */
  mediaType: string
  extension: string
  /** Part of the ETag. Raise it when the same document gives other bytes than before. */
  revision: number
  write: (table: Table, run: Run, albums: AsyncIterable<Buffer>) => AsyncIterable<Uint8Array | string>
}

type Write = (table: Table, albums: AsyncIterable<Cell[][]>) => AsyncIterable<string>

const text = (write: Write): TableFormat['write'] => (table, run, albums) => write(table, rowsOf(table, run, albums))

const CREATED_BY = `album-release-ingest version ${VERSION}`

export const TABLE_FORMATS: Record<TableFormatName, TableFormat> = {
  parquet: {
    contentType: 'application/vnd.apache.parquet',
    mediaType: 'application/vnd.apache.parquet',
    extension: '.parquet',
    revision: 2,
    write (table, run, albums) {
      const tiers = createTierCount()
      return parquet(table, rowsOf(table, run, albums, tiers), () => fileFacts(table, run, tiers), CREATED_BY)
    },
  },
  csv: {
    contentType: 'text/csv; charset=utf-8',
    mediaType: 'text/csv',
    extension: '.csv',
    revision: 1,
    write: text(createCsvWriter(safeCell)),
  },
  ndjson: {
    contentType: 'application/x-ndjson',
    mediaType: 'application/x-ndjson',
    extension: '.ndjson',
    revision: 1,
    write: text(ndjson),
  },
}

/** CSV with its cells as they are: for programs, not for spreadsheets. */
export const RAW_CSV: TableFormat = { ...TABLE_FORMATS.csv, write: text(createCsvWriter(rawCell)) }

function rowsOf (
  table: Table, { id, request }: Run, albums: AsyncIterable<Buffer>, tiers?: TierCount
): AsyncGenerator<Cell[][]> {
  return readTable(table, { id, market: request.market }, albums, tiers)
}

/** Returns the metadata of a file: the run, request, source and tier from which its rows come. */
function fileFacts ({ name }: Table, { id, request, source }: Run, tiers: TierCount): FileFacts {
  return {
    table: name,
    run_id: id,
    request: JSON.stringify(request),
    source: JSON.stringify(source),
    service_version: VERSION,
    tier: tiers.tier() ?? 'unknown',
  }
}
