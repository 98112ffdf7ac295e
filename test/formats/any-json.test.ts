import fc from 'fast-check'
import Papa from 'papaparse'
import t from 'tap'
import { albumLines } from '../../src/formats/album-lines.ts'
import { CSV_COLUMNS, csv } from '../../src/formats/csv.ts'
import { ndjson } from '../../src/formats/ndjson.ts'
import { tracks } from '../../src/formats/tracks.ts'
import { all, documentOf, inPieces, texts } from './lines.ts'

type Json = Record<string, unknown>

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\ud800', 'x\udc00', '"albums":[', ']}', '__proto__', '=1', 'x'.repeat(10_000), '\u0000', '\n')
)
const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(-0, 1e21, -1e-7))
const any = fc.oneof(
  { maxDepth: 4 },
  fc.jsonValue({ maxDepth: 3 }),
  text,
  number,
  fc.constant(null),
  fc.array(fc.constant(null)),
  fc.integer({ min: 1, max: 100 }).map(nested)
)
const artists = fc.oneof(any, fc.array(fc.oneof(any, fc.record({ id: any, name: any }, { requiredKeys: [] }))))
const urls = fc.oneof(any, fc.record({ spotify: any }))
const flawed = (fields: string[]) =>
  fc.record(
    { ...Object.fromEntries(fields.map((name) => [name, any])), artists, external_urls: urls, images: any },
    { requiredKeys: [] }
  )
const track = fc.oneof(any, flawed(['id', 'name', 'disc_number', 'track_number', 'duration_ms', 'explicit']))
const album = fc.tuple(
  fc.string({ unit: fc.constantFrom(...'abcXYZ019'), minLength: 1, maxLength: 22 }),
  flawed(['name', 'album_type', 'release_date', 'total_tracks']),
  fc.array(track, { maxLength: 5 }),
  fc.dictionary(text, any, { maxKeys: 2 })
).map(([id, fields, items, more]) => ({ ...more, ...fields, id, tracks: { ...more, items } }))

/** An array in an array, so many times. */
function nested (depth: number): unknown {
  return depth === 0 ? [] : [nested(depth - 1)]
}

/** What becomes of a value that is written and read. */
function stored<T> (value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

t.test('whatever JSON stands under albums that have an id and tracks, each format comes to ' +
  'its end and is well formed', async (t) => {
  let rows = 0
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(album, { selector: ({ id }) => id, maxLength: 4 }),
      fc.integer({ min: 1, max: 5000 }),
      async (albums, bytes) => {
        const lines = (): AsyncGenerator<Buffer> => albumLines(inPieces(documentOf(albums), bytes))
        const parsed = Papa.parse<string[]>(await all(csv(lines())), {
          newline: '\r\n',
          delimiter: ',',
          skipEmptyLines: true,
        })
        const expected = albums.reduce((sum, { tracks: { items } }) => sum + items.length, 0)
        rows += expected
        if (
          parsed.errors.length > 0 ||
          parsed.data.length !== expected + 1 ||
          parsed.data.some((row) => row.length !== CSV_COLUMNS.length)
        ) { return false }
        if (
          !isSame(
            (await all(ndjson(lines())))
              .split('\n')
              .slice(0, -1)
              .map((line): unknown => JSON.parse(line)),
            albums
          )
        ) { return false }
        return isSame(
          JSON.parse(await all(tracks(lines()))),
          Object.fromEntries(albums.map(({ id, tracks: { items } }) => [id, items]))
        )
      }
    ),
    { numRuns: 200 }
  )
  t.ok(rows > 50, `${rows} rows`)
})

function isSame (read: unknown, value: unknown): boolean {
  return JSON.stringify(read) === JSON.stringify(stored(value))
}

const ODD: Array<[what: string, fields: Json, cells: Json]> = [
  ['artists: [null]', { artists: [null] }, { album_artists: '', album_artist_ids: '' }],
  ['artists as a text', { artists: 'x' }, { album_artists: '', album_artist_ids: '' }],
  [
    'one artist of three that is null',
    { artists: [{ id: 'a', name: 'A' }, null, { id: 'c', name: 'C' }] },
    { album_artists: 'A |  | C', album_artist_ids: 'a |  | c' },
  ],
  [
    'an artist whose name is a number',
    { artists: [{ id: 1, name: 7 }] },
    { album_artists: '7', album_artist_ids: '1' },
  ],
  ['an artist whose name is an object', { artists: [{ name: { de: 'x' } }] }, { album_artists: '{"de":"x"}' }],
  ['external_urls as a text', { external_urls: 'x' }, { album_url: '' }],
  ['a name that is an object', { name: { a: 1 } }, { album_name: '{"a":1}' }],
  ['a name that is a number', { name: 12 }, { album_name: '12' }],
]
for (const [what, fields, cells] of ODD) {
  t.test(`a row is there whatever its album has: ${what}`, async (t) => {
    const { data } = Papa.parse<Json>(await all(csv(texts({ id: 'a', ...fields, tracks: { items: [{ id: 't' }] } }))), {
      header: true,
      skipEmptyLines: true,
    })
    t.match(data, [{ album_id: 'a', track_id: 't', ...cells }])
  })
}

for (const tracksField of [undefined, null, 'x', [], { items: null }, { items: 'x' }, { items: {} }]) {
  t.test(`an album without a list of tracks has none: ${JSON.stringify(tracksField)}`, async (t) => {
    const odd = { id: 'a', tracks: tracksField }
    t.equal(await all(csv(texts(odd))), `${CSV_COLUMNS.join()}\r\n`)
    t.same(JSON.parse(await all(tracks(texts(odd)))), { a: [] })
  })
}

const NUMBERS = [
  '12345678901234567890',
  '-12345678901234567890',
  '0.12345678901234567890',
  '1e400',
  '-1.5E+999',
  '1e-400',
  '1.0000000000000000',
]
for (const written of NUMBERS) {
  t.test(`${written} stands in each format as it was written`, async (t) => {
    const line = `{"id":"a","name":"\\"${written}","total_tracks":${written},"tracks":{"x":[{"items":1}],"items":[{"track_number":${written},"name":"${written}"}],"next":null}}`
    const lines = async function * (): AsyncGenerator<Buffer> { yield Buffer.from(line) }
    const { data } = Papa.parse<Json>(await all(csv(lines())), { header: true, skipEmptyLines: true })
    const cell = written.startsWith('-') ? `'${written}` : written
    t.strictSame(data.map(({ album_name: name }) => name), [`"${cell}`])
    t.match(data, [{ total_tracks: cell, track_number: cell, track_name: cell }])
    t.equal(await all(tracks(lines())), `{\n"a":[{"track_number":${written},"name":"${written}"}]\n}\n`)
    t.equal(await all(ndjson(lines())), `${line}\n`)
  })
}
