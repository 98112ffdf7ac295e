import type { Catalogue } from '../catalogue/catalogue.ts'
import { FOREIGN_ORIGIN } from './fault-answers.ts'
import { flawOf } from './flaws.ts'
import { fillWithInvented } from '../catalogue/invent.ts'
import type { Page, Track, View } from '../catalogue/objects.ts'
import { linkBehind } from '../catalogue/paging.ts'
import type { Fault } from '../settings/settings.ts'
import type { EndpointName } from '../settings/endpoints.ts'
import { repeatPlace, restartNumbers, type TrackAt } from './track-places.ts'
import { nestedArrays } from '../http/write-json.ts'

type Item = Record<string, unknown>
type Items = Array<Item | null>

/** The call whose answer a fault changes. */
export interface SpoiltCall {
  readonly endpoint: EndpointName
  /** The `:id` parameter of the path. */
  readonly id: string | undefined
  readonly view: View
  readonly catalogue: Catalogue
}

/** The parts of an answer that a fault can change. */
interface Parts {
  /** The items of the page, or of the batch. */
  readonly items: Items
  /** The listing, or the page of tracks inside one album. */
  readonly page: Page<unknown> | null
  /** The full albums, of the album endpoint or of a batch. */
  readonly albums: Item[]
  /** The page of tracks of each album, with its album id. */
  readonly tracks: Array<{ albumId: string, page: Page<Item | null> }>
}

const DEEP = 20_000
const HUGE_TOTAL = 1_000_000_000
const WRONG_TOTAL_BY = 7

/** Changes a true answer in place. The item is the album that the fault names, else the middle one. */
export function spoil (fault: Fault, call: SpoiltCall, body: unknown): void {
  const parts = partsOf(call, body)
  const { items, page } = parts
  switch (fault.kind) {
    case 'null-item': replaceOne(items, fault.albumId, () => null); break
    case 'broken-item': replaceOne(items, fault.albumId, breakItem); break
    case 'odd-item': replaceOne(items, fault.albumId, blankItem); break
    case 'deep-nesting': replaceOne(items, fault.albumId, (item) => nest(item, fault.depth ?? DEEP)); break
    case 'huge-total': claimTotal(parts, fault.total ?? HUGE_TOTAL); break
    case 'other-album': answerOther(parts, fault.albumId, call); break
    default: flaw(fault, parts)
  }
  for (const { albumId, page: trackPage } of parts.tracks) spoilTracks(fault, trackPage, trackReader(call, albumId))
  if (page !== null) spoilPage(fault, page, call)
}

function trackReader ({ catalogue, view }: SpoiltCall, albumId: string): TrackAt {
  return (position) => catalogue.tracks(albumId, view, { offset: position, limit: 1 })[0]
}

function nest (item: Item, depth: number): Item {
  return Object.assign(item, { nested: nestedArrays(depth) })
}

/** Changes fields of one item, and of one track of each full album. */
function flaw ({ kind, albumId }: Fault, { items, albums, tracks }: Parts): void {
  const changesOf = flawOf(kind)
  if (changesOf === undefined) return
  const change = (item: Item) => Object.assign(item, changesOf(item))
  replaceOne(items, albumId, change)
  if (albums.length > 0) for (const { page } of tracks) replaceOne(page.items, undefined, change)
}

function spoilTracks ({ kind }: Fault, page: Page<Item | null>, trackAt: TrackAt): void {
  const tracks = page.items as Array<Track & Item | null>
  switch (kind) {
    case 'null-track': replaceOne(page.items, undefined, () => null); break
    case 'same-place': repeatPlace(tracks, page.offset, trackAt); break
    case 'restarting-numbers': restartNumbers(tracks, page.offset, page.total, trackAt); break
    default:
  }
}

function spoilPage (fault: Fault, page: Page<unknown>, { endpoint, catalogue, view }: SpoiltCall): void {
  switch (fault.kind) {
    case 'empty-page': page.items = []; break
    case 'wrong-total': page.total = Math.max(0, page.total + (fault.delta ?? WRONG_TOTAL_BY)); break
    case 'next-null-early': page.next = null; break
    case 'next-repeated': page.next = page.href; break
    case 'next-foreign': page.next = fault.url ?? elsewhere(page.href); break
    case 'next-past-cap': page.next = linkBehind(page); break
    case 'endless-next': fillWithInvented(page, isOfTracks(endpoint) ? 'track' : 'album', catalogue, view); break
    default:
  }
}

function isOfTracks (endpoint: EndpointName): boolean {
  return endpoint === 'album' || endpoint === 'albumTracks'
}

function partsOf ({ endpoint, id = '' }: SpoiltCall, body: unknown): Parts {
  switch (endpoint) {
    case 'albums': {
      const items = (body as { albums: Items }).albums
      const albums = items.filter((album) => album !== null)
      return { items, page: null, albums, tracks: albums.map(tracksOf) }
    }
    case 'album': {
      const album = body as Item
      const tracks = tracksOf(album)
      return { items: [album], page: tracks.page, albums: [album], tracks: [tracks] }
    }
    case 'albumTracks': {
      const page = body as Page<Item | null>
      return { items: page.items, page, albums: [], tracks: [{ albumId: id, page }] }
    }
    case 'artistAlbums': return ofListing(body as Page<Item | null>)
    case 'newReleases':
    case 'search': return ofListing((body as { albums?: Page<Item | null> }).albums)
    case 'token': return ofListing(undefined)
  }
}

function ofListing (page: Page<Item | null> | undefined): Parts {
  return { items: page?.items ?? [], page: page ?? null, albums: [], tracks: [] }
}

function tracksOf (album: Item): Parts['tracks'][number] {
  return { albumId: String(album['id']), page: album['tracks'] as Page<Item | null> }
}

function replaceOne (items: Items, id: string | undefined, change: (item: Item) => Item | null): void {
  const named = items.findIndex((item) => item?.['id'] === id)
  const index = named >= 0 ? named : Math.floor(items.length / 2)
  const item = items[index]
  if (item) items[index] = change(item)
}

/** Removes the id, and puts texts where Spotify documents lists and numbers. */
function breakItem (item: Item): Item {
  delete item['id']
  const broken = { uri: null, artists: 'unknown', name: 0, total_tracks: 'many', tracks: null, disc_number: '1' }
  return Object.assign(item, broken)
}

/** Sets every empty value that Spotify was seen to send in an otherwise complete release. */
function blankItem (item: Item): Item {
  if (item['type'] === 'album') Object.assign(item, { album_type: null, images: null, release_date: null })
  for (const artist of item['artists'] as Item[]) artist['name'] = null
  return Object.assign(item, { name: '' })
}

function claimTotal ({ items, page, tracks }: Parts, total: number): void {
  for (const item of items) if (item?.['type'] === 'album') item['total_tracks'] = total
  for (const part of [page, ...tracks.map(({ page }) => page)]) if (part !== null) part.total = total
}

/** Replaces the requested album, or all of a batch, by the first album of the catalogue. */
function answerOther ({ albums }: Parts, albumId: string | undefined, { catalogue, view }: SpoiltCall): void {
  for (const album of albums.filter(({ id }) => albumId === undefined || id === albumId)) {
    for (const field of Object.keys(album)) delete album[field]
    Object.assign(album, catalogue.answer(catalogue.ids[0] ?? '', view))
  }
}

function elsewhere (href: string): string {
  const { pathname, search } = new URL(href)
  return FOREIGN_ORIGIN + pathname + search
}
