import fc from 'fast-check'
import t from 'tap'
import {
  type TrackCoverage,
  type PageRange,
  countTracks,
  expectedTracks,
  isAlbumComplete,
  missingPages,
  putPage,
  tellsMore,
} from '../../../src/services/ingest/track-coverage.ts'

const PAGE_SIZE = 50
const NOWHERE = { execution: 1, seq: 1, length: 0 }

/**
 * offset, places, valid (as many as places unless said), whether there is a next one, and what tells its tracks apart
 */
type Shape = [offset: number, places: number, more?: { valid?: number, hasNext?: boolean, keys?: string[] }]

function stateOf (expected: number, ...pages: Shape[]): TrackCoverage {
  const state: TrackCoverage = { body: NOWHERE, expected, pages: [] }
  for (const [offset, places, { valid = places, hasNext = false, keys = [] } = {}] of pages) {
    putPage(state, { offset, places, valid, hasNext, keys, body: offset === 0 ? null : NOWHERE })
  }
  return state
}

function span (from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `track ${from + i}`)
}

type Row = [title: string, state: TrackCoverage, first: number[], again: number[], isComplete: boolean]

const ROWS: Row[] = [
  ['all on the embedded page', stateOf(12, [0, 12]), [], [], true],
  ['exactly one page', stateOf(50, [0, 50]), [], [], true],
  ['no tracks at all, and none claimed', stateOf(0, [0, 0]), [], [], true],
  ['one track over a page', stateOf(51, [0, 50, { hasNext: true }]), [50], [50], false],
  ['several pages concurrently', stateOf(120, [0, 50, { hasNext: true }]), [50, 100], [50, 100], false],
  [
    'three pages, all there',
    stateOf(120, [0, 50, { hasNext: true }], [50, 50, { hasNext: true }], [100, 20]),
    [],
    [],
    true,
  ],
  ['stored in another order', stateOf(120, [100, 20], [0, 50], [50, 50]), [], [], true],
  ['the middle one missing', stateOf(120, [0, 50], [100, 20]), [50], [50], false],
  ['the first one missing', stateOf(70, [50, 20]), [0], [0], false],
  ['nothing stored', stateOf(70), [0, 50], [0, 50], false],
  ['a next page although all claimed tracks are there', stateOf(50, [0, 50, { hasNext: true }]), [50], [50], false],
  ['that next page was empty', stateOf(50, [0, 50, { hasNext: true }], [50, 0]), [], [], true],
  [
    'that next page was empty and names another one',
    stateOf(50, [0, 50, { hasNext: true }], [50, 0, { hasNext: true }]),
    [],
    [],
    true,
  ],
  ['more tracks than claimed', stateOf(50, [0, 50, { hasNext: true }], [50, 7]), [], [], true],
  [
    'more tracks than claimed, and no end yet',
    stateOf(50, [0, 50, { hasNext: true }], [50, 50, { hasNext: true }]),
    [100],
    [100],
    false,
  ],
  ['a broken track on the embedded page', stateOf(12, [0, 12, { valid: 11 }]), [], [0], false],
  ['a broken track on a later page', stateOf(70, [0, 50], [50, 20, { valid: 19 }]), [], [50], false],
  ['fewer embedded than claimed, without a next', stateOf(20, [0, 12]), [12], [12], false],
  ['fewer embedded than claimed, and nothing behind', stateOf(20, [0, 12], [12, 0]), [], [12], false],
  ['an empty embedded page of an album with tracks', stateOf(12, [0, 0]), [], [0], false],
  ['an empty page in the middle', stateOf(120, [0, 50], [50, 0], [100, 20]), [], [50], false],
  ['a short page in the middle: what it left out', stateOf(120, [0, 50], [50, 10], [100, 20]), [60], [60], false],
  [
    'pages that have one track in common',
    stateOf(100, [0, 50, { keys: span(0, 50) }], [50, 50, { keys: span(49, 99) }]),
    [],
    [0, 50],
    false,
  ],
  [
    'the same page for two places',
    stateOf(150, [0, 50, { keys: span(0, 50) }], [50, 50, { keys: span(50, 100) }], [100, 50, { keys: span(50, 100) }]),
    [],
    [50, 100],
    false,
  ],
  [
    'pages with different tracks',
    stateOf(100, [0, 50, { keys: span(0, 50) }], [50, 50, { keys: span(50, 100) }]),
    [],
    [],
    true,
  ],
]
for (const [title, state, first, again, complete] of ROWS) {
  t.test(`an album, ${title}`, async (t) => {
    t.same(offsetsOf(missingPages(state, PAGE_SIZE, false)), first, 'to ask')
    t.same(offsetsOf(missingPages(state, PAGE_SIZE, true)), again, 'to ask, broken ones again')
    t.equal(isAlbumComplete(state, PAGE_SIZE), complete)
  })
}

