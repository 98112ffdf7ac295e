import fc from 'fast-check'
import t from 'tap'
import {
  type Cursor,
  type Page,
  type PagingRules,
  START,
  type Step,
  nextStep,
  readPage,
} from '../../../src/services/spotify/paging.ts'
import { WITH_RECORDED, recorded } from './recorded.ts'

const ORIGIN = 'https://api.spotify.com'
const BY_NEXT: PagingRules = { pagination: 'next', origin: ORIGIN, isSearch: false, mayBeEmpty: false }

const PAGES: Array<[string, unknown, 'albums' | null, Page | null]> = [
  ['wrapped', { albums: { items: [1], next: 'x', total: 3 } }, 'albums', { items: [1], next: 'x', total: 3 }],
  ['bare', { items: [1], next: 'x', total: 3 }, null, { items: [1], next: 'x', total: 3 }],
  ['without next and total', { items: [] }, null, { items: [], next: null, total: null }],
  ['an empty next is none', { items: [], next: '' }, null, { items: [], next: null, total: null }],
  ['next that is no text', { items: [], next: 5 }, null, { items: [], next: null, total: null }],
  [
    'next longer than any URL: there is more, and it is not followed',
    { items: [], next: `${'https://api.spotify.com/?offset=20&x='}${'x'.repeat(5000)}` },
    null,
    { items: [], next: 'about:blank', total: null },
  ],
  ['total that no integer can hold', { items: [], total: 1e300 }, null, { items: [], next: null, total: null }],
  ['total that is no count', { items: [], total: -1 }, null, { items: [], next: null, total: null }],
  ['total that is a text', { items: [], total: '5' }, null, { items: [], next: null, total: null }],
  ['bare where it should be wrapped', { items: [1] }, 'albums', null],
  ['wrapped where it should be bare', { albums: { items: [1] } }, null, null],
  ['items that are null', { items: null }, null, null],
  ['items that are an object', { items: {} }, null, null],
  ['no object', 'page', 'albums', null],
  ['null', null, 'albums', null],
  ['an array', [], null, null],
  ['an error object', { error: { status: 404 } }, 'albums', null],
]
for (const [what, body, wrapper, page] of PAGES) {
  t.test(`a page ${what}`, async (t) => t.same(readPage(body, wrapper), page))
}

t.test('recorded pages are read', WITH_RECORDED, async (t) => {
  const read = (name: string, wrapper: 'albums' | null): unknown => {
    const page = readPage(JSON.parse(recorded(name)), wrapper)
    return page === null ? null : [page.items.length, page.next, page.total]
  }
  t.same(read('03-album-tracks-page2.json', null), [5, null, 55])
  t.same(read('04-search-album-page.json', 'albums'), [1, null, 1])
  t.same(read('05-search-album-empty-page.json', 'albums'), [0, null, 0])
})

const next = (offset: number, limit = 20): string =>
  `${ORIGIN}/v1/browse/new-releases?offset=${offset}&limit=${limit}&locale=*`
const page = (count: number, nextUrl: string | null = null, total: number | null = null): Page => ({
  items: Array.from({ length: count }, (_, i) => i),
  next: nextUrl,
  total,
})
const at = (offset: number, more: Partial<Cursor> = {}): Cursor => ({ ...START, offset, ...more })

/** A step as a sentence's worth: where to, how, and whether something was lost. */
function brief (step: Step): string {
  const loss = step.loss === null ? '' : ' with a loss'
  if (step.kind === 'end') return `end${loss}`
  const { offset, url, empties, holeAt } = step.cursor
  return (
    [
      `${url === null ? 'count' : 'follow'} ${offset}`,
      empties > 0 ? `again ${empties}` : '',
      holeAt === null ? '' : `hole ${holeAt}`,
    ]
      .filter((word) => word !== '')
      .join(', ') + loss
  )
}

type Row = [title: string, page: Page, cursor: Cursor, byNext: string, byOffset: string]

