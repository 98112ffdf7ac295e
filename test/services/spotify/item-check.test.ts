import fc from 'fast-check'
import t from 'tap'
import {
  isTrack,
  listedFields,
  readAlbumHead,
  readListedAlbum,
  trackKey,
  trackKeys,
} from '../../../src/services/spotify/item-check.ts'
import { WITH_RECORDED, recorded } from './recorded.ts'

const ID = '32nryzA6XBCX9ZUspVc1yz'
const LISTED = { id: ID, name: null, releaseDate: null, totalTracks: null }

const ITEMS: Array<[string, unknown, object | null]> = [
  [
    'all that is wanted',
    { id: ID, name: 'Blue', release_date: '2026-11-20', total_tracks: 12, label: 'x' },
    { id: ID, name: 'Blue', releaseDate: '2026-11-20', totalTracks: 12 },
  ],
  ['an id alone', { id: ID }, LISTED],
  ['an empty name, after a takedown', { id: ID, name: '' }, LISTED],
  ['a year for a date', { id: ID, release_date: '2026' }, { ...LISTED, releaseDate: '2026' }],
  ['no date', { id: ID, release_date: null }, LISTED],
  ['counts that are none', { id: ID, total_tracks: -1 }, LISTED],
  ['a count that is a text', { id: ID, total_tracks: '12' }, LISTED],
  ['a count that is no whole number', { id: ID, total_tracks: 1.5 }, LISTED],
  ['a name that is no text', { id: ID, name: 5, release_date: 2026 }, LISTED],
  ['null', null, null],
  ['nothing', undefined, null],
  ['a text', ID, null],
  ['an array', [ID], null],
  ['no id', { name: 'Blue' }, null],
  ['an id that is null', { id: null }, null],
  ['an empty id', { id: '' }, null],
  ['an id that is a path', { id: '../../etc' }, null],
  ['an id with a query', { id: 'a?b=c' }, null],
  ['an id with a line feed', { id: `${ID}\n` }, null],
  ['an id of another alphabet', { id: 'ünïcödé' }, null],
  ['an id without an end', { id: 'a'.repeat(65) }, null],
]
for (const [what, item, album] of ITEMS) {
  t.test(`a listing's item: ${what}`, async (t) => t.same(readListedAlbum(item), album))
}

const TRACKS: Array<[string, unknown, boolean]> = [
  ['a name and a number', { name: 'So What', track_number: 1 }, true],
  ['without an id: local or relinked', { id: null, name: 'So What', track_number: 1 }, true],
  ['an empty name', { name: '', track_number: 1 }, true],
  ['null', null, false],
  ['an id alone', { id: 'a' }, true],
  ['a name that is null', { id: 'a', name: null, track_number: 1 }, true],
  ['a number that is null', { id: 'a', name: 'So What', track_number: null }, true],
  ['a number that is none', { id: 'a', name: 'So What', track_number: '1' }, true],
  ['a local file without an id', { id: null, uri: 'spotify:local:a:b:c:180', name: null }, true],
  ['a name alone', { name: 'So What' }, true],
  ['a number alone', { track_number: 1 }, false],
  ['fields of other types', { id: 5, uri: null, name: 0, track_number: 1 }, false],
  ['an empty id alone', { id: '' }, false],
  ['an array', [], false],
  ['a text', 'So What', false],
]
for (const [what, item, expected] of TRACKS) {
  t.test(`a track: ${what}: ${expected}`, async (t) => t.equal(isTrack(item), expected))
}

const track = (number: number): object => ({ name: `track ${number}`, track_number: number })

