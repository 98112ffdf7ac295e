import t from 'tap'
import { createTierCount } from '../../src/services/album-tier.ts'
import { TABLE_FORMATS } from '../../src/services/tables/table-formats.ts'
import { ALBUMS } from '../../src/services/tables/albums.ts'
import { openDuck, written } from './tables/duckdb.ts'
import { reportOn, runOf, sandboxDocument } from './quality/documents.ts'

const TIERS: Array<[extended: number, development: number, tier: string | null]> = [
  [0, 0, null],
  [3, 0, 'extended'],
  [1, 1, 'extended'],
  [1, 2, 'development'],
  [0, 3, 'development'],
]

/** Extended albums first: one that only has a label, as the rest may be withheld. */
function albumsOf (extended: number, development: number): Array<Record<string, unknown>> {
  return [
    ...Array.from({ length: extended }, (_, number) => ({ id: `extended${number}`, label: null })),
    ...Array.from({ length: development }, (_, number) => ({ id: `development${number}` })),
  ]
}

for (const [extended, development, tier] of TIERS) {
  t.test(`${extended} albums of the extended tier and ${development} of the other are of ${tier}`, async (t) => {
    const tiers = createTierCount()
    for (const album of albumsOf(extended, development)) tiers.add(album)
    t.equal(tiers.tier(), tier)
  })
}

t.test('tables and quality tell the tier of a document in the same way', async (t) => {
  for (const kept of [0, 4, 5, 10]) {
    const albums = sandboxDocument({ size: 10 }).albums.map((album, index) => {
      const { label: _label, popularity: _popularity, available_markets: _markets, ...rest } = album
      return index < kept ? album : rest
    })
    const duck = await openDuck(t)
    const path = await duck.store(await written(ALBUMS, albums, { format: TABLE_FORMATS.parquet }))
    const [row] = await duck.query(`select decode(value) as tier from parquet_kv_metadata(${path}) where key = 'tier'`)
    const { profile } = reportOn({ run: runOf(albums), albums })
    t.strictSame(row, { tier: profile.tier }, `${kept} of 10 with the fields of the extended tier`)
    t.equal(profile.tier, kept >= 5 ? 'extended' : 'development')
  }
})
