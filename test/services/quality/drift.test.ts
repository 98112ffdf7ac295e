import t from 'tap'
import { baselineOf } from '../../../src/services/quality/baseline.ts'
import {
  type AlbumJson,
  type TestDocument,
  asEarlier,
  notPassed,
  reportOn,
  runOf,
  sandboxDocument,
} from './documents.ts'

const withoutLabel = (albums: AlbumJson[]): AlbumJson[] =>
  albums.map(({ label: _label, ...album }) => album as AlbumJson)

t.test('the baseline is the median of the earlier runs, and says which they are', async (t) => {
  const sizes = [10, 20, 60]
  const { runs, tables } = baselineOf(
    'extended',
    sizes.map((size) => asEarlier(sandboxDocument({ size }), `run-${size}`))
  )
  t.strictSame(runs.map(({ runId }) => runId), ['run-10', 'run-20', 'run-60'])
  t.equal(tables.albums?.rows, 20)
  t.ok(tables.albums?.commonFields.includes('label'))
  t.notOk(tables.albums?.commonFields.includes('restrictions'), 'few albums are restricted')
  t.ok(tables.albums?.seenFields.includes('restrictions'))
  t.equal(tables.tracks?.nullShares['isrc'], 1)
})

t.test('a field that is gone for good is reported until most earlier runs lack it', async (t) => {
  const [good, lacking] = [sandboxDocument(), sandboxDocument()]
  lacking.albums = withoutLabel(lacking.albums)
  const missing = (before: number, since: number): boolean =>
    notPassed(reportOn(lacking, [
      ...Array.from({ length: since }, (_, n) => asEarlier(lacking, `since-${n}`)),
      ...Array.from({ length: before }, (_, n) => asEarlier(good, `before-${n}`)),
    ])).includes('albums.fields.missing')
  for (const [before, since, isReported] of [[1, 0, true], [3, 1, true], [2, 2, false], [1, 3, false]] as const) {
    t.equal(missing(before, since), isReported, `${before} runs with it, then ${since} without`)
  }
})

t.test('what a few rows have by chance is no drift', async (t) => {
  const earlier = [asEarlier(sandboxDocument({ size: 4, seed: 1 }), 'earlier')]
  for (let seed = 2; seed < 12; seed++) {
    const drift = reportOn(sandboxDocument({ size: 4, seed }), earlier).checks.filter(({ dimension, verdict }) =>
      (dimension === 'drift' || dimension === 'volume') && verdict === 'warned'
    )
    t.strictSame(drift.map(({ id, observed }) => `${id}: ${observed}`), [])
  }
})

t.test('few albums are compared where the request names them', async (t) => {
  const { run, albums } = sandboxDocument({ size: 10 })
  const spoilt = { run, albums: withoutLabel(albums) }
  const earlier = [asEarlier({ run, albums }, 'earlier')]
  t.notOk(notPassed(reportOn(spoilt, earlier)).includes('albums.fields.missing'))
  const named = { ...run, request: { ...run.request, source: 'albums' as const } }
  t.ok(notPassed(reportOn({ ...spoilt, run: named }, earlier)).includes('albums.fields.missing'))
})

t.test('beside runs that differ much, only what is far beyond them is reported; an outlier is no run', async (t) => {
  const whole = sandboxDocument()
  const tracksOf = (share: number): TestDocument => {
    const albums = whole.albums.slice(0, Math.round(100 * share))
    return { albums, run: runOf(albums) }
  }
  const isReported = (now: number, ...before: number[]): boolean =>
    notPassed(
      reportOn(tracksOf(now), before.map((share, index) => asEarlier(tracksOf(share), String(index))))
    ).includes('albums.rows.volume')
  for (
    const [now, before, expected] of [
      [0.5, [1, 1, 1, 1], true],
      [0.7, [1, 1, 1, 1], false],
      [0.5, [1, 1, 1, 0.3], true],
      [0.5, [1, 1, 0.55, 0.55], false],
      [0.3, [0.55], true],
    ] as const
  ) t.equal(isReported(now, ...before), expected, `${now} after ${before.join(', ')}`)
})

t.test('a run that was cut short has fewer rows on purpose', async (t) => {
  const earlier = [asEarlier(sandboxDocument(), 'earlier')]
  const { albums } = sandboxDocument({ size: 20 })
  const run = runOf(albums)
  t.match(notPassed(reportOn({ run, albums }, earlier)), ['albums.rows.volume'])
  t.notMatch(notPassed(reportOn({ run: { ...run, status: 'canceled' }, albums }, earlier)), ['albums.rows.volume'])
})

t.test('a share of nulls that moved is named with both shares', async (t) => {
  const { run, albums } = sandboxDocument()
  const spoilt = albums.map((album, index) => index < 60 ? { ...album, label: null } : album)
  const { checks } = reportOn({ run, albums: spoilt }, [asEarlier({ run, albums }, 'earlier')])
  t.match(checks.find(({ id }) => id === 'albums.nulls.drift'), {
    verdict: 'warned',
    observed: 'label 0.0 % before, 60.0 % now',
    failing: [{ column: 'label' }],
  })
})
