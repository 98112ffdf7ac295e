import fc from 'fast-check'
import t from 'tap'
import { MEMORY, openSqlite } from '../../../src/services/database/sqlite.ts'
import { countTracks } from '../../../src/services/ingest/track-coverage.ts'
import {
  type Ledger,
  type LedgerEvent,
  type StoredEvent,
  albumEvent,
  gapOf,
  openLedger,
} from '../../../src/services/ingest/ledger.ts'
import { type ListedAlbum, readAlbumHead } from '../../../src/services/spotify/item-check.ts'
import { NO_COST } from '../../../src/services/spotify/cost.ts'
import { openLedgerStore } from '../../../src/services/store/ledger-store.ts'
import { createFakeClock } from '../../fake-clock.ts'
import { createMemoryLedger } from './memory-ledger.ts'

const RUN_ID = '0193549a-0000-7000-8000-000000000000'
const listedAlbum = (id: string, more: Partial<ListedAlbum> = {}): ListedAlbum => ({
  id,
  name: null,
  releaseDate: null,
  totalTracks: null,
  ...more,
})
const listed = (ids: string[], more: Partial<LedgerEvent & { kind: 'listed' }> = {}): LedgerEvent => ({
  kind: 'listed',
  albums: ids.map((id) => listedAlbum(id)),
  losses: [],
  next: null,
  ...more,
})
const album = (id: string, places: number, more: Partial<LedgerEvent & { kind: 'album' }> = {}): LedgerEvent => ({
  kind: 'album',
  id,
  places,
  valid: places,
  expected: places,
  hasNext: false,
  keys: [],
  ...more,
})
const tracks = (
  id: string,
  offset: number,
  places: number,
  more: Partial<LedgerEvent & { kind: 'tracks' }> = {}
): LedgerEvent => ({ kind: 'tracks', id, offset, places, valid: places, hasNext: false, keys: [], ...more })

const OPTIONS = { limit: 100, monotonic: () => 0 }

/** A ledger that was told these events; albums and tracks come with a body. */
async function told (...events: LedgerEvent[]): Promise<Ledger> {
  const ledger = await openLedger(createMemoryLedger(), OPTIONS)
  for (const event of events) await ledger.record(event, bodyOf(event))
  return ledger
}

function bodyOf (event: LedgerEvent): string | undefined {
  return event.kind === 'album' || event.kind === 'tracks' || event.kind === 'prefetched' ? '{}' : undefined
}

/** All that a ledger says, as data. */
function stateOf (ledger: Ledger, ids: string[] = [...ledger.listed.keys()]) {
  const { source, next, losses, cost, resumption } = ledger
  return {
    source,
    next,
    losses: [...losses],
    cost: cost.read(),
    resumption,
    listed: [...ledger.listed],
    progress: ledger.progress(),
    albums: ids.map((id) => [
      id,
      ledger.isComplete(id),
      ledger.unavailable(id),
      ledger.album(id)?.expected,
      [...(ledger.album(id)?.pages ?? [])],
    ]),
  }
}

t.test('a new ledger knows nothing', async (t) => {
  const ledger = await told()
  t.same(stateOf(ledger), {
    source: null,
    next: undefined,
    losses: [],
    cost: NO_COST,
    resumption: 0,
    listed: [],
    progress: { albumsListed: 0, albumsFetched: 0, tracks: 0 },
    albums: [],
  })
  t.same([ledger.album('a'), ledger.isComplete('a'), ledger.unavailable('a')], [undefined, false, undefined])
})

t.test('pages of a listing add up, each album once, in the order of the listing', async (t) => {
  const next = { streamIndex: 0, cursor: { offset: 2, url: null, empties: 0, holeAt: null } }
  const ledger = await told(
    { kind: 'source', source: { used: 'search', query: 'tag:new', reason: null } },
    listed(['a', 'b'], { next, losses: ['one'] }),
    listed(['b', 'c'], { losses: ['two'] })
  )
  t.same([...ledger.listed.keys()], ['a', 'b', 'c'])
  t.same([...ledger.losses], ['one', 'two'])
  t.equal(ledger.next, null)
  t.same(ledger.source, { used: 'search', query: 'tag:new', reason: null })
})

t.test('a page that was answered before its turn is kept until the listing is past it', async (t) => {
  const prefetched = (streamIndex: number, offset: number): LedgerEvent => ({
    kind: 'prefetched',
    streamIndex,
    offset,
    pageSize: 10,
    next: null,
    total: 30,
  })
  const at = (streamIndex: number, offset: number) => ({
    streamIndex,
    cursor: { offset, url: null, empties: 0, holeAt: null },
  })
  const places = [[0, 10], [0, 20], [1, 0]] as const
  const known = (ledger: Ledger) =>
    places.filter(([streamIndex, offset]) => ledger.prefetched(streamIndex, offset) !== undefined)
  const events = places.map(([streamIndex, offset]) => prefetched(streamIndex, offset))
  t.same(known(await told(...events)), places)
  t.same(known(await told(...events, listed(['a'], { next: at(0, 20) }))), [[0, 20], [1, 0]])
  t.same(known(await told(...events, listed(['a'], { next: at(1, 0) }))), [[1, 0]])
  t.same(known(await told(...events, listed(['a']))), [])
  t.same(known(await told(...events, { kind: 'resumed', resumption: 1 })), [], 'a listing that begins anew asks anew')
})

