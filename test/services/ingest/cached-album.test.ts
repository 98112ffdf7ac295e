import t from 'tap'
import { createTestCapabilities } from '../spotify/test-capabilities.ts'
import type { TrackCoverage, StoredPage } from '../../../src/services/ingest/track-coverage.ts'
import {
  type Present,
  type TierEvidence,
  cacheKey,
  cachedAlbum,
  isUsable,
  tierEvidence,
} from '../../../src/services/ingest/cached-album.ts'

const HOUR_MS = 3_600_000
const NOW_MS = 1_800_000_000_000
const UNKNOWN: TierEvidence = { newReleases: null, albums: null }

interface Case {
  title: string
  ageMs?: number
  maxAgeMs?: number
  listed?: number | null
  then?: Partial<TierEvidence>
  now?: Partial<TierEvidence>
  usable: boolean
}

const CASES: Case[] = [
  { title: 'just now', ageMs: 0, usable: true },
  { title: 'a moment before its time is over', ageMs: 24 * HOUR_MS - 1, usable: true },
  { title: 'its time is over', ageMs: 24 * HOUR_MS, usable: false },
  { title: 'long ago', ageMs: 1000 * HOUR_MS, usable: false },
  { title: 'from the future: the clock jumped back', ageMs: -1, usable: false },
  { title: 'the cache is off', ageMs: 0, maxAgeMs: 0, usable: false },
  { title: 'the listing says nothing of tracks', listed: null, usable: true },
  { title: 'the listing says the same', listed: 12, usable: true },
  { title: 'the album has grown', listed: 13, usable: false },
  { title: 'the album has shrunk', listed: 11, usable: false },
  { title: 'an album without tracks was cached, and has some now', listed: 0, usable: false },
  {
    title: 'the same tier',
    then: { newReleases: false, albums: false },
    now: { newReleases: false, albums: false },
    usable: true,
  },
  { title: 'the tier is not known yet', then: { newReleases: false, albums: false }, usable: true },
  { title: 'the tier was not known then', now: { newReleases: true, albums: true }, usable: true },
  {
    title: 'half of it is known, and the same',
    then: { newReleases: false },
    now: { newReleases: false, albums: false },
    usable: true,
  },
  { title: 'each side knows another half', then: { newReleases: false }, now: { albums: true }, usable: true },
  {
    title: 'new-releases was refused and works now',
    then: { newReleases: false, albums: false },
    now: { newReleases: true },
    usable: false,
  },
  {
    title: 'the batch call worked and is refused now',
    then: { newReleases: false, albums: true },
    now: { newReleases: false, albums: false },
    usable: false,
  },
]

for (const { title, ageMs = HOUR_MS, maxAgeMs = 24 * HOUR_MS, listed = 12, then, now, usable } of CASES) {
  t.test(`${title}: ${usable ? '' : 'not '}usable`, async (t) => {
    const head = { places: 12, valid: 12, expected: 12, hasNext: false, keys: [] }
    const present: Present = { listed: { totalTracks: listed }, nowMs: NOW_MS, maxAgeMs, tier: { ...UNKNOWN, ...now } }
    t.equal(isUsable({ storedAtMs: NOW_MS - ageMs, meta: { head, tier: { ...UNKNOWN, ...then } } }, present), usable)
  })
}

t.test('the tier is told by what was asked, and by nothing else', async (t) => {
  const memory = createTestCapabilities()
  t.strictSame(tierEvidence(memory), UNKNOWN)
  await memory.stepDown('search', 50)
  await memory.refused('newReleases', '403')
  t.strictSame(tierEvidence(memory), { newReleases: false, albums: null })
  memory.worked('albums', null)
  t.strictSame(tierEvidence(memory), { newReleases: false, albums: true })
  await memory.refused('albums', '403')
  t.strictSame(tierEvidence(memory), { newReleases: false, albums: false }, 'what worked once may be refused later')
})

t.test('album, market, app and API each make another key', async (t) => {
  const keys = [
    cacheKey('s', 'a', null),
    cacheKey('s', 'b', null),
    cacheKey('s', 'a', 'DE'),
    cacheKey('s', 'a', 'US'),
    cacheKey('t', 'a', null),
    cacheKey('s","a', '', null),
  ]
  t.equal(new Set(keys).size, keys.length)
  t.equal(cacheKey('s', 'a', 'DE'), cacheKey('s', 'a', 'DE'))
})

t.test('a complete album is kept as if all its tracks had been on one page', async (t) => {
  const page = (offset: number, places: number): StoredPage => ({
    offset,
    places,
    valid: places,
    hasNext: false,
    keys: [`track ${offset}`],
    body: null,
  })
  const stateOf = (expected: number, ...pages: StoredPage[]): TrackCoverage => ({
    body: { execution: 1, seq: 1, length: 1 },
    expected,
    pages,
  })
  for (const [state, expected] of [
    [stateOf(3, page(0, 3)), 3],
    [stateOf(120, page(0, 50), page(50, 50), page(100, 20)), 120],
    [stateOf(0, page(0, 0)), 0],
    [stateOf(3, page(0, 4)), 4],
    [stateOf(50, page(0, 50), page(50, 0)), 50],
  ] as const) {
    t.same(cachedAlbum(state, UNKNOWN), {
      head: { places: expected, valid: expected, expected, hasNext: false, keys: [] },
      tier: UNKNOWN,
    })
  }
})
