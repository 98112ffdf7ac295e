import type { Cost, Gap, ListingEnd, Progress, UsedSource } from '../../schemas/run.ts'
import { TRACKS_PAGE_SIZE } from '../spotify/http/endpoint.ts'
import type { AlbumHead, ListedAlbum } from '../spotify/item-check.ts'
import { type CostCounter, NO_COST, createCostCounter } from '../spotify/cost.ts'
import type { SourceCursor } from '../spotify/sources/paged-source.ts'
import type { BodyRef, LedgerStore } from '../store/ledger-store.ts'
import {
  type TrackCoverage, countTracks, expectedTracks, isAlbumComplete, namesMore, putPage, tellsMore
} from './track-coverage.ts'

/** The facts of a run, in the order in which they became known. */
export type LedgerEvent =
  | { kind: 'source', source: UsedSource }
  | { kind: 'listed', albums: ListedAlbum[], losses: string[], next: SourceCursor | null, ended?: ListingEnd }
  /** A page of the listing that was answered before its turn; its items are the body. */
  | {
    kind: 'prefetched'
    streamIndex: number
    offset: number
    pageSize: number
    next: string | null
    total: number | null
  }
  | { kind: 'album', id: string, places: number, valid: number, expected: number, hasNext: boolean, keys?: string[] }
  | { kind: 'tracks', id: string, offset: number, places: number, valid: number, hasNext: boolean, keys?: string[] }
  | { kind: 'unavailable', id: string, detail: string }
  /** An execution after the first one. */
  | { kind: 'started' }
  /** An execution was told to stop, or paused: it was not cut off. */
  | { kind: 'left' }
  /** Calls were refused that brought nothing else: their cost. */
  | { kind: 'refused' }
  /**
   * A user resumed the run: what Spotify did not have is asked for again, and a listing that lost something begins
   * again.
   */
  | { kind: 'resumed', resumption: number }

/** An event with what the run had cost when it was stored. */
export type StoredEvent = LedgerEvent & { cost?: Cost }

/** A page that waits for its turn in the listing. */
export interface PrefetchedPage {
  streamIndex: number
  offset: number
  pageSize: number
  next: string | null
  total: number | null
  /** Its items. */
  body: BodyRef
}

/**
 * What one run has, as its events add up to: the only state of the pipeline. An event is stored
 * first and counted then, so that what is counted survives any crash.
 */
export interface Ledger {
  readonly source: UsedSource | null
  /** The cursor of the listing; undefined before its start, null after its end. */
  readonly next: SourceCursor | null | undefined
  /** In the order of the listing, each once. */
  readonly listed: ReadonlyMap<string, ListedAlbum>
  readonly losses: readonly string[]
  /** How the listing ended; null before. */
  readonly listing: ListingEnd | null
  /** Adds up what the run costs, from what its earlier executions cost; each event is stored with that. */
  readonly cost: CostCounter
  /** The last time a user let the run go on that is stored; 0 before the first. */
  readonly resumption: number
  /** Executions in a row that were cut off before they had stored anything. */
  readonly fruitless: number
  album: (id: string) => TrackCoverage | undefined
  /** The page of that place where it was answered before its turn. */
  prefetched: (streamIndex: number, offset: number) => PrefetchedPage | undefined
  isComplete: (id: string) => boolean
  /** Why Spotify has no such album, where it said so. */
  unavailable: (id: string) => string | undefined
  progress: () => Progress
  /** Stores an event, then counts it. */
  record: (event: LedgerEvent, body?: string) => Promise<void>
  readBody: (ref: BodyRef) => Promise<string>
}

export interface LedgerOptions {
  /** Albums that the run wants. */
  limit: number
  monotonic: () => number
  /** Called after each new event. */
  onChange?: () => void
}