t.test('where the listing goes on is what the last page said', async (t) => {
  const next = { streamIndex: 3, cursor: { offset: 20, url: 'u', empties: 1, holeAt: 0 } }
  t.same((await told(listed(['a'], { next }))).next, next)
})

t.test('progress counts no more albums as listed than are wanted', async (t) => {
  const ledger = await openLedger(createMemoryLedger(), { ...OPTIONS, limit: 2 })
  await ledger.record(listed(['a', 'b', 'c']))
  await ledger.record(album('a', 10), '{}')
  t.same(ledger.progress(), { albumsListed: 2, albumsFetched: 1, tracks: 10 })
})

t.test('an album is complete when all its pages are', async (t) => {
  const ledger = await told(listed(['a']), album('a', 50, { expected: 70, hasNext: true }))
  t.equal(ledger.isComplete('a'), false)
  await ledger.record(tracks('a', 50, 20), '[]')
  t.equal(ledger.isComplete('a'), true)
  t.equal(ledger.progress().tracks, 70)
})

t.test('a better answer for the same place replaces a poorer one, a poorer one does not', async (t) => {
  const ledger = await told(listed(['a']), album('a', 12, { valid: 10 }))
  t.equal(ledger.isComplete('a'), false)
  await ledger.record(tracks('a', 0, 12, { valid: 11 }), '[]')
  t.equal(ledger.progress().tracks, 11)
  await ledger.record(tracks('a', 0, 12, { valid: 12 }), '[]')
  t.same([ledger.isComplete('a'), ledger.progress().tracks], [true, 12])
  await ledger.record(tracks('a', 0, 12, { valid: 3 }), '[]')
  t.same([ledger.isComplete('a'), ledger.progress().tracks], [true, 12])
})

t.test('an album that is answered twice counts once, the first time', async (t) => {
  const ledger = await told(album('a', 12), album('a', 5))
  t.same(ledger.progress(), { albumsListed: 0, albumsFetched: 1, tracks: 12 })
})

t.test('tracks of an album that is not there are nothing', async (t) => {
  const ledger = await told(tracks('a', 50, 20))
  t.equal(ledger.album('a'), undefined)
  t.equal(ledger.progress().tracks, 0)
})

t.test('a track that is on two pages is one track, until pages come that have none in common', async (t) => {
  const ledger = await told(
    album('a', 3, { expected: 6, hasNext: true, keys: ['1', '2', '3'] }),
    tracks('a', 3, 3, { keys: ['1', '2', '3'] })
  )
  t.same([ledger.isComplete('a'), ledger.progress().tracks], [false, 3])
  await ledger.record(tracks('a', 3, 3, { keys: ['3', '4', '5'] }), '[]')
  t.same([ledger.isComplete('a'), ledger.progress().tracks], [false, 5])
  await ledger.record(tracks('a', 0, 3, { keys: ['0', '1', '2'] }), '[]')
  t.same([ledger.isComplete('a'), ledger.progress().tracks], [true, 6])
  t.same(
    ledger.album('a')?.pages.map(({ keys }) => keys),
    [[], []],
    'of a complete album nothing is kept to tell its tracks apart'
  )
})

t.test('events that do not say what tells tracks apart are read all the same', async (t) => {
  const { keys: _keys, ...head } = album('a', 50, { expected: 70, hasNext: true }) as LedgerEvent & { kind: 'album' }
  const { keys: _others, ...page } = tracks('a', 50, 20) as LedgerEvent & { kind: 'tracks' }
  const ledger = await told(head, page)
  t.same([ledger.isComplete('a'), ledger.progress().tracks], [true, 70])
})

t.test('what Spotify does not have is remembered with its reason, until a user lets the run go on', async (t) => {
  const ledger = await told(listed(['a']), { kind: 'unavailable', id: 'a', detail: 'answered 404' })
  t.equal(ledger.unavailable('a'), 'answered 404')
  await ledger.record({ kind: 'resumed', resumption: 1 })
  t.equal(ledger.unavailable('a'), undefined)
  t.equal(ledger.resumption, 1)
})

