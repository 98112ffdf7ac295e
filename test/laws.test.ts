import fc from 'fast-check'
import t from 'tap'
import type { RunRequest } from '../src/schemas/run.ts'
import { documentText } from '../src/services/ingest/document.ts'
import { outcomeOf } from '../src/services/ingest/outcome.ts'
import { albumEvent, openLedger } from '../src/services/ingest/ledger.ts'
import { newRecord } from '../src/services/runs/transitions.ts'
import { parseBody } from '../src/services/spotify/http/response.ts'
import { classify } from '../src/services/spotify/http/classify.ts'
import { readAlbumHead } from '../src/services/spotify/item-check.ts'
import type { Document } from './service.ts'
import { createMemoryLedger } from './services/ingest/memory-ledger.ts'

/** What Spotify may ask a caller to do again: authorise, send sooner, send later. */
const CALLER_MAY_REPEAT = [401, 408, 425, 429]

t.test('no client error is ever tried again, whatever its body and headers say', async () => {
  const status = fc.integer({ min: 400, max: 499 }).filter((status) => !CALLER_MAY_REPEAT.includes(status))
  const error = fc.record({
    error: fc.record(
      {
        status: fc.nat(599),
        message: fc.constantFrom('Invalid limit', 'Server error.', 'premium', ''),
        reason: fc.constantFrom('QUOTA_EXCEEDED', 'x'),
      },
      { requiredKeys: [] }
    ),
  })
  const body = fc.oneof(fc.string(), error.map((value) => JSON.stringify(value)), fc.json())
  fc.assert(
    fc.property(status, body, fc.option(fc.nat(100).map(String), { nil: undefined }), (status, text, retryAfter) => {
      return classify({ kind: 'response', status, retryAfter, body: parseBody(text) }, 0).kind === 'refused'
    })
  )
})

/** A run's history: pages of a listing that repeats itself, and what came of each album. */
const anyId = fc.integer({ min: 0, max: 5 }).map((number) => `album${number}`)
/** Some are as new as others, and the newest are not in the order of their names. */
const dateOf = (id: string): string => `2026-11-0${1 + Number(id.slice(-1)) * 2 % 3}`
const history = fc.record({
  source: fc.constantFrom('search' as const, 'artists' as const),
  limit: fc.integer({ min: 1, max: 10 }),
  pages: fc.array(fc.array(anyId, { maxLength: 6 }), { maxLength: 4 }),
  fetched: fc.array(fc.record({ id: anyId, tracks: fc.nat(4), claimed: fc.nat(2) }), { maxLength: 14 }),
  losses: fc.array(fc.constant('a page was lost'), { maxLength: 1 }),
})

t.test('whatever a run went through, its document is the first or the newest part of the listing, in its order, no ' +
  'album twice; and complete means no gap, and the reverse', async (t) => {
  const ends = { complete: 0, other: 0 }
  await fc.assert(fc.asyncProperty(history, async ({ source, limit, pages, fetched, losses }) => {
    const request: RunRequest = { source, limit, pagination: 'next', market: null, refresh: false }
    const { run } = newRecord('0193549a-0000-7000-8000-000000000000', request, 0)
    const ledger = await openLedger(createMemoryLedger(), { limit, monotonic: () => 0 })
    await ledger.record({ kind: 'source', source: { used: source, query: null, reason: null } })
    for (const ids of pages) {
      await ledger.record({
        kind: 'listed',
        albums: ids.map((id) => ({ id, name: null, releaseDate: dateOf(id), totalTracks: null })),
        losses: [],
        next: null,
      })
    }
    await ledger.record({ kind: 'listed', albums: [], losses, next: null })
    for (const { id, tracks, claimed } of fetched) {
      const head = readAlbumHead({
        id,
        tracks: {
          items: Array.from({ length: tracks }, (_, index) => ({
            id: `${id}-${index}`,
            name: 'x',
            track_number: index + 1,
            disc_number: 1,
          })),
          next: null,
          total: claimed,
        },
      })
      if (head !== null) await ledger.record(albumEvent(id, head), JSON.stringify(head.album))
    }

    const { albums, gaps, complete, status } = outcomeOf({ request, ledger, failures: new Map(), error: null })
    const document = await parsed(documentText(run, albums, ledger))
    const shown = [...new Set(pages.flat())]
    const listing = (source === 'search' ? shown : shown.toSorted((a, b) => dateOf(b).localeCompare(dateOf(a)))).slice(
      0,
      limit
    )
    const there = document.albums.map(({ id }) => id)
    const isWhole = (id: string): boolean => {
      const album = fetched.find((one) => one.id === id)
      return album !== undefined && album.claimed <= album.tracks
    }
    const isComplete = losses.length === 0 && listing.length > 0 && listing.every(isWhole)
    ends[isComplete ? 'complete' : 'other']++
    return (
      JSON.stringify(there) === JSON.stringify(listing.filter((id) => fetched.some((one) => one.id === id))) &&
      complete === isComplete &&
      complete === (gaps.length === 0 && listing.length > 0) &&
      (status === 'succeeded') === complete
    )
  }), { numRuns: 1000 })
  t.ok(ends.complete > 20 && ends.other > 20, `both kinds were met: ${JSON.stringify(ends)}`)
})

async function parsed (text: AsyncIterable<string>): Promise<Document> {
  let whole = ''
  for await (const piece of text) whole += piece
  return JSON.parse(whole) as Document
}
