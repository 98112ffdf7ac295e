import { ServiceError, hasCode } from '../../errors.ts'
import type { RunRequest } from '../../schemas/run.ts'
import type { CallContext } from '../spotify/call.ts'
import { type ListedAlbum, idsOf, listedFields, readListedAlbum } from '../spotify/item-check.ts'
import { chooseSource, createSource, orderOf } from '../spotify/sources/choose.ts'
import type { PrefetchedPages } from '../spotify/sources/prefetch.ts'
import { SOURCE_START, type Source, type SourcePage } from '../spotify/sources/paged-source.ts'
import type { SpotifyClient } from '../spotify/client.ts'
import type { Ledger } from './ledger.ts'
import { settleAll } from './failures.ts'

export interface Listing {
  request: RunRequest
  ledger: Ledger
  spotify: SpotifyClient
  context: CallContext
  /** Albums that may be fetched now, in the order of the listing. */
  onListed: (albums: ListedAlbum[]) => void
}

/**
 * Find the albums of a run from where its ledger stopped; each page is stored before it is used.
 * Throws what the calls throw; what was listed until then stays.
 */
export async function list (listing: Listing): Promise<void> {
  const { request, ledger, spotify } = listing
  if (ledger.source === null) {
    const { used, reason } = chooseSource(request.source, spotify.memory.about('newReleases').refusal)
    const started = startWith(listing, createSource(used, request, spotify), reason)
    await settleAll([started, ...used === 'albums' ? [] : [spotify.ready(listing.context)]])
  }
  const canFallBack = request.source === 'auto' && ledger.source?.used === 'new-releases'
  try {
    // to another run, since this one chose
    if (canFallBack && ledger.next !== null) throwIfRefused(spotify.memory.about('newReleases').refusal)
    await readPages(listing, sourceOf(listing))
  } catch (error) {
    if (!canFallBack || !hasCode(error, 'endpoint_unavailable')) throw error
    await startWith(
      listing, createSource('search', request, spotify), reasonToFallBack(error.message, ledger.listed.size)
    )
    await readPages(listing, sourceOf(listing))
  }
}

/** Albums that new-releases has listed before stay: the reason names them, since the run names one source. */
function reasonToFallBack (refusal: string, listed: number): string {
  return listed === 0 ? refusal : `${refusal}; it had listed the first ${listed} albums until then`
}

function throwIfRefused (refusal: string | null): void {
  if (refusal !== null) throw new ServiceError('endpoint_unavailable', refusal)
}

/** Returns the albums that the run is about: the first or the newest `limit` of what was listed. */
export function wantedAlbums ({ listed, source }: Pick<Ledger, 'listed' | 'source'>, limit: number): ListedAlbum[] {
  const albums = [...listed.values()]
  if (source !== null && orderOf(source.used) === 'newest') {
    albums.sort((a, b) => compareDates(b.releaseDate, a.releaseDate))
  }
  return albums.slice(0, limit)
}

function sourceOf ({ ledger, request, spotify }: Pick<Listing, 'ledger' | 'request' | 'spotify'>): Source {
  return createSource(ledger.source?.used ?? 'search', request, spotify)
}

async function startWith ({ ledger }: Listing, source: Source, reason: string | null): Promise<void> {
  await ledger.record({ kind: 'source', source: { used: source.used, query: source.query, reason } })
}

async function readPages (listing: Listing, source: Source): Promise<void> {
  const { ledger, context, request, onListed } = listing
  const order = orderOf(source.used)
  const seen = new Set<string>()
  const missing = (): number => order === 'newest' ? Infinity : request.limit - ledger.listed.size
  const isAgain = ledger.next === undefined && ledger.listed.size > 0
  /**
   * A listing that is read again shows first what is known: pages that are only as large as what is missing would never
   * reach the rest.
   */
  const wanted = (): number => isAgain ? Math.max(missing(), request.limit - seen.size) : missing()

  const reader = { context, wanted, maxPages: mostPages(order, request.limit), prefetched: prefetchedPages(listing) }
  if (ledger.next !== null && missing() > 0) {
    for await (const page of source.pages(ledger.next ?? SOURCE_START, reader)) {
      for (const id of idsOf(page.items)) seen.add(id)
      const fresh = await recordPage(listing, page, missing())
      if (order === 'listed') onListed(fresh)
      if (ledger.next === null) break
    }
  }
  if (order === 'newest') onListed(wantedAlbums(ledger, request.limit))
}

