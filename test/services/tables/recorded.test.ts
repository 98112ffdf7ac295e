import t from 'tap'
import { TABLES } from '../../../src/services/tables/tables.ts'
import { WITH_RECORDED, recorded } from '../spotify/recorded.ts'
import { createViews, openDuck, written } from './duckdb.ts'
import { checkContent, checkShape } from './expected.ts'

interface Album extends Record<string, unknown> { tracks: { items: Array<Record<string, unknown>> } }

/** As a document has them: the tracks of all pages in one list. */
function recordedAlbums (): Album[] {
  const album = JSON.parse(recorded('02-album-full-over-50-tracks.json')) as Album
  const page = JSON.parse(recorded('03-album-tracks-page2.json')) as { items: Album['tracks']['items'] }
  return [
    JSON.parse(recorded('01-album-full.json')) as Album,
    { ...album, tracks: { ...album.tracks, items: [...album.tracks.items, ...page.items] } },
  ]
}

t.test('the tables of what Spotify really sent have their types, keys, ' +
  'references and every value', WITH_RECORDED, async (t) => {
  const albums = recordedAlbums()
  const duck = await openDuck(t)
  await createViews(duck, async (table) => await written(table, albums))
  await checkShape(t, duck)
  await checkContent(t, duck, albums)
  t.strictSame(await duck.query('select name, tracks_present, label, popularity from albums order by position'), [
    { name: 'Die With A Smile', tracks_present: 1, label: 'Interscope', popularity: 88 },
    { name: 'Classic Rock Hits', tracks_present: 55, label: 'UME - Global Clearing House', popularity: 0 },
  ])
})

t.test('without the fields that the development tier lacks, the ' +
  'tables have the same columns', WITH_RECORDED, async (t) => {
  const lacking = new Set(['available_markets', 'label', 'popularity', 'album_group', 'linked_from', 'preview_url'])
  const albums = JSON.parse(
    JSON.stringify(recordedAlbums(), (name, value: unknown) => (lacking.has(name) ? undefined : value))
  ) as Album[]
  const duck = await openDuck(t)
  await createViews(duck, async (table) => await written(table, albums))
  await checkShape(t, duck)
  await checkContent(t, duck, albums)
  for (const table of TABLES) {
    const nulls = table.columns.filter(({ isExtended }) => isExtended).map(({ name }) => name)
    if (nulls.length > 0) {
      t.strictSame(
        await duck.query(
          `select ${nulls.join()} from ${table.name} where ` +
            `coalesce(${nulls.map((name) => `${name}::varchar`).join()}) is not null`
        ),
        [],
        table.name
      )
    }
  }
})
