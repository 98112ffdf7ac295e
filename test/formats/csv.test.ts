import fc from 'fast-check'
import Papa from 'papaparse'
import t from 'tap'
import { CSV_COLUMNS, csv, csvCell } from '../../src/formats/csv.ts'
import { all, texts } from './lines.ts'

function parse (text: string): Array<Record<string, string>> {
  const { data, errors } = Papa.parse<Record<string, string>>(text, {
    header: true,
    newline: '\r\n',
    skipEmptyLines: true,
  })
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
  ['\t=1', "'\t'=1"],
  ['\r=1', '"\'\r\'=1"'],
  ['\n=1', '"\'\n\'=1"'],
  ['\tx', "'\tx"],
  ['x;=1+1', "x;'=1+1"],
  ['x; =1', "x; '=1"],
  ['x\t-1', "x\t'-1"],
  ['x,@y', '"x,\'@y"'],
  ['x\n+1;-2', '"x\n\'+1;\'-2"'],
  [' =1', " '=1"],
  ['\u00a0=1', "\u00a0'=1"],
  ['\ufeff=1', "\ufeff'=1"],
  ['\u200b\u2060\u202e@x', "\u200b\u2060\u202e'@x"],
  ['\u0000=1', "\u0000'=1"],
  ['\u3164=1', "\u3164'=1"],
  ['"=1', '"""\'=1"'],
  ['＋1', "'＋1"],
  ['－1', "'－1"],
  ['﹦1', "'﹦1"],
  ["'=1", "''=1"],
  ["x;'=1", "x;''=1"],
  ['x; y=1', 'x; y=1'],
  ['Rock-n-Roll; a+b', 'Rock-n-Roll; a+b'],
  [{ a: [1, null] }, '"{""a"":[1,null]}"'],
  [['x'], '"[""x""]"'],
  ['＝1', "'＝1"],
  ['＠x', "'＠x"],
  ["'quoted'", "'quoted'"],
  ['a=1', 'a=1'],
  ['夜に駆ける', '夜に駆ける'],
]

t.test('a cell', async (t) => {
  for (const [value, cell] of CELLS) t.equal(csvCell(value), cell, JSON.stringify(value))
})

const FORMULA = '=+\\-@＝＋－＠﹦﹢﹣﹫'
const INVISIBLE = '[\\p{White_Space}\\p{Default_Ignorable_Code_Point}\\p{C}\\u2800"]*'
/** Texts that are made of what matters here, more often than chance would have it. */
const hostile = fc.array(fc.oneof(
  fc.constantFrom(
    ...'=+-@＝＋－＠﹦﹢﹣﹫,;\t\r\n"\' |x',
    '\u00a0',
    '\ufeff',
    '\u200b',
    '\u2028',
    '\u2800',
    '\u3000',
    '\u0000',
    '\u00ad',
    '\ud800',
    '\u{e0001}'
  ),
  fc.string({ unit: 'binary', maxLength: 3 })
), { maxLength: 12 }).map((pieces) => pieces.join(''))

/** Undoes it as the README says. */
function original (cell: string): string {
  const start = new RegExp(`(^|[,;\\t\\r\\n])((?:(?![\\t\\r\\n])${INVISIBLE.slice(0, -1)})*'*)'(?=[${FORMULA}])`, 'gu')
  return cell.replace(/^'(?='*[\t\r\n])/, '').replace(start, '$1$2')
}

t.test('however a row is split, no piece of it starts a formula, whatever cannot be ' +
  'seen or quotes stand before it', async () => {
  const starts = new RegExp(`^${INVISIBLE}[${FORMULA}]`, 'u')
  fc.assert(fc.property(fc.array(hostile, { minLength: 2, maxLength: 4 }), (values) => {
    // a byte order mark at the very beginning would be the file's
    const row = ['x', ...values.map(csvCell)].join() + '\r\n'
    const parsed = Papa.parse<string[]>(row, { delimiter: ',', newline: '\r\n' }).data.flat()
    return (
      [row, ...parsed].every((text) =>
        [',', ';', '\t', /\r\n?|\n/, /[,;\t\r\n]/].every(
          (separator) => !text.split(separator).some((piece) => starts.test(piece))
        )
      ) && !parsed.some((cell) => /^[=+\-@\t\r\n]/.test(cell))
    )
  }), { numRuns: 4000 })
})

t.test('any text comes back when the apostrophe that was added is taken away', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(hostile, fc.string({ unit: 'binary' })), { minLength: 2, maxLength: 5 }),
      (values) => {
        const row = Papa.parse<string[]>(['x', ...values.map(csvCell)].join() + '\r\n', {
          delimiter: ',',
          newline: '\r\n',
        }).data[0]?.slice(1)
        return values.every((value, place) => original(row?.[place] ?? '') === value)
      }
    ),
    { numRuns: 2000 }
  )
})

t.test('a cell costs time by its length, not by its square', async (t) => {
  for (const text of [
    ' '.repeat(200_000),
    '\t'.repeat(200_000),
    ';'.repeat(200_000),
    ' ;'.repeat(100_000),
    "'".repeat(200_000),
    " ;'".repeat(70_000),
  ]) { t.ok(csvCell(`${text}=`).length > 200_000) }
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
        {
          id: 't1',
          name: '=1',
          disc_number: 1,
          track_number: 1,
          duration_ms: 61_000,
          explicit: false,
          artists: [{ id: 'x', name: 'X' }],
          external_urls: { spotify: 'https://open.spotify.com/track/t1' },
        },
        {
          id: 't2',
          name: 'Two',
          disc_number: 2,
          track_number: 1,
          duration_ms: 5,
          explicit: true,
          artists: [],
          external_urls: {},
        },
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
  t.match(second, {
    album_id: 'al',
    track_id: 't2',
    explicit: 'true',
    disc_number: '2',
    track_artists: '',
    track_url: '',
  })
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
