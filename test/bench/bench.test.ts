import { readFile } from 'node:fs/promises'
import t from 'tap'
import {
  type Work,
  developmentCalls,
  developmentPathMs,
  extendedCalls,
  extendedPathMs,
  limitedPathMs,
  strictExtendedPathMs,
} from '../../bench/bounds.ts'
import { readOptions } from '../../bench/options.ts'
import { type Report, renderReport } from '../../bench/report/markdown.ts'
import { type Row, type Table, isWhole } from '../../bench/results.ts'
import { median, percentile99 } from '../../bench/statistics.ts'

const HUNDRED: Work = { pages: 10, albums: 100, furtherPages: 10 }
const BOUNDS: Array<[what: string, is: number, should: number]> = [
  ['extended: token, two pages, batch, further page', extendedPathMs({ ...HUNDRED, pages: 2 }, 50), 250],
  ['extended, no album over 50 tracks', extendedPathMs({ ...HUNDRED, pages: 2, furtherPages: 0 }, 50), 200],
  ['extended, by place: the long album is on the first page', strictExtendedPathMs([51, 1, 1], 2, 50), 200],
  ['extended, by place: it is on the last page', strictExtendedPathMs([1, 1, 51], 2, 50), 250],
  ['extended: calls', extendedCalls({ pages: 2, albums: 100, furtherPages: 6 }), 13],
  ['development: calls', developmentCalls(HUNDRED), 120],
  ['development: token, page, and 119 calls in 12 rounds', developmentPathMs(HUNDRED, 50), 700],
  ['development, with three questions', developmentPathMs(HUNDRED, 50, 3), 850],
  ['limited: 100 calls fit into one window', limitedPathMs(100, 100, 50), 100],
  ['limited: the 101st waits for the next', limitedPathMs(101, 100, 50), 30_100],
  ['limited: 250', limitedPathMs(250, 100, 50), 60_100],
  ['median of an odd number', median([3, 1, 2]), 2],
  ['median of an even number', median([4, 1, 3, 2]), 2.5],
  ['what one in a hundred exceeds', percentile99(Array.from({ length: 200 }, (_, value) => 200 - value)), 199],
]

t.test('the bounds that the benchmark compares with', async (t) => {
  for (const [what, is, should] of BOUNDS) t.equal(is, should, what)
})

t.test('a contender that lost something, or failed, is not counted as whole', async (t) => {
  const table: Pick<Table, 'albums' | 'tracks'> = { albums: 2, tracks: 20 }
  const row = (albums: number, tracks: number, error: string | null = null): Row => ({
    contender: 'x',
    samples: [{ outcomes: [{ albums, tracks, error, endedMs: 1 }] } as Row['samples'][0]],
  })
  t.ok(isWhole(table, row(2, 20)))
  t.notOk(isWhole(table, row(2, 19)))
  t.notOk(isWhole(table, row(1, 20)))
  t.notOk(isWhole(table, row(2, 20, 'partial: 1 gaps')))
})

t.test('a record is only made of the whole benchmark', async (t) => {
  t.match(readOptions(['--short']), { short: true, rounds: 1, scenarios: ['extended', 'development'] })
  t.match(readOptions(['--only', 'large', '--rounds', '2']), { rounds: 2, scenarios: ['large'] })
  t.throws(() => readOptions(['--record', '--short']), /whole benchmark/)
  t.throws(() => readOptions(['--only', 'larg']), /no scenario "larg"/)
  t.throws(() => readOptions(['--rounds', '0']), /whole number/)
})

t.test('what bench/README.md records is what the benchmark stored, word for word', async (t) => {
  const stored = await readFile('bench/results.json', 'utf8').catch(() => null)
  const [, recorded] =
    /<!-- begin of the record -->\n([^]*)\n<!-- end of the record -->/.exec(
      await readFile('bench/README.md', 'utf8')
    ) ?? []
  t.equal(
    recorded,
    stored === null ? 'None yet: `npm run bench -- --record`.' : renderReport(JSON.parse(stored) as Report)
  )
})