const HEADS: Array<[string, object, object]> = [
  [
    'a whole album',
    { total_tracks: 2, tracks: { items: [track(1), track(2)], total: 2, next: null } },
    { places: 2, valid: 2, expected: 2, hasNext: false },
  ],
  [
    'an album with more pages',
    { total_tracks: 55, tracks: { items: [track(1)], total: 55, next: 'https://api.spotify.com/v1/x' } },
    { places: 1, valid: 1, expected: 55, hasNext: true },
  ],
  [
    'a null among the tracks',
    { tracks: { items: [track(1), null, track(3)], total: 3, next: null } },
    { places: 3, valid: 2, expected: 3, hasNext: false },
  ],
  [
    'a broken track',
    { tracks: { items: [{ track_number: 1 }], total: 1 } },
    { places: 1, valid: 0, expected: 1, hasNext: false },
  ],
  [
    'no count at all',
    { tracks: { items: [track(1), track(2)] } },
    { places: 2, valid: 2, expected: 2, hasNext: false },
  ],
  [
    'a count below what is there',
    { total_tracks: 1, tracks: { items: [track(1), track(2)], total: 1 } },
    { places: 2, valid: 2, expected: 2, hasNext: false },
  ],
  [
    'counts that differ: the larger holds',
    { total_tracks: 9, tracks: { items: [track(1)], total: 8 } },
    { places: 1, valid: 1, expected: 9, hasNext: false },
  ],
  [
    'a count that no integer can hold',
    { total_tracks: 1e300, tracks: { items: [track(1)], total: 1, next: null } },
    { places: 1, valid: 1, expected: 1, hasNext: false },
  ],
  [
    'no tracks',
    { total_tracks: 0, tracks: { items: [], total: 0 } },
    { places: 0, valid: 0, expected: 0, hasNext: false },
  ],
  [
    'counts that are rubbish',
    { total_tracks: 'many', tracks: { items: [track(1)], total: -4, next: 5 } },
    { places: 1, valid: 1, expected: 1, hasNext: false },
  ],
]
for (const [what, body, expected] of HEADS) {
  t.test(`an album answer: ${what}`, async (t) => {
    const { album: _album, keys: _keys, ...head } = readAlbumHead({ id: ID, ...body }) ?? {}
    t.same(head, expected)
  })
}

t.test('an album keeps all its fields, known or not, and loses only the tracks that are none', async (t) => {
  const body = {
    id: ID,
    brand_new: { field: [1] },
    name: '',
    images: null,
    tracks: { href: 'h', limit: 50, items: [track(1), null], next: null, odd: true },
  }
  t.same(readAlbumHead(body)?.album, { ...body, tracks: { ...body.tracks, items: [track(1)] } })
})

t.test('a next that names no page is null in the album, since nothing follows it', async (t) => {
  const nextOf = (next: unknown): unknown =>
    readAlbumHead({ id: ID, tracks: { items: [], next } })?.album.tracks['next']
  t.same([5, true, {}, [], null].map(nextOf), [null, null, null, null, null])
  t.notOk('next' in (readAlbumHead({ id: ID, tracks: { items: [] } })?.album.tracks ?? {}))
})

for (const body of [
  null,
  undefined,
  'album',
  [],
  {},
  { id: ID },
  { id: ID, tracks: null },
  { id: ID, tracks: [] },
  { id: ID, tracks: { items: null } },
  { tracks: { items: [] } },
  { id: '', tracks: { items: [] } },
  { error: { status: 404 } },
]) {
  t.test(`no album: ${JSON.stringify(body) ?? 'undefined'}`, async (t) => t.equal(readAlbumHead(body), null))
}

t.test('a recorded album of 55 tracks is read with its first 50', WITH_RECORDED, async (t) => {
  const {
    album: _album,
    keys: _keys,
    ...head
  } = readAlbumHead(JSON.parse(recorded('02-album-full-over-50-tracks.json'))) ?? {}
  t.same(head, { places: 50, valid: 50, expected: 55, hasNext: true })
})

t.test('all five tracks of its recorded second page are tracks', WITH_RECORDED, async (t) => {
  const { items } = JSON.parse(recorded('03-album-tracks-page2.json')) as { items: unknown[] }
  t.same(items.map(isTrack), [true, true, true, true, true])
})