/** Pages of one artist's listing: 1,000 albums where a page has ten, 5,000 where it has 50. */
const MAX_ARTIST_PAGES = 100
/** Pages of another listing that may bring nothing new, besides one for each album that is wanted. */
const MAX_FRUITLESS_PAGES = 20

function mostPages (order: 'listed' | 'newest', limit: number): number {
  return order === 'newest' ? MAX_ARTIST_PAGES : MAX_FRUITLESS_PAGES + limit
}

function prefetchedPages ({ ledger }: Listing): PrefetchedPages {
  return {
    has: (streamIndex, offset) => ledger.prefetched(streamIndex, offset) !== undefined,
    async read (streamIndex, offset) {
      const stored = ledger.prefetched(streamIndex, offset)
      if (stored === undefined) return undefined
      const { body, pageSize, next, total } = stored
      return { page: { items: JSON.parse(await ledger.readBody(body)) as unknown[], next, total }, pageSize }
    },
    async keep (streamIndex, offset, { page: { items, next, total }, pageSize }) {
      await ledger.record(
        { kind: 'prefetched', streamIndex, offset, pageSize, next, total }, JSON.stringify(items.map(listedFields))
      )
    },
  }
}

/**
 * Stores the page's new albums, its losses, where the next page is (nowhere, once there are enough), and how the
 * listing ended.
 */
async function recordPage ({ ledger, request }: Listing, page: SourcePage, wanted: number): Promise<ListedAlbum[]> {
  const { fresh, broken, left } = sortItems(page.items, ledger.listed, wanted)
  const isEnough = fresh.length >= wanted
  const losses = boundLosses(isEnough ? broken : [...page.losses, ...broken], ledger.losses.length)
  const next = isEnough ? null : page.next
  const listed = ledger.listed.size + fresh.length
  const isAll = page.next === null && page.cappedAt === null &&
    page.losses.length + broken.length + ledger.losses.length === 0
  const ended = { exhausted: isAll && left === 0 && listed > 0 && listed <= request.limit, cappedAt: page.cappedAt }
  await ledger.record({ kind: 'listed', albums: fresh, losses, next, ...next === null ? { ended } : {} })
  return fresh
}

/** Losses that a run names one by one. */
const MAX_LOSSES = 1000

/** Keeps the losses that a run may still name; the last of them says that there were more. */
export function boundLosses (losses: string[], known: number): string[] {
  const room = Math.max(0, MAX_LOSSES - known)
  if (losses.length < room || room === 0) return losses.slice(0, room)
  return [
    ...losses.slice(0, room - 1),
    `more than ${MAX_LOSSES} losses of the listing: those after the first ${MAX_LOSSES - 1} are not named`,
  ]
}

/**
 * Returns at most `wanted` albums that are not listed yet, how many more there are, and a sentence for each invalid
 * item.
 */
export function sortItems (
  items: unknown[], listed: ReadonlyMap<string, unknown>, wanted: number
): { fresh: ListedAlbum[], broken: string[], left: number } {
  const fresh = new Map<string, ListedAlbum>()
  const broken: string[] = []
  const left = new Set<string>()
  for (const item of items) {
    const album = readListedAlbum(item)
    if (fresh.size >= wanted) {
      if (album !== null && !listed.has(album.id) && !fresh.has(album.id)) left.add(album.id)
    } else if (album === null) broken.push(`an item of the listing was ${item === null ? 'null' : 'no album'}`)
    else if (!listed.has(album.id) && !fresh.has(album.id)) fresh.set(album.id, album)
  }
  return { fresh: [...fresh.values()], broken, left: left.size }
}

/** Dates of different precision compare as text; no date is the oldest. */
function compareDates (a: string | null, b: string | null): number {
  return (a ?? '') < (b ?? '') ? -1 : (a ?? '') > (b ?? '') ? 1 : 0
}