for (const [title, event, next] of [
  ['that lost something begins anew', listed(['a'], { losses: ['a loss'] }), undefined],
  ['that found nothing begins anew', listed([]), undefined],
  ['that was whole has ended', listed(['a']), null],
] as const) {
  t.test(`let go on, a listing ${title}, and what was listed stays`, async (t) => {
    const ledger = await told(event, { kind: 'resumed', resumption: 1 })
    t.equal(ledger.next, next)
    t.same([...ledger.losses], [])
    t.same(ledger.listed.size, event.kind === 'listed' ? event.albums.length : 0)
  })
}

t.test('an event is counted when it is stored, and not before', async (t) => {
  const store = createMemoryLedger()
  let changes = 0
  const ledger = await openLedger(store, { ...OPTIONS, onChange: () => { changes++ } })
  await ledger.record(listed(['a']))
  store.append = async () => { throw new Error('disk full') }
  await t.rejects(ledger.record(listed(['b'])), { message: 'disk full' })
  t.same([...ledger.listed.keys()], ['a'])
  t.equal(changes, 1)
})

t.test('each event is stored with what the run has cost, and a later execution adds to that', async (t) => {
  const store = createMemoryLedger()
  const before = await openLedger(store, OPTIONS)
  before.cost.call('album')()
  await before.record(listed(['a']))
  before.cost.call('album')()
  before.cost.retry()
  await before.record({ kind: 'refused' })
  t.same(store.events.map(({ event }) => event.cost?.calls), [1, 2])
  const after = await openLedger(store, OPTIONS)
  after.cost.call('search')()
  t.match(after.cost.read(), { calls: 3, retries: 1, byEndpoint: { album: 2, search: 1 } })
})

t.test('albumEvent says of an album what was read of its answer', async (t) => {
  const head = readAlbumHead({
    id: 'a',
    total_tracks: 70,
    tracks: { items: [{ name: 'x', track_number: 1 }, null], next: 'u' },
  })
  if (head === null) throw new Error('no album')
  t.same(albumEvent('a', head), {
    kind: 'album',
    id: 'a',
    places: 2,
    valid: 1,
    expected: 70,
    hasNext: true,
    keys: head.keys,
  })
})

const failure = { code: 'upstream_unavailable', detail: 'answered 503 (5 tries)' }
const named = listedAlbum('a', { name: 'Blue', totalTracks: 12 })

const FRUITLESS: Array<[string, LedgerEvent[], number]> = [
  ['none before an execution was cut off', [], 0],
  ['one for each that stored nothing', [{ kind: 'started' }, { kind: 'started' }], 2],
  ['a refusal is nothing', [{ kind: 'started' }, { kind: 'refused' }, { kind: 'started' }], 2],
  ['an album is something', [{ kind: 'started' }, { kind: 'started' }, album('a', 12), { kind: 'started' }], 1],
  ['one that was told to stop was not cut off', [{ kind: 'started' }, { kind: 'left' }], 0],
  ['a user lets it go on', [{ kind: 'started' }, { kind: 'resumed', resumption: 1 }], 0],
]
for (const [title, events, fruitless] of FRUITLESS) {
  t.test(`fruitless executions: ${title}`, async (t) => {
    t.equal((await told(...events)).fruitless, fruitless)
  })
}

const GAPS: Array<[string, LedgerEvent[], typeof failure | undefined, object | null]> = [
  ['nothing is missing', [album('a', 12)], undefined, null],
  ['nothing is missing, whatever failed before', [album('a', 12)], failure, null],
  [
    'Spotify does not have it',
    [{ kind: 'unavailable', id: 'a', detail: 'answered 404' }],
    undefined,
    { code: 'album_unavailable', detail: 'answered 404', expectedTracks: 12, tracks: 0 },
  ],
  [
    'it could not be fetched',
    [],
    failure,
    { code: 'upstream_unavailable', detail: 'answered 503 (5 tries)', expectedTracks: 12, tracks: 0 },
  ],
  ['it was never tried', [], undefined, { code: 'not_fetched', expectedTracks: 12, tracks: 0 }],
  [
    'tracks are missing',
    [album('a', 50, { expected: 70 })],
    undefined,
    { code: 'tracks_missing', detail: '50 of 70 tracks were answered', expectedTracks: 70, tracks: 50 },
  ],
  [
    'tracks are missing because of a fault',
    [album('a', 50, { expected: 70 })],
    failure,
    { code: 'tracks_missing', detail: /^50 of 70 tracks.*503/, expectedTracks: 70, tracks: 50 },
  ],
  [
    'it has more places than it claims, and not all are known',
    [album('a', 50, { places: 50, expected: 50, hasNext: true }), tracks('a', 50, 20, { places: 20, valid: 18 })],
    undefined,
    { code: 'tracks_missing', detail: '68 of 70 tracks were answered', expectedTracks: 70, tracks: 68 },
  ],
  [
    'a track is broken',
    [album('a', 12, { valid: 11 })],
    undefined,
    { code: 'tracks_missing', expectedTracks: 12, tracks: 11 },
  ],
]
for (const [title, events, failed, gap] of GAPS) {
  t.test(`gap of an album: ${title}`, async (t) => {
    const found = gapOf(await told(...events), named, failed)
    if (gap === null) t.equal(found, null)
    else t.match(found, { albumId: 'a', name: 'Blue', ...gap })
  })
}