for (const name of ['04-search-album-page.json', '07-new-releases-page.json']) {
  t.test(`every album of the recorded ${name} is one`, WITH_RECORDED, async (t) => {
    const { albums } = JSON.parse(recorded(name)) as { albums: { items: unknown[] } }
    t.ok(albums.items.length > 0)
    t.same(albums.items.filter((item) => readListedAlbum(item)?.name == null), [])
  })
}

const one = { disc_number: 1, track_number: 2, id: 'a', name: 'x' }
const local = { ...one, id: null }
for (const [what, first, other, isSame] of [
  ['the same id', one, { ...one, track_number: 7, name: 'y' }, true],
  ['another id, all else equal', one, { ...one, id: 'b' }, false],
  [
    'the same id, relinked from another one',
    { ...one, linked_from: { id: 'b' } },
    { ...one, linked_from: { id: 'c' } },
    false,
  ],
  ['no id, and the same place and name', local, { ...local }, true],
  ['no id, and another number', local, { ...local, track_number: 3 }, false],
  ['no id, and another disc', local, { ...local, disc_number: 2 }, false],
  ['no id, and another name', local, { ...local, name: 'y' }, false],
] as const) {
  t.test(`a track with ${what} is ${isSame ? 'the same' : 'another'}`, async (t) =>
    t.equal(trackKey(first) === trackKey(other), isSame)
  )
}

for (const unknown of [
  { ...local, track_number: null },
  { ...local, name: null },
  { ...local, id: 5 },
  {},
  null,
  'x',
]) {
  t.test(`nothing identifies ${JSON.stringify(unknown)}: it is never taken for a repeated track`, async (t) =>
    t.equal(trackKey(unknown), null)
  )
}

t.test('tracks whose ids differ have different keys, whatever else is equal', async () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }),
      fc.string({ minLength: 1 }),
      (a, b) => a === b || trackKey({ ...one, id: a }) !== trackKey({ ...one, id: b })
    )
  )
})

t.test('the stored fields of an item are read as the item itself, and are short', async () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.jsonValue(),
        fc.record({
          id: fc.constant(ID),
          name: fc.jsonValue(),
          release_date: fc.jsonValue(),
          total_tracks: fc.jsonValue(),
        })
      ),
      (item) => {
        if (JSON.stringify(readListedAlbum(item)) !== JSON.stringify(readListedAlbum(listedFields(item)))) {
          throw new Error('another album')
        }
        if ((item === null) !== (listedFields(item) === null)) throw new Error('null is not told from a broken item')
      }
    )
  )
  const { length } = JSON.stringify(
    listedFields({ id: ID, name: 'x'.repeat(1e6), release_date: 'x'.repeat(1e6), label: 'x'.repeat(1e6) })
  )
  if (length > 1000) throw new Error(`${length} characters`)
})

t.test('what tells its tracks apart is read where an album has further pages only', async (t) => {
  const tracks = { items: [track(1), track(2)], next: null }
  t.same(readAlbumHead({ id: ID, total_tracks: 2, tracks })?.keys, [])
  t.same(readAlbumHead({ id: ID, total_tracks: 3, tracks })?.keys, trackKeys(tracks.items))
  t.same(
    readAlbumHead({ id: ID, tracks: { ...tracks, next: 'https://api.spotify.com/v1/x' } })?.keys,
    trackKeys(tracks.items)
  )
})

t.test('whatever is sent, nothing is thrown, and valid ≤ places ≤ expected', async () => {
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (any, items, total) => {
    readListedAlbum(any)
    isTrack(any)
    for (const body of [any, { id: ID, tracks: any }, { id: ID, total_tracks: total, tracks: { items, total: any } }]) {
      const head = readAlbumHead(body)
      if (head !== null && !(head.valid <= head.places && head.places <= head.expected)) return false
    }
    return true
  }))
})
