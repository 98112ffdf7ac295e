import fc from 'fast-check'
import t from 'tap'
import { ALBUMS } from '../../../src/services/tables/albums.ts'
import { ALBUM_ARTISTS, ARTISTS, TRACK_ARTISTS } from '../../../src/services/tables/artists.ts'
import { TRACKS } from '../../../src/services/tables/tracks.ts'
import { TABLE_FORMATS } from '../../../src/services/tables/table-formats.ts'
import { TABLES } from '../../../src/services/tables/tables.ts'
import { type Rows, createViews, openDuck, written } from './duckdb.ts'
import { checkShape } from './expected.ts'
import type { Table } from '../../../src/services/tables/define-table.ts'

const LONG = 'ü'.repeat(10_000)
const TRACK_FIELDS = [
  'disc_number',
  'track_number',
  'name',
  'duration_ms',
  'explicit',
  'is_playable',
  'is_local',
  'external_ids',
  'popularity',
  'linked_from',
  'external_urls',
  'uri',
  'artists',
]
const ALBUM_FIELDS = [
  'name',
  'album_type',
  'release_date',
  'release_date_precision',
  'total_tracks',
  'label',
  'external_ids',
  'popularity',
  'images',
  'external_urls',
  'uri',
  'artists',
  'tracks',
]

function all (fields: string[], value: unknown): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field, value]))
}

const ALBUMS_SENT: unknown[] = [
  {
    id: 'nulls',
    ...all(ALBUM_FIELDS, null),
    tracks: { items: [{ id: null, ...all(TRACK_FIELDS, null) }, null, { id: 't', ...all(TRACK_FIELDS, null) }] },
  },
  { id: 'floats', ...all(ALBUM_FIELDS, 1.5), tracks: { items: [{ id: 2.5, ...all(TRACK_FIELDS, 2.5) }] } },
  {
    id: 'texts',
    ...all(ALBUM_FIELDS, '12'),
    tracks: { items: [{ id: '12', ...all(TRACK_FIELDS, '12') }, 'track', 7, ['x']] },
  },
  { id: 'year zero', release_date: '0000', release_date_precision: 'year', tracks: null },
  {
    id: 'surrogates',
    name: '\ud800',
    label: 'a\udfff',
    tracks: {
      items: [
        {
          id: '\udc00',
          name: 'x\ud83d',
          artists: [
            { id: '\ud800', name: 'x' },
            { id: 'half', name: '\ud800' },
          ],
        },
      ],
    },
  },
  {
    id: 'long',
    name: LONG,
    artists: [
      null,
      { id: 'a', name: LONG },
      { id: null, name: 'no id' },
      { id: '' },
      { id: 7 },
      { id: 'a', name: 'again' },
    ],
    tracks: { items: Array.from({ length: 300 }, (_, i) => ({ id: `t${i}`, name: LONG, artists: [null] })) },
  },
  {
    id: 'large',
    total_tracks: 2 ** 40,
    popularity: -1,
    tracks: { items: Array.from({ length: 3 }, () => ({ id: 'same', duration_ms: 2 ** 53 - 1, disc_number: 2 })) },
  },
  {
    id: 'keys',
    __proto__: null,
    constructor: { name: 'x' },
    images: [
      null,
      { url: 3, width: 9 },
      { url: 'small', width: 64 },
      { url: 'wide', width: 640 },
      { url: 'none', width: null },
    ],
  },
  null,
  [],
  'album',
  { id: null, tracks: { items: [{ id: 'lost' }] } },
  { id: '\ud800' },
]