t.test('a gap has a code and a sentence, and more tracks than claimed are never a gap', async (t) => {
  t.equal(
    gapOf(await told(album('a', 50, { expected: 50, hasNext: true }), tracks('a', 50, 3)), named, undefined),
    null
  )
})

const ids = ['a', 'b', 'c']
const anyId = fc.constantFrom(...ids)
/** On a page: some of the album's tracks, and perhaps broken ones. */
const anyTracks = fc
  .tuple(fc.uniqueArray(fc.nat(150), { maxLength: 50 }), fc.nat(2))
  .map(([keys, broken]) => ({ places: keys.length + broken, valid: keys.length, keys: keys.map(String) }))
const anyEvent: fc.Arbitrary<LedgerEvent> = fc.oneof(
  fc
    .array(anyId, { maxLength: 3 })
    .map((some) =>
      listed(some, { next: { streamIndex: 0, cursor: { offset: some.length, url: null, empties: 0, holeAt: null } } })
    ),
  fc.constant(listed([], { losses: ['lost'] })),
  fc
    .tuple(anyId, fc.nat(120), fc.boolean(), anyTracks)
    .map(([id, expected, hasNext, { places, ...page }]) =>
      album(id, places, { ...page, expected: Math.max(places, expected), hasNext })
    ),
  fc
    .tuple(anyId, fc.constantFrom(0, 50, 100), fc.boolean(), anyTracks)
    .map(([id, offset, hasNext, { places, ...page }]) => tracks(id, offset, places, { ...page, hasNext })),
  anyId.map((id): LedgerEvent => ({ kind: 'unavailable', id, detail: 'gone' })),
  fc.nat(5).map((resumption): LedgerEvent => ({ kind: 'resumed', resumption })),
  fc.constantFrom<LedgerEvent>({ kind: 'refused' }, { kind: 'left' }),
  fc.constant<LedgerEvent>({ kind: 'source', source: { used: 'new-releases', query: null, reason: null } })
)

t.test('after a crash anywhere, replay gives the same ledger that the events had given', async () => {
  await fc.assert(fc.asyncProperty(fc.array(anyEvent, { maxLength: 30 }), async (events) => {
    const store = createMemoryLedger()
    const before = await openLedger(store, { limit: 2, monotonic: () => 0 })
    for (const event of events) await before.record(event, bodyOf(event))
    const after = await openLedger(store, { limit: 2, monotonic: () => 0 })
    const [told, replayed] = [JSON.stringify(stateOf(before, ids)), JSON.stringify(stateOf(after, ids))]
    if (told !== replayed) throw new Error(`${told}\n${replayed}`)
  }))
})

t.test('whatever the events: the tracks in the progress are those of the pages, and ' +
  'a complete album has no gap', async () => {
  await fc.assert(fc.asyncProperty(fc.array(anyEvent, { maxLength: 30 }), async (events) => {
    const ledger = await told(...events)
    const states = ids.flatMap((id) => ledger.album(id) ?? [])
    const sum = states.reduce((tracks, state) => tracks + countTracks(state), 0)
    if (ledger.progress().tracks !== sum) throw new Error(`${ledger.progress().tracks} of ${sum} tracks`)
    for (const id of ids) {
      if ((gapOf(ledger, listedAlbum(id), undefined) === null) !== ledger.isComplete(id)) throw new Error(id)
    }
  }))
})

t.test('a ledger in a database is the same after it is opened again, bodies and all', async (t) => {
  const database = await openSqlite(MEMORY, createFakeClock())
  t.teardown(async () => await database.close())
  const first = await openLedgerStore<StoredEvent>(database, RUN_ID, 1)
  const before = await openLedger(first, OPTIONS)
  await before.record(listed(['a']))
  await before.record(album('a', 50, { expected: 70, hasNext: true }), '{"id":"a"}')
  await before.record(tracks('a', 50, 20), '[1,2]')
  const told = stateOf(before)
  await first.close()
  const after = await openLedger(await openLedgerStore<StoredEvent>(database, RUN_ID, 2), OPTIONS)
  t.same(stateOf(after), told)
  const state = after.album('a')
  const page = state?.pages.find(({ offset }) => offset === 50)?.body
  if (state === undefined || page == null) throw new Error('no album')
  t.same([await after.readBody(state.body), await after.readBody(page)], ['{"id":"a"}', '[1,2]'])
})
