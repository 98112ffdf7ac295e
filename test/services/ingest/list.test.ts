import fc from 'fast-check'
import t from 'tap'
import { ServiceError } from '../../../src/errors.ts'
import { type Ledger, openLedger } from '../../../src/services/ingest/ledger.ts'
import { list, sortItems, wantedAlbums } from '../../../src/services/ingest/list.ts'
import { completeRequest } from '../../../src/services/runs/request.ts'
import type { Call } from '../../../src/services/spotify/call.ts'
import type { Capabilities } from '../../../src/services/spotify/capabilities.ts'
import { createTestCapabilities } from '../spotify/test-capabilities.ts'
import type { ListedAlbum } from '../../../src/services/spotify/item-check.ts'
import { createCostCounter } from '../../../src/services/spotify/cost.ts'
import { createSpotifyClient } from '../../../src/services/spotify/client.ts'
import { createGate } from '../gate.ts'
import { testSlot } from '../spotify/test-slot.ts'
import { createMemoryLedger } from './memory-ledger.ts'

const OPTIONS = { limit: 100, monotonic: () => 0 }
const item = (id: string): object => ({ id })
const none: ReadonlyMap<string, unknown> = new Map()
const known = new Map([['a', null], ['b', null]])

const ITEMS: Array<[string, unknown[], ReadonlyMap<string, unknown>, number, string[], string[]]> = [
  ['all new', [item('a'), item('b')], none, 100, ['a', 'b'], []],
  ['listed already', [item('a'), item('c'), item('b')], known, 100, ['c'], []],
  ['twice on the page', [item('a'), item('b'), item('a')], none, 100, ['a', 'b'], []],
  ['null', [item('a'), null, item('b')], none, 100, ['a', 'b'], ['an item of the listing was null']],
  [
    'no album',
    [5, item('a'), {}],
    none,
    100,
    ['a'],
    ['an item of the listing was no album', 'an item of the listing was no album'],
  ],
  ['more than wanted', [item('a'), item('b'), item('c')], none, 2, ['a', 'b'], []],
  ['what comes after enough is not looked at', [item('a'), null], none, 1, ['a'], []],
  ['known ones do not count as wanted', [item('a'), item('c'), item('d')], known, 2, ['c', 'd'], []],
  ['nothing wanted', [item('a')], none, 0, [], []],
  ['all of them wanted', [item('a'), item('b')], none, Infinity, ['a', 'b'], []],
  ['an empty page', [], none, 100, [], []],
]
for (const [title, items, listed, wanted, fresh, broken] of ITEMS) {
  t.test(`items of a page: ${title}`, async (t) => {
    const sorted = sortItems(items, listed, wanted)
    t.same(sorted.fresh.map(({ id }) => id), fresh)
    t.same(sorted.broken, broken)
  })
}

const album = (id: string, releaseDate: string | null = null): ListedAlbum => ({
  id,
  releaseDate,
  name: null,
  totalTracks: null,
})
const ledgerOf = (used: 'search' | 'artists', albums: ListedAlbum[]): Parameters<typeof wantedAlbums>[0] =>
  ({ listed: new Map(albums.map((one) => [one.id, one])), source: { used, query: null, reason: null } })
const ids = (albums: ListedAlbum[]): string => albums.map(({ id }) => id).join('')

t.test('in the order of the listing, the first ones are wanted', async (t) => {
  const listed = [album('a', '2020'), album('b', '2026'), album('c')]
  t.equal(ids(wantedAlbums(ledgerOf('search', listed), 2)), 'ab')
  t.equal(ids(wantedAlbums(ledgerOf('search', listed), 100)), 'abc')
})

t.test('of the newest, dates of any precision compare, no date is the oldest, and equal ones stay ' +
  'in the order of the listing', async (t) => {
  const listed = [
    album('a', null),
    album('b', '2026-11-20'),
    album('c', '2026'),
    album('d', '2026-11'),
    album('e', '2026-11-20'),
    album('f', '0000'),
    album('g', '2027-01-01'),
  ]
  t.equal(ids(wantedAlbums(ledgerOf('artists', listed), 100)), 'gbedcfa')
  t.equal(ids(wantedAlbums(ledgerOf('artists', listed), 3)), 'gbe')
})