const LISTING: Row[] = [
  ['a page with a next one', page(20, next(20), 100), START, 'follow 20', 'count 20'],
  ['the last page', page(20, null, 100), at(80), 'end', 'end'],
  ['a short last page', page(7, null, 87), at(80), 'end', 'end'],
  ['no total and no next', page(20, null, null), START, 'end', 'end'],
  ['next null early: the total knows of more', page(20, null, 100), START, 'count 20', 'count 20'],
  [
    'a short page in the middle, next null: the total knows of more',
    page(3, null, 100),
    at(20),
    'count 23',
    'count 23',
  ],
  [
    'next non-null past the total is followed: a call more, no album less',
    page(20, next(100), 100),
    at(80),
    'follow 100',
    'count 100',
  ],
  ['a page from which items were filtered', page(17, next(20), 100), START, 'follow 20', 'count 20'],
  ['next that passes over places: they are counted', page(20, next(60), 100), START, 'count 20', 'count 20'],
  ['next that overlaps what was seen', page(20, next(15), 100), START, 'follow 15', 'count 15'],
  ['next by a token instead of an offset', page(20, `${ORIGIN}/v1/x?after=abc`, 100), START, 'follow 20', 'count 20'],
  ['next with an offset that is none', page(20, `${ORIGIN}/v1/x?offset=many`, 100), START, 'count 20', 'count 20'],
  ['next of a foreign origin', page(20, 'https://evil.example/v1/x?offset=20', 100), START, 'count 20', 'count 20'],
  [
    'next of a foreign port',
    page(20, 'https://api.spotify.com:444/v1/x?offset=20', 100),
    START,
    'count 20',
    'count 20',
  ],
  ['next over plain http', page(20, 'http://api.spotify.com/v1/x?offset=20', 100), START, 'count 20', 'count 20'],
  [
    'next with another host behind credentials',
    page(20, 'https://api.spotify.com@evil.example/?offset=20', 100),
    START,
    'count 20',
    'count 20',
  ],
  ['next that is a path', page(20, '/v1/x?offset=20', 100), START, 'count 20', 'count 20'],
  ['next that is rubbish', page(20, 'rubbish', 100), START, 'count 20', 'count 20'],
  ['next that names this page', page(20, next(20), 100), at(20), 'count 40', 'count 40'],
  ['next that goes back', page(20, next(0), 100), at(20), 'count 40', 'count 40'],
  [
    'next by a token, the same again',
    page(20, `${ORIGIN}/v1/x?after=abc`, 100),
    at(20, { url: `${ORIGIN}/v1/x?after=abc` }),
    'count 40',
    'count 40',
  ],
  ['an empty first page', page(0), START, 'count 0, again 1', 'count 0, again 1'],
  ['an empty first page for the second time', page(0), at(0, { empties: 1 }), 'count 0, again 2', 'count 0, again 2'],
  ['an empty first page for the third time', page(0), at(0, { empties: 2 }), 'end', 'end'],
  [
    'an empty first page that names a next one, for the third time',
    page(0, next(20)),
    at(0, { empties: 2 }),
    'count 20, hole 0',
    'count 20, hole 0',
  ],
  ['an empty page that names a next one', page(0, next(40)), at(20), 'count 20, again 1', 'count 20, again 1'],
  [
    'an empty page that names a next one, again',
    page(0, next(40)),
    at(20, { empties: 1 }),
    'count 20, again 2',
    'count 20, again 2',
  ],
  [
    'an empty page that names a next one, for the third time: it is stepped over',
    page(0, next(40)),
    at(20, { empties: 2 }),
    'count 40, hole 20',
    'count 40, hole 20',
  ],
  [
    'an empty page after a hole is asked again too',
    page(0, next(60)),
    at(40, { holeAt: 20 }),
    'count 40, again 1, hole 20',
    'count 40, again 1, hole 20',
  ],
  [
    'nothing after a hole either: that was the end',
    page(0, next(60)),
    at(40, { holeAt: 20, empties: 2 }),
    'end',
    'end',
  ],
  [
    'albums after a hole: it has lost some',
    page(20, next(60), 100),
    at(40, { holeAt: 20 }),
    'follow 60 with a loss',
    'count 60 with a loss',
  ],
  ['the last albums after a hole', page(20, null, 60), at(40, { holeAt: 20 }), 'end with a loss', 'end with a loss'],
  ['an empty page at the end', page(0), at(100), 'end', 'end'],
]

