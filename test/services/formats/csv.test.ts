import fc from 'fast-check'
import Papa from 'papaparse'
import t from 'tap'
import { CSV_COLUMNS, csv, csvCell } from '../../../src/services/formats/csv.ts'
import { all, texts } from './lines.ts'

function parse (text: string): Array<Record<string, string>> {
  const { data, errors } = Papa.parse<Record<string, string>>(text, { header: true, newline: '\r\n', skipEmptyLines: true })
  t.same(errors, [])
  return data
}

const CELLS: Array<[value: Parameters<typeof csvCell>[0], cell: string]> = [
  ['plain', 'plain'],
  ['', ''],
  [null, ''],
  [undefined, ''],
  [0, '0'],
  [false, 'false'],
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['two\r\nlines', '"two\r\nlines"'],
  ['one\nfeed', '"one\nfeed"'],
  ['one\rreturn', '"one\rreturn"'],
  ['=SUM(A1)', "'=SUM(A1)"],
  ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
  ['+1', "'+1"],
  ['-2', "'-2"],
  [-2, "'-2"],
  ['@x', "'@x"],
  ['\t=1', "'\t=1"],
  ['\r=1', '"\'\r=1"'],
  ['\n=1', '"\'\n=1"'],
  ['＝1', "'＝1"],
  ['＠x', "'＠x"],
  ["'quoted'", "'quoted'"],
  ['a=1', 'a=1'],
  ['夜に駆ける', '夜に駆ける'],
]

t.test('a cell', async (t) => {
  for (const [value, cell] of CELLS) t.equal(csvCell(value), cell, JSON.stringify(value))
})

t.test('any text comes back as it was, but for the apostrophe before what would be a formula', async () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 5 }), (values) => {
    const row = Papa.parse<string[]>(values.map(csvCell).join() + '\r\n', { delimiter: ',', newline: '\r\n' }).data[0]
    return values.every((value, place) => row?.[place] === value || (row?.[place] === `'${value}` && /^[=+\-@\t\r\n＝＋－＠]/.test(value)))
  }), { numRuns: 2000 })
})

t.test('a track a row, under a header, each with its album', async (t) => {
  const [first, second, ...more] = parse(await all(csv(texts({
    id: 'al',
    name: 'Name, with "all"',
    album_type: 'single',
    release_date: '2026-11',
    total_tracks: 2,
    artists: [{ id: 'x', name: 'Tyler, The Creator' }, { id: 'y', name: 'B' }],
    external_urls: { spotify: 'https://open.spotify.com/album/al' },
    tracks: {
      items: [
        { id: 't1', name: '=1', disc_number: 1, track_number: 1, duration_ms: 61_000, explicit: false, artists: [{ id: 'x', name: 'X' }], external_urls: { spotify: 'https://open.spotify.com/track/t1' } },
        { id: 't2', name: 'Two', disc_number: 2, track_number: 1, duration_ms: 5, explicit: true, artists: [], external_urls: {} },
      ]
    },
  }))))
  t.same(first, {
    album_id: 'al',
    album_name: 'Name, with "all"',
    album_type: 'single',
    release_date: '2026-11',
    album_artists: 'Tyler, The Creator | B',
    album_artist_ids: 'x | y',
    total_tracks: '2',
    album_url: 'https://open.spotify.com/album/al',
    disc_number: '1',
    track_number: '1',
    track_id: 't1',
    track_name: "'=1",
    track_artists: 'X',
    track_artist_ids: 'x',
    duration_ms: '61000',
    explicit: 'false',
    track_url: 'https://open.spotify.com/track/t1',
  })
  t.match(second, { album_id: 'al', track_id: 't2', explicit: 'true', disc_number: '2', track_artists: '', track_url: '' })
  t.same(more, [])
})

t.test('what an album or a track lacks is an empty cell', async (t) => {
  const [row] = parse(await all(csv(texts({ id: 'a', artists: null, external_urls: null, tracks: { items: [{}] } }))))
  t.same(row, Object.fromEntries(CSV_COLUMNS.map((column) => [column, column === 'album_id' ? 'a' : ''])))
})

t.test('an album without tracks is no row, and no album is the header alone', async (t) => {
  t.equal(await all(csv(texts({ id: 'a', tracks: { items: [] } }))), `${CSV_COLUMNS.join()}\r\n`)
  t.equal(await all(csv(texts())), `${CSV_COLUMNS.join()}\r\n`)
})