/** Builds the ledger of a run from its stored events. */
export async function openLedger (
  store: LedgerStore<StoredEvent>, { limit, monotonic, onChange }: LedgerOptions
): Promise<Ledger> {
  const albums = new Map<string, TrackCoverage>()
  const unavailable = new Map<string, string>()
  const listed = new Map<string, ListedAlbum>()
  const losses: string[] = []
  let listing: ListingEnd | null = null
  let prefetched: PrefetchedPage[] = []
  let source: UsedSource | null = null
  let next: SourceCursor | null | undefined
  let storedCost = NO_COST
  let resumption = 0
  let fruitless = 0
  let tracks = 0

  function count (event: StoredEvent, body: BodyRef | null): void {
    storedCost = event.cost ?? storedCost
    if (event.kind !== 'refused') fruitless = event.kind === 'started' ? fruitless + 1 : 0
    switch (event.kind) {
      case 'source':
        source = event.source
        listing = null
        next = undefined // of another source, where the first one was refused
        prefetched = []
        break
      case 'listed':
        for (const album of event.albums) if (!listed.has(album.id)) listed.set(album.id, album)
        losses.push(...event.losses)
        next = event.next
        listing = event.ended ?? null
        prefetched = prefetched.filter((page) => isStillAhead(page, event.next))
        break
      case 'prefetched':
        if (body !== null) prefetched.push({ ...event, body })
        break
      case 'album':
        if (body !== null) countAlbum(event, body)
        break
      case 'tracks':
        if (body !== null) countPage(event, body)
        break
      case 'unavailable':
        unavailable.set(event.id, event.detail)
        break
      case 'resumed':
        resumption = event.resumption
        unavailable.clear()
        if (losses.length > 0 || listed.size === 0) {
          next = undefined
          listing = null
          prefetched = []
        }
        losses.length = 0
        break
      case 'started':
      case 'left':
      case 'refused':
        break
    }
  }

  function countAlbum (event: LedgerEvent & { kind: 'album' }, body: BodyRef): void {
    if (albums.has(event.id)) return
    const { id, expected, places, valid, hasNext, keys = [] } = event
    albums.set(id, { body, expected, pages: [{ offset: 0, places, valid, hasNext, keys, body: null }] })
    tracks += valid
  }

  function countPage (event: LedgerEvent & { kind: 'tracks' }, body: BodyRef): void {
    const { id, offset, places, valid, hasNext, keys = [] } = event
    const page = { offset, places, valid, hasNext, keys, body }
    const state = albums.get(id)
    if (state === undefined || !tellsMore(page, state)) return
    tracks -= countTracks(state)
    putPage(state, page)
    tracks += countTracks(state)
    const hasRepeats = state.pages.reduce((sum, page) => sum + page.valid, 0) > countTracks(state)
    if (!hasRepeats && isAlbumComplete(state, TRACKS_PAGE_SIZE)) for (const page of state.pages) page.keys = []
  }

  for await (const { event, body } of store.replay()) count(event, body)
  const cost = createCostCounter(monotonic, storedCost)

  return {
    cost,
    get source () { return source },
    get next () { return next },
    get listed () { return listed },
    get losses () { return losses },
    get listing () { return listing },
    get resumption () { return resumption },
    get fruitless () { return fruitless },
    album: (id) => albums.get(id),
    prefetched: (streamIndex, offset) =>
      prefetched.find((page) => page.streamIndex === streamIndex && page.offset === offset),
    isComplete (id) {
      const state = albums.get(id)
      return state !== undefined && isAlbumComplete(state, TRACKS_PAGE_SIZE)
    },
    unavailable: (id) => unavailable.get(id),
    progress: () =>
      ({ albumsListed: Math.min(listed.size, limit), albumsFetched: Math.min(albums.size, limit), tracks }),
    async record (event, body) {
      const stored = { ...event, cost: cost.read() }
      count(stored, await store.append(stored, body))
      onChange?.()
    },
    readBody: store.readBody,
  }
}

function isStillAhead ({ streamIndex, offset }: PrefetchedPage, next: SourceCursor | null): boolean {
  return next !== null &&
    (streamIndex > next.streamIndex || (streamIndex === next.streamIndex && offset >= next.cursor.offset))
}

/** The event that stores an album as it was answered. */
export function albumEvent (
  id: string, { places, valid, expected, hasNext, keys }: Omit<AlbumHead, 'album'>
): LedgerEvent {
  return { kind: 'album', id, places, valid, expected, hasNext, keys }
}

/** Returns the gap of a listed album, or null. `failure`: how the last try ended, if it failed. */
export function gapOf (
  ledger: Ledger, { id, name, totalTracks }: ListedAlbum, failure: { code: string, detail: string } | undefined
): Gap | null {
  if (ledger.isComplete(id)) return null
  const state = ledger.album(id)
  const unavailable = ledger.unavailable(id)
  const gap = {
    albumId: id,
    name,
    expectedTracks: state === undefined ? totalTracks : expectedTracks(state),
    tracks: state === undefined ? 0 : countTracks(state),
  }
  if (unavailable !== undefined) return { ...gap, code: 'album_unavailable', detail: unavailable }
  if (state !== undefined) {
    const rest = namesMore(state) ? ', and further pages were named that were not followed' : ''
    const missing = `${gap.tracks} of ${gap.expectedTracks} tracks were answered (Spotify says that the album has ` +
      `${state.expected}${rest})`
    return { ...gap, code: 'tracks_missing', detail: failure === undefined ? missing : `${missing}: ${failure.detail}` }
  }
  return {
    ...gap,
    code: failure?.code ?? 'not_fetched',
    detail: failure?.detail ?? 'the run ended before this album was fetched',
  }
}
