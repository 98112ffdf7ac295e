import t from 'tap'
import { createEndpointMemory } from '../../../src/services/spotify/endpoint.ts'
import { type Present, type TierEvidence, cacheKey, isUsable, readCachedAlbum, tierEvidence } from '../../../src/services/ingest/cached-album.ts'

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
  { title: 'the same tier', then: { newReleases: false, albums: false }, now: { newReleases: false, albums: false }, usable: true },
  { title: 'the tier is not known yet', then: { newReleases: false, albums: false }, usable: true },
  { title: 'the tier was not known then', now: { newReleases: true, albums: true }, usable: true },
  { title: 'half of it is known, and the same', then: { newReleases: false }, now: { newReleases: false, albums: false }, usable: true },
  { title: 'each side knows another half', then: { newReleases: false }, now: { albums: true }, usable: true },
  { title: 'new-releases was refused and works now', then: { newReleases: false, albums: false }, now: { newReleases: true }, usable: false },
  { title: 'the batch call worked and is refused now', then: { newReleases: false, albums: true }, now: { newReleases: false, albums: false }, usable: false },
]

for (const { title, ageMs = HOUR_MS, maxAgeMs = 24 * HOUR_MS, listed = 12, then, now, usable } of CASES) {
  t.test(`${title}: ${usable ? '' : 'not '}usable`, async (t) => {
    const head = { slots: 12, valid: 12, expected: 12, hasNext: false, fingerprint: 1 }
    const present: Present = { listed: { totalTracks: listed }, nowMs: NOW_MS, maxAgeMs, tier: { ...UNKNOWN, ...now } }
    t.equal(isUsable({ storedAtMs: NOW_MS - ageMs, meta: { head, tier: { ...UNKNOWN, ...then } } }, present), usable)
  })
}

t.test('the tier is told by what was asked, and by nothing else', async (t) => {
  const memory = createEndpointMemory()
  t.strictSame(tierEvidence(memory), UNKNOWN)
  memory.stepDown('search', 50)
  memory.learn('newReleases', { refusal: '403' })
  t.strictSame(tierEvidence(memory), { newReleases: false, albums: null })
  memory.learn('albums', { works: true })
  t.strictSame(tierEvidence(memory), { newReleases: false, albums: true })
  memory.learn('albums', { refusal: '403' })
  t.strictSame(tierEvidence(memory), { newReleases: false, albums: false }, 'what worked once may be refused later')
})

t.test('album, market, app and API each make another key', async (t) => {
  const keys = [cacheKey('s', 'a', null), cacheKey('s', 'b', null), cacheKey('s', 'a', 'DE'), cacheKey('s', 'a', 'US'), cacheKey('t', 'a', null), cacheKey('s","a', '', null)]
  t.equal(new Set(keys).size, keys.length)
  t.equal(cacheKey('s', 'a', 'DE'), cacheKey('s', 'a', 'DE'))
})

const track = (number: number): object => ({ id: `t${number}`, name: `Track ${number}`, disc_number: 1, track_number: number })
const album = (items: unknown[], more: object = {}, tracks: object = {}): string => JSON.stringify({ id: 'a', total_tracks: 3, ...more, tracks: { total: 3, next: null, items, ...tracks } })
const THREE = [1, 2, 3].map(track)

for (const [title, text, expected] of [
  ['a whole album', album(THREE), 3],
  ['an album of 120 tracks on one page', album(Array.from({ length: 120 }, (_, place) => track(place + 1)), { total_tracks: 120 }, { total: 120 }), 120],
  ['an album without tracks', album([], { total_tracks: 0 }, { total: 0 }), 0],
  ['more tracks than it says', album([...THREE, track(4)]), 4],
  ['a track is missing', album(THREE.slice(1)), null],
  ['a track is null', album([...THREE.slice(1), null]), null],
  ['it claims one more', album(THREE, { total_tracks: 4 }), null],
  ['a page is missing', album(THREE, {}, { next: 'https://api.spotify.com/v1/albums/a/tracks?offset=3' }), null],
  ['no album', '{"id":"a"}', null],
] as const) {
  t.test(`${title}: ${expected === null ? 'not kept' : `kept with ${expected} tracks`}`, async (t) => {
    const kept = readCachedAlbum(text, UNKNOWN)
    t.same(kept?.head.expected ?? null, expected)
    if (kept !== null) t.match(kept, { tier: UNKNOWN, head: { slots: expected, valid: expected, hasNext: false } })
  })
}