t.test('whatever Spotify sends, every table keeps its types, keys and references', async (t) => {
  const duck = await openDuck(t)
  await createViews(duck, async (table) => await written(table, ALBUMS_SENT))
  await checkShape(t, duck)
  t.strictSame(
    await duck.query('select position, album_id from albums order by position'),
    ALBUMS_SENT.slice(0, 8).map((album, place) => ({ position: place + 1, album_id: (album as { id: string }).id }))
  )
  const isNull = (table: Table): string =>
    table.columns
      .filter(({ nullable }) => nullable)
      .map(({ name }) => `${name} is null`)
      .join(' and ')
  t.strictSame(await duck.query(`select album_id from albums where ${isNull(ALBUMS)} order by 1`), [
    { album_id: 'floats' },
    { album_id: 'nulls' },
    { album_id: 'surrogates' },
  ])
  t.strictSame(await duck.query(`select album_id, position from tracks where ${isNull(TRACKS)} order by 1, 2`), [
    { album_id: 'floats', position: 1 },
    { album_id: 'nulls', position: 1 },
    { album_id: 'surrogates', position: 1 },
  ])
  t.strictSame(await duck.query("select name, label from albums where album_id = 'surrogates'"), [
    { name: null, label: null },
  ])
  t.strictSame(
    await duck.query("select release_date, release_date_text, release_year from albums where album_id = 'year zero'"),
    [{ release_date: null, release_date_text: '0000', release_year: null }]
  )
  t.strictSame(
    await duck.query(
      "select total_tracks, tracks_present, duration_ms, discs, popularity from albums where album_id = 'large'"
    ),
    [{ total_tracks: null, tracks_present: 3, duration_ms: String(3n * (2n ** 53n - 1n)), discs: 1, popularity: -1 }]
  )
  t.strictSame(await duck.query("select image_url from albums where album_id = 'keys'"), [{ image_url: 'wide' }])
  t.strictSame(
    await duck.query("select position, track_id from tracks where album_id = 'nulls' order by 1"),
    [
      { position: 1, track_id: null },
      { position: 3, track_id: 't' },
    ],
    'what is no track keeps its place'
  )
  t.strictSame(await duck.query('select artist_id, name from artists order by 1'), [
    { artist_id: 'a', name: LONG },
    { artist_id: 'half', name: null },
  ])
  t.strictSame(await duck.query('select album_id, artist_id, artist_position from album_artists order by 3'), [
    { album_id: 'long', artist_id: 'a', artist_position: 2 },
    { album_id: 'long', artist_id: 'a', artist_position: 6 },
  ])
  t.strictSame(
    await duck.query(
      "select sum(length(name))::int as characters, count(*)::int as rows from tracks where album_id = 'long'"
    ),
    [{ characters: 3_000_000, rows: 300 }]
  )
  const { length: groups } = await duck.query(
    `select distinct row_group_id from parquet_metadata(${await duck.store(await written(TRACKS, ALBUMS_SENT))})`
  )
  t.ok(groups >= 3, 'row groups are bounded by their size as well')
})

t.test('no album is a table without rows, in each format', async (t) => {
  const duck = await openDuck(t)
  await createViews(duck, async (table) => await written(table, []))
  await checkShape(t, duck)
  for (const table of TABLES) {
    t.strictSame(await duck.query(`select count(*)::int as rows from ${table.name}`), [{ rows: 0 }])
    t.equal(
      (await written(table, [], { format: TABLE_FORMATS.csv })).toString(),
      `${table.columns.map(({ name }) => name).join()}\r\n`
    )
    t.equal((await written(table, [], { format: TABLE_FORMATS.ndjson })).toString(), '')
  }
})

const anyAlbum = fc.record({
  ...Object.fromEntries(ALBUM_FIELDS.map((field) => [field, fc.jsonValue({ maxDepth: 2 })])),
  artists: fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.array(
      fc.record({
        id: fc.oneof(fc.constantFrom('a', 'b', 'c'), fc.jsonValue({ maxDepth: 1 })),
        name: fc.jsonValue({ maxDepth: 1 }),
      })
    )
  ),
  tracks: fc.record({
    items: fc.array(fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.record(anyOf(TRACK_FIELDS), { requiredKeys: [] }))),
  }),
}, { requiredKeys: [] })

function anyOf (fields: string[]): Record<string, fc.Arbitrary<unknown>> {
  return Object.fromEntries(['id', ...fields].map((field) => [field, fc.jsonValue({ maxDepth: 2 })]))
}

t.test('Parquet and NDJSON have the same rows, for any albums', async (t) => {
  const duck = await openDuck(t)
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyAlbum, { maxLength: 4 }),
      fc.constantFrom(ALBUMS, TRACKS, ARTISTS, ALBUM_ARTISTS, TRACK_ARTISTS),
      async (made, table) => {
        const albums = made.map((album, place) => ({ ...album, id: `album ${place}` }))
        const rows = await duck.query(`select * from ${await duck.store(await written(table, albums))}`)
        const lines = (await written(table, albums, { format: TABLE_FORMATS.ndjson }))
          .toString()
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as Rows[number])
        const asTexts = (list: Rows): Rows =>
          list.map((row) =>
            Object.fromEntries(
              Object.entries(row).map(([name, value]) => [
                name,
                value === null ? null : String(value as string | number | boolean),
              ])
            )
          )
        t.strictSame(asTexts(lines), asTexts(rows))
      }
    ),
    { numRuns: 60 }
  )
})
