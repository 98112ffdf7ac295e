import t from 'tap'
import { CONTRACT_RULES, structuralRules } from '../../../src/services/contract/contract-rules.ts'
import { type Table, keyOf } from '../../../src/services/tables/define-table.ts'
import { TABLES } from '../../../src/services/tables/tables.ts'
import { type Duck, createViews, openDuck, written } from '../tables/duckdb.ts'

const ALBUMS = ['a', 'b'].map((id) => ({
  id,
  artists: [{ id: 'x' }, { id: 'y' }],
  tracks: { items: [{ id: 't', artists: [{ id: 'x' }] }, { id: 't', artists: [{ id: 'z' }] }] },
}))

/** What the rules count, by the names of those that count something. */
async function broken (duck: Duck): Promise<string[]> {
  const names: string[] = []
  for (const { name, table, column, measure } of CONTRACT_RULES) {
    if (measure === null) continue
    const counted =
      'query' in measure
        ? measure.query
        : countOf(table, column, measure.metric, measure.arguments?.['properties'] as string[] | undefined)
    const [row] = await duck.query(`select (${counted})::int as count`)
    if (row?.['count'] !== 0) names.push(name)
  }
  return names
}

function countOf (table: string, column: string | null, metric: string, properties: string[] = [column ?? '']): string {
  if (metric === 'nullValues') return `select count(*) from ${table} where ${column} is null`
  return `select count(*) from (select 1 from ${table} group by ${properties.join()} having count(*) > 1)`
}

t.test('every rule holds of the tables of a sound document', async (t) => {
  const duck = await openDuck(t)
  await createViews(duck, async (table) => await written(table, ALBUMS))
  t.strictSame(await broken(duck), [])
})

/** What is done to a table, and the rules that then fail. */
const DEFECTS: Array<[table: string, change: string, rules: string[]]> = [
  ['albums', 'select * replace (null as run_id) from albums_whole', ['albums_run_id_not_null']],
  ['albums', 'select * from albums_whole union all select * from albums_whole', ['albums_key_unique']],
  [
    'albums',
    "select * from albums_whole where album_id <> 'a'",
    ['tracks_refers_to_albums', 'album_artists_refers_to_albums'],
  ],
  ['tracks', 'select * from tracks_whole where position <> 2', ['track_artists_refers_to_tracks']],
  ['artists', "select * from artists_whole where artist_id <> 'z'", ['track_artists_refers_to_artists']],
  ['artists', "select * from artists_whole where artist_id <> 'y'", ['album_artists_refers_to_artists']],
  [
    'track_artists',
    'select * replace (1 as artist_position, 1 as position) from track_artists_whole union all select ' +
      '* from track_artists_whole',
    ['track_artists_key_unique'],
  ],
]

t.test('each defect breaks its own rules only', async (t) => {
  const duck = await openDuck(t)
  await createViews(duck, async (table) => await written(table, ALBUMS))
  for (const { name } of TABLES) await duck.query(`create table ${name}_whole as select * from ${name}`)
  for (const [table, change, rules] of DEFECTS) {
    for (const { name } of TABLES) {
      await duck.query(`create or replace view ${name} as ${name === table ? change : `select * from ${name}_whole`}`)
    }
    t.strictSame(await broken(duck), rules, change)
  }
})

t.test('rules follow from the columns of any table', async (t) => {
  const column = {
    type: 'UTF8',
    isKey: false,
    reference: null,
    description: '',
    isExtended: false,
    read: null,
  } as const
  const table: Table = {
    name: 'a',
    row: 'a',
    columns: [
      { ...column, name: 'id', nullable: false, isKey: true },
      { ...column, name: 'b_id', nullable: true, reference: 'b.id' },
    ],
    read: () => () => [],
  }
  t.strictSame(keyOf(table), ['id'])
  t.strictSame(structuralRules([table]).map(({ name, column, dimension }) => [name, column, dimension]), [
    ['a_id_not_null', 'id', 'completeness'], ['a_key_unique', 'id', 'uniqueness'],
    ['a_refers_to_b', 'b_id', 'consistency'],
  ])
  t.match(
    structuralRules([table])[2]?.measure,
    { query: /WHERE b\.id IS NULL AND a\.b_id IS NOT NULL$/ },
    'null refers to nothing'
  )
})