const SEARCH: Row[] = [
  ['a full page without next: there may be more', page(20, null, 12), START, 'count 20', 'count 20'],
  ['a short page without next is the last, whatever the total', page(19, null, 528), START, 'end', 'end'],
  ['a total below what was seen says nothing', page(20, next(40), 12), at(20), 'follow 40', 'count 40'],
  ['the last page of the window', page(20, next(1000), 5000), at(980), 'end', 'end'],
  ['next past the window', page(20, next(1020), 5000), at(990), 'end', 'end'],
  [
    'a loss is told at the end of the window too',
    page(20, next(1000), 5000),
    at(980, { holeAt: 960 }),
    'end with a loss',
    'end with a loss',
  ],
  [
    'nothing after a hole either, and there is still a next page: it broke off',
    page(0, next(60)),
    at(40, { holeAt: 20, empties: 2 }),
    'end with a loss',
    'end with a loss',
  ],
  [
    'nothing after a hole either, and no next page: that was the end',
    page(0),
    at(40, { holeAt: 20, empties: 1 }),
    'end',
    'end',
  ],
  ['exactly as many as the window shows', page(20, null, 1000), at(980), 'end', 'end'],
  ['a hole at the end of the window', page(0, next(1000), 5000), at(980, { empties: 2 }), 'end', 'end'],
]

const ARTIST: Row[] = [
  ['an artist may have no albums', page(0, null, 0), START, 'end', 'end'],
  ['but not when there is a next page', page(0, next(20), 0), START, 'count 0, again 1', 'count 0, again 1'],
]

for (const [kind, rows, rules] of [
  ['a listing', LISTING, {}],
  ['search', SEARCH, { isSearch: true }],
  ['artist', ARTIST, { mayBeEmpty: true }],
] as const) {
  for (const [title, one, cursor, byNext, byOffset] of rows) {
    t.test(`${kind}: ${title}: ${byNext}, or while counting: ${byOffset}`, async (t) => {
      t.equal(brief(nextStep(one, cursor, 20, { ...BY_NEXT, ...rules })), byNext)
      t.equal(brief(nextStep(one, cursor, 20, { ...BY_NEXT, ...rules, pagination: 'offset' })), byOffset)
    })
  }
}

t.test('an empty page although the total promised more is asked twice again, and then a loss', async (t) => {
  const rules: PagingRules = { ...BY_NEXT, pagination: 'offset' }
  let step = nextStep(page(0, null, 100), at(50), 50, rules)
  for (let calls = 1; calls < 3; calls++) {
    t.match(step, { kind: 'more', loss: null })
    if (step.kind === 'more') step = nextStep(page(0, null, 100), step.cursor, 50, rules)
  }
  t.match(step, { kind: 'end', loss: /100/ })
})

t.test('what a listing lost is reported with its place', async (t) => {
  t.match(nextStep(page(20), at(40, { holeAt: 20 }), 20, BY_NEXT).loss, /offset 20/)
})

for (const [title, one, cursor, isCapped] of [
  ['names a next page at the end of its window', page(20, next(1000), 5000), at(980), true],
  ['has a total beyond its window', page(20, null, 1520), at(980), true],
  ['has a total that is known to be wrong', page(20, null, 12), at(980), true],
  ['has as many as its window shows', page(20, null, 1000), at(980), false],
  ['ends within its window', page(7, null, 87), at(80), false],
] as const) {
  t.test(`a search that ${title} is capped: ${isCapped}`, async (t) => {
    t.match(nextStep(one, cursor, 20, { ...BY_NEXT, isSearch: true }), { kind: 'end', isCapped })
  })
}

t.test('the page URL is kept as it came, locale and all', async (t) => {
  const step = nextStep(page(20, next(20)), START, 20, BY_NEXT)
  t.equal(step.kind === 'more' ? step.cursor.url : null, next(20))
})

