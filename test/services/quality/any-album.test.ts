import addFormats from 'ajv-formats'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import t from 'tap'
import { QualityReport } from '../../../src/schemas/quality.ts'
import { type AlbumJson, type Json, asEarlier, reportOn, runOf, sandboxDocument } from './documents.ts'

const ajv = new Ajv2020({ strict: false })
addFormats.default(ajv)
const isReport = ajv.compile(QualityReport)

const RUN = { ...runOf([]), progress: { albumsListed: 3, albumsFetched: 3, tracks: 9 } }
const EARLIER = [asEarlier(sandboxDocument({ size: 20 }), 'earlier')]

const text = fc.string({ unit: 'binary', maxLength: 12 })
const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown[]>(
    null,
    true,
    0,
    -1,
    0.5,
    1e300,
    '',
    '0000',
    '2026-02-30',
    '\ud800',
    'x'.repeat(10_000),
    '__proto__',
    {},
    []
  ),
  text,
  fc.jsonValue({ maxDepth: 2, noUnicodeString: false })
)
const someOf = (...keys: string[]): fc.Arbitrary<Json> =>
  fc.dictionary(fc.oneof(fc.constantFrom(...keys), text), odd, { maxKeys: 12 })
const artist = fc.oneof(odd, someOf('id', 'name', 'uri', 'external_urls'))
const artists = fc.oneof(odd, fc.array(artist, { maxLength: 3 }))
const track = fc.oneof(
  odd,
  fc.tuple(
    someOf('id', 'name', 'disc_number', 'track_number', 'duration_ms', 'explicit', 'linked_from', 'external_ids'),
    artists
  )
    .map(([track, artists]) => ({ ...track, artists }))
)
const tracks = fc.oneof(odd, fc.record({ items: fc.oneof(odd, fc.array(track, { maxLength: 5 })) }))
const album = fc.oneof(
  odd,
  fc.tuple(someOf('id', 'name', 'release_date', 'total_tracks', 'images', 'external_ids', 'label'), artists, tracks)
    .map(([album, artists, tracks]) => ({ ...album, artists, tracks }))
)

const asParsed = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

t.test('whatever the albums are, there is a report, of a bounded size, that is as its schema says', async (t) => {
  fc.assert(
    fc.property(fc.array(album, { maxLength: 4 }), (albums) => {
      const report = reportOn({ run: RUN, albums: asParsed(albums) as unknown[] }, EARLIER)
      const text = JSON.stringify(report)
      if (text.length > 250_000) throw new Error(`a report of ${text.length} characters`)
      if (!isReport(JSON.parse(text))) throw new Error(JSON.stringify(isReport.errors))
    }),
    { numRuns: 500 }
  )
  t.pass()
})

t.test('any value in any field of a good document is found at most, and never thrown', async (t) => {
  const { albums: [album] } = sandboxDocument({ size: 60 })
  if (album === undefined) throw new Error('no album')
  fc.assert(
    fc.property(fc.constantFrom('album', 'track', 'artist'), fc.nat(30), odd, (where, nth, value) => {
      const spoilt = structuredClone(album)
      const object: Json | undefined = where === 'album'
        ? spoilt
        : where === 'track'
          ? spoilt.tracks.items[0]
          : spoilt.artists[0]
      if (object === undefined) throw new Error('no such object')
      const keys = Object.keys(object)
      object[keys[nth % keys.length] ?? ''] = value
      reportOn({ run: RUN, albums: [asParsed(spoilt)] })
    }),
    { numRuns: 500 }
  )
  t.pass()
})

t.test('an object of many fields does not fill the report', async (t) => {
  const fields = Object.fromEntries(
    Array.from({ length: 5000 }, (_, number) => [`field ${number} ${'x'.repeat(200)}`, 1])
  )
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, number) => [`field ${number}`, 1]))
  const albums = [{ ...fields }, { ...many, id: 'x'.repeat(5000) }] as unknown as AlbumJson[]
  t.ok(JSON.stringify(reportOn({ run: RUN, albums })).length < 60_000)
})
