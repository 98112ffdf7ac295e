import t from 'tap'
import type { QualityReport } from '../../../src/schemas/quality.ts'
import type { AlbumTier } from '../../../src/services/album-tier.ts'
import { WITH_RECORDED, recorded } from '../spotify/recorded.ts'
import { type AlbumJson, type TrackJson, asEarlier, notPassed, reportOn, runOf, sandboxDocument } from './documents.ts'

const SEEDS = 20
const TIERS: AlbumTier[] = ['extended', 'development']

for (const tier of TIERS) {
  t.test(`documents of ${SEEDS} seeds in the ${tier} tier pass, alone and beside earlier ones`, async (t) => {
    const earlier = [101, 102, 103].map((seed) => asEarlier(sandboxDocument({ tier, seed }), String(seed)))
    for (let seed = 1; seed <= SEEDS; seed++) {
      const document = sandboxDocument({ tier, seed })
      for (const others of [[], earlier]) {
        const report = reportOn(document, others)
        t.strictSame([report.verdict, ...notPassed(report)], ['passed'], `seed ${seed}, ${others.length} earlier`)
      }
    }
  })

  t.test(`documents of few albums pass in the ${tier} tier, with and without a market`, async (t) => {
    for (const size of [1, 2, 5, 10, 20, 50, 250]) {
      for (const market of [null, 'DE']) {
        const report = reportOn(sandboxDocument({ tier, size, market }))
        t.strictSame([report.verdict, ...notPassed(report)], ['passed'], `${size} albums, market ${market}`)
        t.equal(report.profile.tier, tier)
      }
    }
  })
}

const skipped = ({ checks }: QualityReport): string[] =>
  checks.filter(({ verdict }) => verdict === 'skipped').map(({ id }) => id)

t.test('what the development tier never has is skipped, and no finding', async (t) => {
  const [extended, development] = TIERS.map((tier) => skipped(reportOn(sandboxDocument({ tier }))))
  t.strictSame(development?.filter((id) => extended?.includes(id) !== true), [
    'albums.label.present',
    'albums.popularity.present',
  ])
})

t.test('without earlier runs nothing has drifted', async (t) => {
  const drift = reportOn(sandboxDocument()).checks.filter(({ dimension }) =>
    dimension === 'drift' || dimension === 'volume'
  )
  t.equal(drift.length, 11)
  t.ok(drift.every(({ verdict }) => verdict === 'skipped'))
})

t.test('albums as Spotify has answered them have no failed check', WITH_RECORDED, async (t) => {
  const [single, long] = ['01-album-full.json', '02-album-full-over-50-tracks.json'].map((name) =>
    JSON.parse(recorded(name)) as AlbumJson
  )
  const { items } = JSON.parse(recorded('03-album-tracks-page2.json')) as { items: TrackJson[] }
  if (single === undefined || long === undefined) throw new Error('a recording is missing')
  long.tracks.items.push(...items)
  const albums = [single, long]
  const report = reportOn({ albums, run: { ...runOf(albums), source: { used: 'albums', query: null, reason: null } } })
  t.strictSame([report.verdict, ...notPassed(report)], ['passed'])
  t.match(report.profile, { tier: 'extended', albums: { rows: 2 }, tracks: { rows: 56 } })
})

t.test('the profile counts what is there', async (t) => {
  const { profile: { albums, tracks, artists } } = reportOn(sandboxDocument({ size: 100 }))
  t.match(albums, {
    rows: 100,
    columns: {
      album_id: { count: 100, nulls: 0, unusual: 0, distinct: 100, min: null, max: null },
      release_date_text: { count: 100, max: '2026-11-20' },
      image_url: { count: 98, nulls: 2 },
    },
    fields: { id: 100, label: 100 },
  })
  t.equal(tracks.columns['isrc']?.nulls, tracks.rows)
  t.equal(tracks.columns['disc_number']?.min, 1)
  t.equal(artists.columns['artist_id']?.distinct, artists.rows)
})
