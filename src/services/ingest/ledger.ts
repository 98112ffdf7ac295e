import { type Gap, type ListingEnd, type Progress, type UsedSource } from '../../schemas/run.ts'
import { TRACKS_PAGE_SIZE } from '../spotify/http/endpoint.ts'
import { type AlbumHead, type ListedAlbum } from '../spotify/item-check.ts'
import { type Cost, type Meter, NO_COST, createMeter } from '../spotify/cost.ts'
import { type SourceCursor } from '../spotify/sources/paged-source.ts'
import { type BodyRef, type LedgerStore } from '../store/ledger-store.ts'
import { type AlbumState, countTracks, expectedTracks, isAlbumComplete, namesMore, putPage, tellsMore } from './track-coverage.ts'

/** The facts of a run, in the order in which they became known. */
export type LedgerEvent =
  | { kind: 'source', source: UsedSource }
  | { kind: 'listed', albums: ListedAlbum[], losses: string[], next: SourceCursor | null, ended?: ListingEnd }
  /** A page of the listing that was answered before its turn; its items are the body. */
  | { kind: 'early', part: number, offset: number, pageSize: number, next: string | null, total: number | null }
  | { kind: 'album', id: string, slots: number, valid: number, expected: number, hasNext: boolean, keys?: string[] }
  | { kind: 'tracks', id: string, offset: number, slots: number, valid: number, hasNext: boolean, keys?: string[] }
  | { kind: 'unavailable', id: string, detail: string }
  /** An execution after the first one. */
  | { kind: 'begun' }
  /** An execution was told to stop, or paused: it was not cut off. */
  | { kind: 'left' }
  /** Calls were refused that brought nothing else: their cost. */
  | { kind: 'refused' }
  /** A user resumed the run: what Spotify did not have is asked for again, and a listing that lost something begins again. */
  | { kind: 'resumed', resumption: number }

/** An event with what the run had cost when it was stored. */
export type StoredEvent = LedgerEvent & { cost?: Cost }

