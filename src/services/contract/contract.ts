import type { ColumnType } from '../tables/cell.ts'
import type { ContractRule } from './contract-rule.ts'
import { type Column, type Table, keyOf, referencesOf } from '../tables/define-table.ts'

type JsonObject = Record<string, unknown>

export interface ContractFacts {
  version: string
  /** Where the service is; null: unknown. */
  url: string | null
  /** Runs and their tables are deleted after so many days; 0: never. */
  retentionDays: number
}

/** Types as the standard has them; its integer formats are those of Rust. */
const LOGICAL_TYPES: Record<ColumnType, JsonObject> = {
  DATE: { logicalType: 'date', logicalTypeOptions: { format: 'yyyy-MM-dd' } },
  INT32: { logicalType: 'integer', logicalTypeOptions: { format: 'i32' } },
  INT64: { logicalType: 'integer', logicalTypeOptions: { format: 'i64' } },
  BOOLEAN: { logicalType: 'boolean' },
  UTF8: { logicalType: 'string' },
}

const PURPOSE = 'New album releases and every track of each, as Spotify showed them to one run, for analysis.'
const USAGE = 'GET /runs/{id}/tables/{table} gives a table of one run as Parquet, CSV or NDJSON. ' +
  'The keys are unique within one run: in tables of several runs, run_id belongs to them.'
const LIMITATIONS = 'A run is what Spotify showed then, and its gaps say what is missing. ' +
  'Columns with the tier extended are null for apps in development mode. ' +
  "Spotify's developer terms apply: content is not kept for ever, is shown with a link back to Spotify (column url), " +
  'and must not train a model.'
const TERMS_URL = 'https://developer.spotify.com/terms'
const SERVER = { server: 'service', type: 'api', description: 'The service that makes the tables' }
const RETENTION = { property: 'retention', unit: 'd', description: 'Runs that ended longer ago are deleted' }

/** The tables as a data contract. Source: Open Data Contract Standard 3.1.0, Linux Foundation (Bitol) */
export function contractOf (
  tables: readonly Table[], rules: readonly ContractRule[], { version, url, retentionDays }: ContractFacts
): JsonObject {
  return {
    apiVersion: 'v3.1.0',
    kind: 'DataContract',
    id: 'album-release-ingest-tables',
    name: 'Album releases and their tracks',
    version,
    status: 'active',
    domain: 'music',
    description: {
      purpose: PURPOSE,
      usage: USAGE,
      limitations: LIMITATIONS,
      authoritativeDefinitions: [{ type: 'terms', url: TERMS_URL, description: "Spotify's developer terms" }],
    },
    ...unlessEmpty('servers', url === null ? [] : [{ ...SERVER, location: url }]),
    schema: tables.map((table) => tableOf(table, rules.filter((rule) => rule.table === table.name))),
    ...unlessEmpty('slaProperties', retentionDays === 0 ? [] : [{ ...RETENTION, value: retentionDays }]),
  }
}

function tableOf (table: Table, rules: readonly ContractRule[]): JsonObject {
  const { name, row, columns } = table
  const composite = referencesOf(table).filter(({ columns }) => columns.length > 1)
  return {
    name,
    physicalName: name,
    logicalType: 'object',
    physicalType: 'table',
    description: `One row per ${row}.`,
    dataGranularityDescription: `One row per ${row}.`,
    properties: columns.map((column) => propertyOf(table, column, rules.filter((rule) => rule.column === column.name))),
    ...unlessEmpty('relationships', composite.map(({ columns, table: target, to }) => ({
      type: 'foreignKey',
      from: columns.map((column) => `${name}.${column}`),
      to: to.map((column) => `${target}.${column}`),
    }))),
    ...unlessEmpty('quality', rules.filter(({ column }) => column === null).map(qualityOf)),
  }
}

const EXTENDED = { property: 'tier', value: 'extended', description: 'null for apps in development mode' }

function propertyOf (table: Table, column: Column, rules: readonly ContractRule[]): JsonObject {
  const { name, type, nullable, isKey, reference, description, isExtended } = column
  const keys = keyOf(table)
  const isReference = referencesOf(table).some(({ columns }) => columns.length === 1 && columns[0] === name)
  return {
    name,
    physicalName: name,
    ...LOGICAL_TYPES[type],
    physicalType: type,
    description,
    required: !nullable,
    ...isKey ? { primaryKey: true, primaryKeyPosition: keys.indexOf(name) + 1 } : {},
    ...isKey && keys.length === 1 ? { unique: true } : {},
    ...isReference ? { relationships: [{ type: 'foreignKey', to: reference }] } : {},
    ...unlessEmpty('customProperties', isExtended ? [EXTENDED] : []),
    ...unlessEmpty('quality', rules.map(qualityOf)),
  }
}

function qualityOf ({ name, description, dimension, severity, measure }: ContractRule): JsonObject {
  const type = measure === null ? 'text' : 'query' in measure ? 'sql' : 'library'
  return { name, description, type, dimension, severity, ...measure }
}

function unlessEmpty (name: string, list: unknown[]): JsonObject {
  return list.length === 0 ? {} : { [name]: list }
}