t.test('the listing itself is left as it is', async (t) => {
  const listed = [album('a', '2020'), album('b', '2026')]
  const ledger = ledgerOf('artists', listed)
  wantedAlbums(ledger, 1)
  t.equal(ids([...ledger.listed.values()]), 'ab')
})

t.test('however often a listing shifts and repeats itself, each album is fresh once, and ' +
  'none that was shown is lost', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.option(fc.integer({ min: 0, max: 30 }).map((n) => `id${n}`)), { maxLength: 10 }), {
        maxLength: 12,
      }),
      (pages) => {
        const listed = new Map<string, unknown>()
        for (const page of pages) {
          const { fresh, broken } = sortItems(
            page.map((id) => (id === null ? null : item(id))),
            listed,
            Infinity
          )
          if (broken.length !== page.filter((id) => id === null).length) throw new Error('a null is not told')
          for (const { id } of fresh) {
            if (listed.has(id)) throw new Error('twice')
            listed.set(id, null)
          }
        }
        const shown = [...new Set(pages.flat().filter((id) => id !== null))]
        if (JSON.stringify([...listed.keys()]) !== JSON.stringify(shown)) throw new Error('lost or in another order')
      }
    )
  )
})

t.test('never more than wanted', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.string()),
      fc.nat(10),
      (strings, wanted) => sortItems(strings.map(item), none, wanted).fresh.length <= wanted
    )
  )
})

t.test('what a call waits for is got while the source is stored; where that fails no call is ' +
  'made, and the source is known', async (t) => {
  const asked = createGate()
  const store = createMemoryLedger()
  const ledger = await openLedger({
    ...store,
    async append (event, body) {
      await asked.promise
      return await store.append(event, body)
    },
  }, OPTIONS)
  await t.rejects(listWith(ledger, {}, async () => {
    asked.resolve()
    throw new ServiceError('invalid_client', 'no')
  }), { code: 'invalid_client' })
  t.match(ledger.source, { used: 'new-releases' })
})

t.test('a source that asks nothing waits for nothing', async (t) => {
  const ledger = await openLedger(createMemoryLedger(), OPTIONS)
  await listWith(ledger, { source: 'albums', albumIds: ['4aawyAB9vmqN3uQ7FjRGTy'] }, async () => {
    throw new ServiceError('invalid_client', 'no')
  })
  t.equal(ledger.listed.size, 1)
})

t.test('what another run was told while this one chose its source is not asked again', async (t) => {
  const memory = createTestCapabilities()
  const store = createMemoryLedger()
  const ledger = await openLedger({
    ...store,
    async append (event, body) {
      if (event.kind === 'source') await memory.refused('newReleases', 'new-releases answered 403')
      return await store.append(event, body)
    },
  }, OPTIONS)
  const asked: string[] = []
  const call: Call = async (endpoint) => {
    asked.push(endpoint)
    return { albums: { items: [item('a')], next: null, total: 1 } }
  }
  await listWith(ledger, {}, async () => {}, { memory, call })
  t.same(asked, ['search'])
  t.match(ledger.source, { used: 'search', reason: 'new-releases answered 403' })
})

t.test('a listing that has ended is not begun anew because its endpoint was refused since then', async (t) => {
  const memory = createTestCapabilities()
  const ledger = await openLedger(createMemoryLedger(), OPTIONS)
  await ledger.record({ kind: 'source', source: { used: 'new-releases', query: null, reason: null } })
  await ledger.record({ kind: 'listed', albums: [album('a')], losses: [], next: null })
  await memory.refused('newReleases', 'new-releases answered 403')
  await listWith(ledger, {}, async () => {}, { memory })
  t.match(ledger.source, { used: 'new-releases', reason: null })
  t.same([...ledger.listed.keys()], ['a'])
})

const noCall: Call = async () => { throw new Error('no call is to be made') }

async function listWith (
  ledger: Ledger,
  body: Parameters<typeof completeRequest>[0],
  ready: () => Promise<void>,
  { memory = createTestCapabilities(), call = noCall }: { memory?: Capabilities, call?: Call } = {}
): Promise<void> {
  const spotify = createSpotifyClient({
    apiUrl: new URL('https://api.spotify.com/v1'),
    memory,
    call,
    ready,
    semaphore: { acquire: async () => testSlot() },
  })
  const context = { signal: new AbortController().signal, cost: createCostCounter(() => 0) }
  await list({ request: completeRequest(body, 1000), ledger, spotify, context, onListed: () => {} })
}
