import Papa from 'papaparse'
import t, { type Test } from 'tap'
import { ALBUMS } from '../../../src/services/tables/albums.ts'
import { RAW_CSV, TABLE_FORMATS } from '../../../src/services/tables/table-formats.ts'
import { TRACKS } from '../../../src/services/tables/tracks.ts'
import { written } from './duckdb.ts'

function parse (t: Test, text: string): Array<Record<string, string>> {
  const { data, errors } = Papa.parse<Record<string, string>>(text, {
    header: true,
    newline: '\r\n',
    skipEmptyLines: true,
  })
  t.same(errors, [])
  return data
}

const ALBUM = {
  id: 'al',
  name: '=HYPERLINK("http://x","y")',
  label: '',
  release_date: '2026-11-20',
  tracks: { items: [{ id: 't', name: 'Two,\r\n"lines"', duration_ms: 61_000, explicit: true }] },
}

t.test('a cell that would start a formula gets an apostrophe', async (t) => {
  const [row] = parse(t, (await written(ALBUMS, [ALBUM], { format: TABLE_FORMATS.csv })).toString())
  t.match(row, {
    album_id: 'al',
    name: '\'=HYPERLINK("http://x","y")',
    release_date: '2026-11-20',
    duration_ms: '61000',
    tracks_present: '1',
  })
})

t.test('raw: cells are as they are, in quotes where RFC 4180 wants them', async (t) => {
  const [album] = parse(t, (await written(ALBUMS, [ALBUM], { format: RAW_CSV })).toString())
  t.match(album, { name: '=HYPERLINK("http://x","y")', release_date: '2026-11-20', duration_ms: '61000' })
  const [track] = parse(t, (await written(TRACKS, [ALBUM], { format: RAW_CSV })).toString())
  t.match(track, { name: 'Two,\r\n"lines"', explicit: 'true' })
})

t.test('an empty text is told from null, as COPY of PostgreSQL does', async (t) => {
  for (const format of [TABLE_FORMATS.csv, RAW_CSV]) {
    const [, line = ''] = (await written(ALBUMS, [{ id: 'al', name: '', label: null }], { format }))
      .toString()
      .split('\r\n')
    t.match(line, /^[^,]+,1,al,"",,,,,,,0,(?:,)*$/)
  }
})