/**
 * Read a listing to its end, as the service does. `serve` answers a place; the number of its visits so far comes along.
 */
function readAll (
  serve: (offset: number, limit: number, visit: number) => Page,
  sizes: number[],
  rules: PagingRules,
  mostCalls: number
): { items: unknown[], losses: string[], calls: number } {
  const items: unknown[] = []
  const losses: string[] = []
  const visits = new Map<number, number>()
  let calls = 0
  for (let cursor: Cursor | null = START; cursor !== null;) {
    const size: number =
      cursor.url === null
        ? (sizes[calls % sizes.length] ?? 20)
        : Number(new URL(cursor.url).searchParams.get('limit') ?? 20)
    const offset =
      cursor.url === null ? cursor.offset : Number(new URL(cursor.url).searchParams.get('offset') ?? cursor.offset)
    const visit = visits.get(offset) ?? 0
    visits.set(offset, visit + 1)
    if (++calls > mostCalls) throw new Error(`${calls} calls, and no end`)
    const one = serve(offset, size, visit)
    items.push(...one.items)
    const step: Step = nextStep(one, cursor, size, rules)
    if (step.loss !== null) losses.push(step.loss)
    cursor = step.kind === 'more' ? step.cursor : null
  }
  return { items, losses, calls }
}

function honest (total: number, offset: number, limit: number): Page {
  const end = Math.min(total, offset + limit)
  return {
    items: Array.from({ length: Math.max(0, end - offset) }, (_, i) => offset + i),
    next: end < total ? next(end, limit) : null,
    total,
  }
}

const listing = fc.record({
  total: fc.integer({ min: 0, max: 400 }),
  sizes: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 4 }),
  rules: fc.record({
    pagination: fc.constantFrom('next' as const, 'offset' as const),
    origin: fc.constant(ORIGIN),
    isSearch: fc.boolean(),
    mayBeEmpty: fc.boolean(),
  }),
})

t.test('a finite listing that is served honestly is seen whole, each item once and ' +
  'in order, at any page size', async () => {
  fc.assert(fc.property(listing, ({ total, sizes, rules }) => {
    const { items, losses, calls } = readAll((offset, limit) => honest(total, offset, limit), sizes, rules, 1000)
    assertWhole(items, total)
    if (losses.length > 0) throw new Error(losses.join())
    const most = Math.ceil(total / Math.min(...sizes)) + 3
    if (calls > most) throw new Error(`${calls} calls for ${total} items`)
  }))
})

t.test('an honest search is seen up to its window of 1000 and not beyond', async (t) => {
  for (const pagination of ['next', 'offset'] as const) {
    for (const size of [50, 20, 10, 5]) {
      const { items, calls } = readAll(
        (offset, limit) => honest(5000, offset, limit),
        [size],
        { ...BY_NEXT, isSearch: true, pagination },
        1000
      )
      assertWhole(items, 1000)
      t.equal(calls, 1000 / size)
    }
  }
})

t.test('next that is null early loses nothing', async () => {
  fc.assert(fc.property(listing, fc.infiniteStream(fc.boolean()), ({ total, sizes, rules }, lies) => {
    const { items, losses } = readAll((offset, limit) => {
      const one = honest(total, offset, limit)
      return lies.next().value === true ? { ...one, next: null } : one
    }, sizes, rules, 1000)
    assertWhole(items, total)
    if (losses.length > 0) throw new Error(losses.join())
  }))
})

t.test('a page that is empty twice, with its next, loses nothing', async () => {
  fc.assert(fc.property(listing, fc.infiniteStream(fc.boolean()), ({ total, sizes, rules }, lies) => {
    const { items, losses } = readAll((offset, limit, visit) => {
      const one = honest(total, offset, limit)
      return visit < 2 && one.next !== null && lies.next().value === true ? { ...one, items: [] } : one
    }, sizes, rules, 1000)
    assertWhole(items, total)
    if (losses.length > 0) throw new Error(losses.join())
  }))
})

