import t from 'tap'
import {
  type CapabilitiesSnapshot,
  FACT_LIFETIME_MS,
  createCapabilities,
} from '../../../src/services/spotify/capabilities.ts'
import { createFakeClock } from '../../fake-clock.ts'
import { createRecordingLog } from '../recording-log.ts'
import { createTestCapabilities } from './test-capabilities.ts'

const UNKNOWN = { refusal: null, pageSize: 50, provenSize: 0, works: false }
const HOUR_MS = 3_600_000

/** A store that several processes share. */
function createStore (stored: unknown = null) {
  return {
    stored,
    saves: 0,
    async load () { return this.stored },
    async save (snapshot: CapabilitiesSnapshot) {
      this.saves++
      this.stored = JSON.parse(JSON.stringify(snapshot))
    },
  }
}

function create (store = createStore(), clock = createFakeClock(), scope = 'app') {
  const log = createRecordingLog()
  return { capabilities: createCapabilities({ scope, now: clock.now, store, log }), store, clock, log }
}

t.test('what was never asked is taken to work at the largest page size', async (t) => {
  const capabilities = createTestCapabilities()
  t.same(capabilities.about('search'), UNKNOWN)
  t.equal(capabilities.hasServed(), false)
})

t.test('facts add up, and say nothing of another endpoint', async (t) => {
  const capabilities = createTestCapabilities()
  capabilities.worked('search', 20)
  await capabilities.stepDown('search', 50)
  await capabilities.refused('albums', 'no')
  t.same(capabilities.about('search'), { refusal: null, pageSize: 20, provenSize: 20, works: true })
  t.same(capabilities.about('albums'), { ...UNKNOWN, refusal: 'no' })
  t.same(capabilities.about('artistAlbums'), UNKNOWN)
  t.equal(capabilities.hasServed(), true)
})

t.test('the page size steps down 50, 20, 10, 5, and no further', async (t) => {
  const capabilities = createTestCapabilities()
  const sizes: Array<[boolean, number]> = []
  for (let i = 0; i < 4; i++) {
    sizes.push([
      await capabilities.stepDown('search', capabilities.about('search').pageSize),
      capabilities.about('search').pageSize,
    ])
  }
  t.same(sizes, [[true, 20], [true, 10], [true, 5], [false, 5]])
})

t.test('callers that were refused the same size take one step together', async (t) => {
  const capabilities = createTestCapabilities()
  for (let i = 0; i < 10; i++) t.equal(await capabilities.stepDown('search', 50), true)
  t.equal(capabilities.about('search').pageSize, 20)
})

t.test('a late refusal of a larger size does not raise the size again', async (t) => {
  const capabilities = createTestCapabilities()
  await capabilities.stepDown('search', 10)
  t.equal(await capabilities.stepDown('search', 50), true)
  t.equal(capabilities.about('search').pageSize, 5)
})

t.test('a size between the steps goes to the next smaller one, and what is refused is proven no longer', async (t) => {
  const capabilities = createTestCapabilities()
  capabilities.worked('search', 50)
  await capabilities.stepDown('search', 12)
  t.match(capabilities.about('search'), { pageSize: 10, provenSize: 10 })
})

t.test('each fact expires after a day, and one success sets a refusal right before', async (t) => {
  const { capabilities, clock } = create()
  await capabilities.refused('albums', 'no')
  await capabilities.refused('newReleases', 'no')
  capabilities.worked('search', 20)
  await capabilities.stepDown('search', 50)
  await clock.pass(FACT_LIFETIME_MS - 1)
  t.match(
    [capabilities.about('albums').refusal, capabilities.about('search')],
    ['no', { pageSize: 20, provenSize: 20, works: true }]
  )
  capabilities.worked('newReleases', null)
  t.match(capabilities.about('newReleases'), { refusal: null, works: true })
  await clock.pass(1)
  t.same([capabilities.about('albums'), capabilities.about('search')], [UNKNOWN, UNKNOWN])
  t.match(capabilities.about('newReleases'), { works: true }, 'which is younger')
})

t.test('a fact from a clock that was ahead expires, too', async (t) => {
  const { capabilities, clock } = create()
  clock.jump(365 * 24 * HOUR_MS)
  await capabilities.refused('albums', 'no')
  clock.jump(-365 * 24 * HOUR_MS)
  t.equal(capabilities.about('albums').refusal, null)
})

t.test('that an endpoint works is stored once an hour, and stays known as long as it works', async (t) => {
  const { capabilities, clock, store } = create()
  for (let hour = 0; hour < 50; hour++) {
    for (let call = 0; call < 3; call++) capabilities.worked('search', 10)
    await clock.pass(HOUR_MS)
  }
  t.equal(capabilities.about('search').works, true)
  await capabilities.flush()
  t.equal(store.saves, 50)
})

t.test('what one process learnt another knows, and neither overwrites the other', async (t) => {
  const store = createStore()
  const clock = createFakeClock()
  const [one, other] = [create(store, clock).capabilities, create(store, clock).capabilities]
  await one.refused('newReleases', 'no')
  await one.stepDown('search', 50)
  await one.flush()
  await clock.pass(1)
  other.worked('albums', null)
  await other.flush()
  t.match(other.about('newReleases'), { refusal: 'no' }, 'it was read before it was written')
  await one.refresh()
  t.match(one.about('albums'), { works: true })
  const next = create(store, clock).capabilities
  await next.refresh()
  t.same(
    ['newReleases', 'search', 'albums'].map((name) => next.about(name as 'albums')),
    ['newReleases', 'search', 'albums'].map((name) => one.about(name as 'albums'))
  )
})

t.test('of two facts the newer one counts', async (t) => {
  const store = createStore()
  const clock = createFakeClock()
  const [one, other] = [create(store, clock).capabilities, create(store, clock).capabilities]
  await one.refused('albums', 'no')
  await clock.pass(1)
  other.worked('albums', null)
  await Promise.all([one.flush(), other.flush()])
  await one.refresh()
  t.match(one.about('albums'), { works: true, refusal: null })
})

const UNUSABLE: unknown[] = [
  null, 'x', [], {}, { scope: 'app' }, { scope: 'app', known: 'x' },
  { scope: 'app', known: [null, 'x', ['search'], ['search', null], ['other', {}]] },
  { scope: 'another app', known: [['search', { refusal: { value: 'no', atMs: 1 } }]] },
  { scope: 'app', known: [['search', { refusal: 'no', pageSize: 10, works: true }]] },
  {
    scope: 'app',
    known: [
      [
        'search',
        { refusal: { value: 7, atMs: 1 }, pageSize: { value: 7, atMs: 1 }, provenSize: { value: 'x', atMs: 1 } },
      ],
    ],
  },
  { scope: 'app', known: [['search', { refusal: { value: 'no', atMs: null } }]] },
]
for (const stored of UNUSABLE) {
  t.test(`${JSON.stringify(stored)} is no knowledge, and harms nothing`, async (t) => {
    const { capabilities, store } = create(createStore(stored))
    await capabilities.refresh()
    t.same(capabilities.about('search'), UNKNOWN)
    await capabilities.refused('albums', 'no')
    await capabilities.flush()
    t.match(store.stored, { scope: 'app' })
  })
}

t.test('what cannot be stored is logged, and known by this process', async (t) => {
  const { capabilities, log } = create(
    Object.assign(createStore(), {
      save: async () => {
        throw new Error('no space')
      },
    })
  )
  await capabilities.refused('albums', 'no')
  await capabilities.flush()
  t.equal(capabilities.about('albums').refusal, 'no')
  t.match(log.lines, [/^warn capabilities could not be stored/])
})