/** A page that waits for its turn in the listing. */
export interface EarlyPage {
  part: number
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
  /** Where the listing goes on; undefined before it began, null when it has ended. */
  readonly next: SourceCursor | null | undefined
  /** In the order of the listing, each once. */
  readonly listed: ReadonlyMap<string, ListedAlbum>
  readonly losses: readonly string[]
  /** How the listing ended; null before. */
  readonly listing: ListingEnd | null
  /** Adds up what the run costs, from what its earlier executions cost; each event is stored with that. */
  readonly meter: Meter
  /** The last time a user let the run go on that is stored; 0 before the first. */
  readonly resumption: number
  /** Executions in a row that were cut off before they had stored anything. */
  readonly fruitless: number
  album: (id: string) => AlbumState | undefined
  /** The page of that place where it was answered before its turn. */
  early: (part: number, offset: number) => EarlyPage | undefined
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
export async function openLedger (store: LedgerStore<StoredEvent>, { limit, monotonic, onChange }: LedgerOptions): Promise<Ledger> {
  const albums = new Map<string, AlbumState>()
  const unavailable = new Map<string, string>()
  const listed = new Map<string, ListedAlbum>()
  const losses: string[] = []
  let listing: ListingEnd | null = null
  let early: EarlyPage[] = []
  let source: UsedSource | null = null
  let next: SourceCursor | null | undefined
  let cost = NO_COST
  let resumption = 0
  let fruitless = 0
  let tracks = 0

  function count (part: StoredEvent, body: BodyRef | null): void {
    cost = part.cost ?? cost
    if (part.kind !== 'refused') fruitless = part.kind === 'begun' ? fruitless + 1 : 0
    switch (part.kind) {
      case 'source':
        source = part.source
        listing = null
        next = undefined // of another source, where the first one was refused
        early = []
        break
      case 'listed':
        for (const album of part.albums) if (!listed.has(album.id)) listed.set(album.id, album)
        losses.push(...part.losses)
        next = part.next
        listing = part.ended ?? null
        early = early.filter((page) => isStillAhead(page, part.next))
        break
      case 'early':
        if (body !== null) early.push({ ...part, body })
        break
      case 'album':
        if (body !== null) countAlbum(part, body)
        break
      case 'tracks':
        if (body !== null) countPage(part, body)
        break
      case 'unavailable':
        unavailable.set(part.id, part.detail)
        break
      case 'resumed':
        resumption = part.resumption
        unavailable.clear()
        if (losses.length > 0 || listed.size === 0) {
          next = undefined
          listing = null
          early = []
        }
        losses.length = 0
        break
      case 'begun':
      case 'left':
      case 'refused':
        break
    }
  }

  function countAlbum (part: LedgerEvent & { kind: 'album' }, body: BodyRef): void {
    if (albums.has(part.id)) return
    const { id, expected, slots, valid, hasNext, keys = [] } = part
    albums.set(id, { body, expected, pages: [{ offset: 0, slots, valid, hasNext, keys, body: null }] })
    tracks += valid
  }

  function countPage (part: LedgerEvent & { kind: 'tracks' }, body: BodyRef): void {
    const { id, offset, slots, valid, hasNext, keys = [] } = part
    const page = { offset, slots, valid, hasNext, keys, body }
    const state = albums.get(id)
    if (state === undefined || !tellsMore(page, state)) return
    tracks -= countTracks(state)
    putPage(state, page)
    tracks += countTracks(state)
    const hasRepeats = state.pages.reduce((sum, page) => sum + page.valid, 0) > countTracks(state)
    if (!hasRepeats && isAlbumComplete(state, TRACKS_PAGE_SIZE)) for (const page of state.pages) page.keys = []
  }

  for await (const { event, body } of store.replay()) count(event, body)
  const meter = createMeter(monotonic, cost)

  return {
    meter,
    get source () { return source },
    get next () { return next },
    get listed () { return listed },
    get losses () { return losses },
    get listing () { return listing },
    get resumption () { return resumption },
    get fruitless () { return fruitless },
    album: (id) => albums.get(id),
    early: (part, offset) => early.find((page) => page.part === part && page.offset === offset),
    isComplete (id) {
      const state = albums.get(id)
      return state !== undefined && isAlbumComplete(state, TRACKS_PAGE_SIZE)
    },
    unavailable: (id) => unavailable.get(id),
    progress: () => ({ albumsListed: Math.min(listed.size, limit), albumsFetched: Math.min(albums.size, limit), tracks }),
    async record (event, body) {
      const stored = { ...event, cost: meter.read() }
      count(stored, await store.append(stored, body))
      onChange?.()
    },
    readBody: store.readBody,
  }
}

function isStillAhead ({ part, offset }: EarlyPage, next: SourceCursor | null): boolean {
  return next !== null && (part > next.part || (part === next.part && offset >= next.cursor.offset))
}

/** The event that stores an album as it was answered. */
export function albumEvent (id: string, { slots, valid, expected, hasNext, keys }: Omit<AlbumHead, 'album'>): LedgerEvent {
  return { kind: 'album', id, slots, valid, expected, hasNext, keys }
}

/** What is missing of a listed album: null when nothing is. `failure`: how the last try ended, where it did. */
export function gapOf (ledger: Ledger, { id, name, totalTracks }: ListedAlbum, failure: { code: string, detail: string } | undefined): Gap | null {
  if (ledger.isComplete(id)) return null
  const state = ledger.album(id)
  const unavailable = ledger.unavailable(id)
  const gap = { albumId: id, name, expectedTracks: state === undefined ? totalTracks : expectedTracks(state), tracks: state === undefined ? 0 : countTracks(state) }
  if (unavailable !== undefined) return { ...gap, code: 'album_unavailable', detail: unavailable }
  if (state !== undefined) {
    const rest = namesMore(state) ? ', and further pages were named that were not followed' : ''
    const missing = `${gap.tracks} of ${gap.expectedTracks} tracks were answered (Spotify says that the album has ${state.expected}${rest})`
    return { ...gap, code: 'tracks_missing', detail: failure === undefined ? missing : `${missing}: ${failure.detail}` }
  }
  return { ...gap, code: failure?.code ?? 'not_fetched', detail: failure?.detail ?? 'the run ended before this album was fetched' }
}