t.test('a page that stays empty between others is a loss, and costs no other page', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 3, max: 20 }),
      fc.nat(),
      fc.constantFrom('next' as const, 'offset' as const),
      (pages, which, pagination) => {
        const hole = 20 * (which % (pages - 1))
        const { items, losses } = readAll(
          (offset, limit) => {
            const one = honest(20 * pages, offset, limit)
            return offset === hole ? { ...one, items: [] } : one
          },
          [20],
          { ...BY_NEXT, pagination },
          1000
        )
        if (items.length !== 20 * (pages - 1)) throw new Error(`${items.length} items of ${pages} pages`)
        if (losses.length !== 1) throw new Error(`${losses.length} losses`)
      }
    )
  )
})

const adversarialNext = fc.oneof(
  fc.constant(null), fc.string(), fc.webUrl(),
  fc.integer({ min: -5, max: 1500 }).map((offset) => next(offset)),
  fc.constantFrom(
    `${ORIGIN}/v1/x?after=a`,
    `${ORIGIN}/v1/x?after=b`,
    `${ORIGIN}/v1/x?offset=1e3`,
    `${ORIGIN}/v1/x?offset=99999999999`,
    'https://evil.example/?offset=40'
  )
)
const adversarialPage = fc.record({
  items: fc
    .oneof(fc.constant(0), fc.integer({ min: 0, max: 60 }))
    .map((count) => Array.from({ length: count }, () => null)),
  next: adversarialNext,
  total: fc.option(fc.integer({ min: 0, max: 100_000 })),
})

t.test('against any sequence of pages the listing goes on: each step leads forward, or asks the ' +
  'same place again at most twice', async () => {
  fc.assert(
    fc.property(
      fc.array(adversarialPage, { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 50 }),
      listing,
      (pages, pageSize, { rules }) => {
        let cursor = START
        for (const one of pages) {
          const step = nextStep(one, cursor, pageSize, rules)
          if (step.kind === 'end') return
          const { offset, empties, url } = step.cursor
          if (offset < cursor.offset || (offset === cursor.offset && empties !== cursor.empties + 1)) {
            throw new Error('the listing turns in a circle')
          }
          if (empties > 2) throw new Error('the same place is asked for ever')
          if (url !== null && new URL(url).origin !== ORIGIN) throw new Error('the token goes elsewhere')
          if (rules.isSearch && offset >= 1000) throw new Error('beyond the window')
          cursor = step.cursor
        }
      }
    ),
    { numRuns: 500 }
  )
})

t.test('against any sequence of pages a search comes to its end', async () => {
  fc.assert(
    fc.property(
      fc.array(adversarialPage, { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 50 }),
      fc.constantFrom('next' as const, 'offset' as const),
      (pages, pageSize, pagination) => {
        let cursor: Cursor | null = START
        for (let calls = 0; cursor !== null; calls++) {
          if (calls > 3000) throw new Error('no end')
          const step: Step = nextStep(pages[calls % pages.length] as Page, cursor, pageSize, {
            ...BY_NEXT,
            isSearch: true,
            pagination,
          })
          cursor = step.kind === 'more' ? step.cursor : null
        }
      }
    ),
    { numRuns: 300 }
  )
})

t.test('a listing that is empty for ever ends, whatever it says of more', async () => {
  fc.assert(fc.property(fc.array(adversarialPage, { minLength: 1, maxLength: 20 }), listing, (pages, { rules }) => {
    let cursor: Cursor | null = START
    for (let calls = 0; cursor !== null; calls++) {
      if (calls > 5) throw new Error('no end')
      const step: Step = nextStep({ ...pages[calls % pages.length] as Page, items: [] }, cursor, 20, rules)
      cursor = step.kind === 'more' ? step.cursor : null
    }
  }))
})

function assertWhole (items: unknown[], total: number): void {
  if (items.length !== total) throw new Error(`${items.length} of ${total} items`)
  for (const [place, item] of items.entries()) {
    if (item !== place) throw new Error(`item ${String(item)} at place ${place}`)
  }
}
