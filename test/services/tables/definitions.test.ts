import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { TABLES_TEXT } from '../../../src/services/tables/table-schemas.ts'
import { contractOf } from '../../../src/services/contract/contract.ts'
import { CONTRACT_RULES } from '../../../src/services/contract/contract-rules.ts'
import { type Column, type Table, keyOf, referencesOf } from '../../../src/services/tables/define-table.ts'
import { RAW_CSV, TABLE_FORMATS } from '../../../src/services/tables/table-formats.ts'
import { TABLES } from '../../../src/services/tables/tables.ts'
import { openDuck, written } from './duckdb.ts'

const ALBUM = { id: 'a', artists: [{ id: 'x' }], tracks: { items: [{ id: 't', artists: [{ id: 'x' }] }] } }

const CONTRACT: Record<Table['name'], string[]> = {
  albums: [
    'run_id',
    'position',
    'album_id',
    'name',
    'album_type',
    'release_date',
    'release_date_text',
    'release_date_precision',
    'release_year',
    'total_tracks',
    'tracks_present',
    'duration_ms',
    'explicit_tracks',
    'discs',
    'label',
    'upc',
    'popularity',
    'market',
    'image_url',
    'url',
    'uri',
  ],
  tracks: [
    'run_id',
    'album_id',
    'position',
    'track_id',
    'disc_number',
    'track_number',
    'name',
    'duration_ms',
    'explicit',
    'is_playable',
    'is_local',
    'isrc',
    'popularity',
    'linked_from_id',
    'url',
    'uri',
  ],
  artists: ['run_id', 'artist_id', 'name', 'url', 'uri'],
  album_artists: ['run_id', 'album_id', 'artist_id', 'artist_position'],
  track_artists: ['run_id', 'album_id', 'position', 'track_id', 'artist_id', 'artist_position'],
}

t.test('the tables have the columns that users were promised', async (t) => {
  t.strictSame(Object.fromEntries(TABLES.map(({ name, columns }) => [name, columns.map(({ name }) => name)])), CONTRACT)
})

/** Each place where the columns of a table are told. */
const PLACES: Record<string, (table: Table) => Promise<string[]>> = {
  async Parquet (table) {
    const duck = await openDuck(t)
    return (
      await duck.query(
        `select column_name from (describe select * from ${await duck.store(await written(table, [ALBUM]))})`
      )
    ).map(({ column_name: name }) => String(name))
  },
  CSV: async (table) =>
    (await written(table, [ALBUM], { format: TABLE_FORMATS.csv })).toString().split('\r\n')[0]?.split(',') ?? [],
  'raw CSV': async (table) =>
    (await written(table, [ALBUM], { format: RAW_CSV })).toString().split('\r\n')[0]?.split(',') ?? [],
  NDJSON: async (table) =>
    Object.keys(
      JSON.parse(
        (await written(table, [ALBUM], { format: TABLE_FORMATS.ndjson })).toString().split('\n')[0] ?? ''
      ) as object
    ),
  async contract ({ name: table }) {
    const { schema } = contractOf(TABLES, CONTRACT_RULES, { version: '1', url: null, retentionDays: 0 }) as {
      schema: Array<{ name: string, properties: Array<{ name: string }> }>
    }
    return schema.find(({ name }) => name === table)?.properties.map(({ name }) => name) ?? []
  },
  async documentation ({ name }) {
    const section =
      (await readFile('docs/data.md', 'utf8')).split(/^### /m).find((text) => text.startsWith(`${name}\n`)) ?? ''
    return [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name)
  },
  async 'SQL of the documentation' ({ name }) {
    const [, statement = ''] =
      new RegExp(`^CREATE TABLE ${name} \\((.*?)^\\);`, 'ms').exec(await readFile('docs/data.md', 'utf8')) ?? []
    return [...statement.matchAll(/^ {2}([a-z_]+) /gm)].map(([, name = '']) => name)
  },
  async OpenAPI ({ name }) {
    const section = TABLES_TEXT.split('- **').find((text) => text.startsWith(`${name}**`)) ?? ''
    return [...section.matchAll(/^ {2}- `(\w+)`/gm)].map(([, name = '']) => name)
  },
}

t.test('every place tells the same columns in the same order', async (t) => {
  for (const table of TABLES) {
    for (const [place, columnsOf] of Object.entries(PLACES)) {
      t.strictSame(await columnsOf(table), CONTRACT[table.name], `${table.name} in ${place}`)
    }
  }
})

t.test('docs/data.md is as the definitions make it', async (t) => {
  t.doesNotThrow(() => execFileSync(process.execPath, ['scripts/data-tables.js', '--check'], { stdio: 'pipe' }))
})

t.test('each table has a key that is never null, and each reference is the key of a ' +
  'table that stands before it', async (t) => {
  for (const [place, table] of TABLES.entries()) {
    t.ok(keyOf(table).length > 0)
    t.ok(table.columns.every(({ isKey, nullable }: Column) => !isKey || !nullable))
    for (const { table: target, to } of referencesOf(table)) {
      t.strictSame(
        to,
        keyOf(TABLES.slice(0, place).find(({ name }) => name === target) ?? table),
        `${table.name} to ${target}`
      )
    }
  }
})
