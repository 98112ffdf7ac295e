import fc from 'fast-check'
import t from 'tap'
import type { Gap, RunFailure } from '../../../src/schemas/run.ts'
import { conclude } from '../../../src/services/ingest/outcome.ts'

const gap: Gap = {
  albumId: 'a',
  name: null,
  code: 'album_unavailable',
  detail: 'gone',
  expectedTracks: null,
  tracks: 0,
}
const failure = (code: string): RunFailure => ({ code, detail: 'what happened' })

const ENDINGS: Array<[string, Parameters<typeof conclude>[0], string, boolean, string | null]> = [
  ['everything is there', { listed: 3, fetched: 3, gaps: [], error: null }, 'succeeded', true, null],
  ['an album is missing', { listed: 3, fetched: 2, gaps: [gap], error: null }, 'partial', false, null],
  [
    'all albums are there, one with a track less',
    { listed: 3, fetched: 3, gaps: [gap], error: null },
    'partial',
    false,
    null,
  ],
  ['nothing was listed', { listed: 0, fetched: 0, gaps: [], error: null }, 'failed', false, 'listing_empty'],
  [
    'nothing but a loss was listed',
    { listed: 0, fetched: 0, gaps: [gap], error: null },
    'failed',
    false,
    'listing_empty',
  ],
  [
    'nothing of what was listed was fetched',
    { listed: 3, fetched: 0, gaps: [gap, gap, gap], error: null },
    'failed',
    false,
    'nothing_fetched',
  ],
  [
    'the listing failed half-way',
    { listed: 3, fetched: 3, gaps: [], error: failure('upstream_unavailable') },
    'failed',
    false,
    'upstream_unavailable',
  ],
  [
    'the credentials were refused',
    { listed: 0, fetched: 0, gaps: [], error: failure('invalid_client') },
    'failed',
    false,
    'invalid_client',
  ],
  [
    'the disk is full',
    { listed: 3, fetched: 3, gaps: [], error: failure('storage_failed') },
    'failed',
    false,
    'storage_failed',
  ],
  [
    'a user canceled it early',
    { listed: 0, fetched: 0, gaps: [], error: failure('canceled') },
    'canceled',
    false,
    'canceled',
  ],
  [
    'a user canceled it late',
    { listed: 3, fetched: 3, gaps: [], error: failure('canceled') },
    'canceled',
    false,
    'canceled',
  ],
]
for (const [title, ending, status, complete, code] of ENDINGS) {
  t.test(`${title}: ${status}`, async (t) => {
    const conclusion = conclude(ending)
    t.same([conclusion.status, conclusion.complete, conclusion.error?.code ?? null], [status, complete, code])
  })
}

t.test('an error of its own says what happened and what to do', async (t) => {
  t.match(conclude({ listed: 0, fetched: 0, gaps: [], error: null }).error?.detail, /no album.*try again/)
  t.match(conclude({ listed: 7, fetched: 0, gaps: [gap], error: null }).error?.detail, /^7 albums.*gaps/)
})

t.test('a run never lies: complete ⇔ succeeded ⇔ something listed, something ' +
  'fetched, no gap and no error', async () => {
  const ending = fc.record({
    listed: fc.nat(5),
    fetched: fc.nat(5),
    gaps: fc.array(fc.constant(gap), { maxLength: 3 }),
    error: fc.option(fc.constantFrom('canceled', 'upstream_unavailable', 'storage_failed').map(failure)),
  }).filter(({ listed, fetched }) => fetched <= listed)
  fc.assert(fc.property(ending, (one) => {
    const { status, complete, error } = conclude(one)
    const isWhole = one.listed > 0 && one.fetched > 0 && one.gaps.length === 0 && one.error === null
    return (
      complete === isWhole &&
      (status === 'succeeded') === isWhole &&
      (error === null) === (status === 'succeeded' || status === 'partial') &&
      (one.error === null || error === one.error)
    )
  }))
})