function offsetsOf (ranges: PageRange[]): number[] {
  return ranges.map(({ offset }) => offset).toSorted((a, b) => a - b)
}

t.test('a hole is asked for with a limit that ends where the next stored page begins', async (t) => {
  t.same(missingPages(stateOf(120, [0, 50], [50, 10], [100, 20]), PAGE_SIZE, false), [{ offset: 60, limit: 40 }])
  t.same(missingPages(stateOf(300, [0, 50], [200, 50]), PAGE_SIZE, false), [
    { offset: 50, limit: 50 },
    { offset: 100, limit: 50 },
    { offset: 150, limit: 50 },
    { offset: 250, limit: 50 },
  ])
})

t.test('pages are in order by their offset, tracks are counted without the broken ones', async (t) => {
  const state = stateOf(120, [100, 20, { valid: 18 }], [0, 50], [50, 50])
  t.same(state.pages.map(({ offset }) => offset), [0, 50, 100])
  t.equal(countTracks(state), 118)
  t.equal(expectedTracks(state), 120)
  t.equal(expectedTracks(stateOf(50, [0, 50], [50, 7])), 57)
  t.equal(expectedTracks(stateOf(9)), 9)
})

t.test('a track that is on two pages counts once', async (t) => {
  t.equal(countTracks(stateOf(100, [0, 50, { keys: span(0, 50) }], [50, 50, { keys: span(47, 97) }])), 97)
  t.equal(countTracks(stateOf(100, [0, 50, { keys: span(0, 50) }], [50, 50, { keys: span(0, 50) }])), 50)
})

const before = stateOf(150, [0, 50, { keys: span(0, 50) }], [50, 50, { valid: 48, keys: span(49, 97) }])
for (const [title, page, expected] of [
  ['of a place that is not stored', { offset: 100, valid: 0, keys: [] }, true],
  ['with more tracks', { offset: 50, valid: 50, keys: span(50, 100) }, true],
  ['with as many tracks, all its own', { offset: 50, valid: 48, keys: span(50, 98) }, true],
  ['with more tracks, all of another page', { offset: 50, valid: 50, keys: span(0, 50) }, false],
  ['the stored one again', { offset: 50, valid: 48, keys: span(49, 97) }, false],
  ['with nothing', { offset: 50, valid: 0, keys: [] }, false],
] as const) {
  t.test(`a page ${title} tells more: ${expected}`, async (t) => t.equal(tellsMore(page, before), expected))
}

/**
 * Ask for what is missing until nothing is, from a server that has `total` tracks and gives `give(offset)` of them at a
 * place.
 */
