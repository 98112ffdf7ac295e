import t from 'tap'
import type { Gap, Run } from '../../../src/schemas/run.ts'
import { hiddenOf, reasonOf } from '../../../src/services/changes/hidden.ts'

type Facts = Pick<Run, 'gaps' | 'listing' | 'error' | 'source'>

const SOURCE = { used: 'search' as const, query: 'tag:new', reason: null }
const WHOLE: Facts = { gaps: [], listing: { exhausted: true, cappedAt: null }, error: null, source: SOURCE }

function gap (albumId: string | null, code: string): Gap {
  return { albumId, name: null, code, detail: '', expectedTracks: null, tracks: 0 }
}

const CASES: Array<{ title: string, run: Partial<Facts>, other?: Partial<Facts>, reason: string | null }> = [
  { title: 'a listing that showed all', run: {}, reason: null },
  { title: 'one of which an album was not fetched', run: { gaps: [gap('a', 'album_unavailable')] }, reason: null },
  { title: 'one that lost an item', run: { gaps: [gap(null, 'listing_incomplete')] }, reason: 'listing_incomplete' },
  {
    title: 'one that was capped',
    run: { gaps: [gap(null, 'listing_capped')], listing: { exhausted: false, cappedAt: 1000 } },
    reason: 'listing_capped',
  },
  {
    title: 'one that reached limit and cap together',
    run: { listing: { exhausted: false, cappedAt: 1000 } },
    reason: 'listing_capped',
  },
  { title: 'one with a gap of a code to come', run: { gaps: [gap(null, 'another')] }, reason: 'listing_incomplete' },
  {
    title: 'one that stopped at its limit',
    run: { listing: { exhausted: false, cappedAt: null } },
    reason: 'listing_limited',
  },
  { title: 'one that was canceled', run: { error: { code: 'canceled', detail: '' } }, reason: 'run_ended_early' },
  { title: 'one that never ended', run: { listing: null }, reason: 'run_ended_early' },
  {
    title: 'one of another source',
    run: {},
    other: { source: { ...SOURCE, used: 'new-releases' } },
    reason: 'source_differs',
  },
  {
    title: 'one of another query',
    run: {},
    other: { source: { ...SOURCE, query: 'year:2026' } },
    reason: 'source_differs',
  },
  { title: 'one whose source is not known', run: { source: null }, other: { source: null }, reason: 'source_differs' },
  {
    title: 'the same source for another reason',
    run: {},
    other: { source: { ...SOURCE, reason: 'refused' } },
    reason: null,
  },
]

for (const { title, run, other, reason } of CASES) {
  t.equal(hiddenOf({ ...WHOLE, ...run }, { ...WHOLE, ...other }).reason, reason, title)
}

t.equal(
  hiddenOf(WHOLE, { ...WHOLE, gaps: [gap(null, 'listing_incomplete')] }).reason,
  null,
  'a gap of the other run hides nothing here'
)
const hidden = hiddenOf({ ...WHOLE, gaps: [gap('a', 'album_unavailable')] }, WHOLE)
t.equal(reasonOf(hidden, 'a'), 'album_gap')
t.equal(reasonOf(hidden, 'b'), null)