function fetchAll (
  total: number,
  claimed: number,
  embedded: number,
  give: (offset: number) => number
): { state: TrackCoverage, tracks: number[], calls: number } {
  const contents = new Map<number, number[]>()
  const state: TrackCoverage = { body: NOWHERE, expected: Math.max(claimed, embedded), pages: [] }
  function store (offset: number, places: number): void {
    contents.set(offset, Array.from({ length: places }, (_, i) => offset + i))
    putPage(state, {
      offset,
      places,
      valid: places,
      hasNext: offset + places < total,
      keys: (contents.get(offset) ?? []).map(String),
      body: null,
    })
  }
  store(0, embedded)
  let calls = 0
  for (let round = 0, ranges; (ranges = missingPages(state, PAGE_SIZE, false)).length > 0; round++) {
    if (round > 1000) throw new Error('no end')
    for (const { offset, limit } of ranges) {
      calls++
      store(offset, Math.max(0, Math.min(give(offset), limit, total - offset)))
    }
  }
  return { state, tracks: state.pages.flatMap(({ offset }) => contents.get(offset) ?? []), calls }
}

function assertWhole (tracks: number[], total: number): void {
  if (tracks.length !== total || tracks.some((track, place) => track !== place)) {
    throw new Error(`${tracks.length} tracks of ${total}: ${tracks.join(' ')}`)
  }
}

t.test('following missingPages fetches every track once and in order, with the fewest ' +
  'calls, whatever the album claims', async () => {
  fc.assert(fc.property(fc.nat(400), fc.nat(400), (total, claimed) => {
    const { state, tracks, calls } = fetchAll(total, claimed, Math.min(total, PAGE_SIZE), () => PAGE_SIZE)
    assertWhole(tracks, total)
    if (claimed <= total && !isAlbumComplete(state, PAGE_SIZE)) throw new Error('not complete')
    if (claimed > total && isAlbumComplete(state, PAGE_SIZE)) throw new Error('complete without what it claims')
    const fewest = Math.ceil(Math.max(total, claimed) / PAGE_SIZE) - 1
    if (calls > Math.max(0, fewest) + 1) throw new Error(`${calls} calls for ${total} tracks of ${claimed}`)
  }))
})

t.test('a server that gives fewer than 50 tracks a page costs calls, and ' +
  'neither loses nor doubles a track', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 50 }),
      fc.func(fc.integer({ min: 1, max: 50 })),
      (total, embedded, give) => {
        const { state, tracks } = fetchAll(total, total, Math.min(total, embedded), give)
        assertWhole(tracks, total)
        if (!isAlbumComplete(state, PAGE_SIZE)) throw new Error('not complete')
      }
    )
  )
})

t.test('complete ⇔ nothing to ask, no track broken, and as many tracks as claimed', async () => {
  const shape = fc.record({ places: fc.nat(50), broken: fc.nat(3), hasNext: fc.boolean() })
  fc.assert(
    fc.property(fc.nat(220), fc.array(shape, { maxLength: 5 }), (claimed, shapes) => {
      const pages = shapes.map(({ places, broken, hasNext }, place): Shape => [
        place * PAGE_SIZE,
        places,
        { valid: Math.max(0, places - broken), hasNext },
      ])
      const state = stateOf(claimed, ...pages)
      const covered = new Set(
        pages.flatMap(([offset, places]) => Array.from({ length: places }, (_, i) => offset + i))
      )
      const last = pages.at(-1)
      const wholeness = [
        countTracks(state) === covered.size,
        Array.from({ length: Math.max(claimed, ...covered, -1) }, (_, place) => place).every((place) =>
          covered.has(place)
        ),
        !(last !== undefined && last[1] > 0 && last[2]?.hasNext === true && covered.size >= claimed),
        covered.size >= claimed,
      ]
      if (isAlbumComplete(state, PAGE_SIZE) !== wholeness.every((is) => is)) throw new Error(JSON.stringify(wholeness))
    }),
    {
      numRuns: 500,
      examples: [0, 1].map((places) => [
        0,
        [
          { places, broken: 0, hasNext: false },
          { places: 0, broken: 0, hasNext: false },
        ],
      ]),
    }
  )
})
