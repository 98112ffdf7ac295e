import type { Page } from './objects.ts'
import type { EndpointName, Fault } from './settings.ts'

type Item = Record<string, unknown>
type Items = Array<Item | null>

/** The parts of an answer that a fault can spoil. */
interface Parts {
  /** The items of the page, or of the batch. */
  readonly items: Items
  /** The listing, or the page of tracks inside one album. */
  readonly page: Page<unknown> | null
  /** The tracks of each album. */
  readonly tracks: Items[]
}

const FOREIGN_ORIGIN = 'https://api.spotify.invalid'

/** Spoils a true answer in place. Which item suffers is fixed: the album that the fault names, else the middle one. */
export function spoil (fault: Fault, endpoint: EndpointName, body: unknown): void {
  const { items, page, tracks } = partsOf(endpoint, body)
  if (fault.kind === 'null-item') replaceOne(items, fault.albumId, () => null)
  if (fault.kind === 'broken-item') replaceOne(items, fault.albumId, breakItem)
  if (fault.kind === 'odd-item') replaceOne(items, fault.albumId, blankItem)
  if (fault.kind === 'null-track') tracks.forEach((list) => replaceOne(list, undefined, () => null))
  if (page !== null) spoilPage(fault, page)
}

function spoilPage (fault: Fault, page: Page<unknown>): void {
  switch (fault.kind) {
    case 'empty-page': page.items = []; break
    case 'wrong-total': page.total = Math.max(0, page.total + (fault.delta ?? 7)); break
    case 'next-null-early': page.next = null; break
    case 'next-repeated': page.next = page.href; break
    case 'next-foreign': page.next = fault.url ?? elsewhere(page.href); break
    case 'next-past-cap': page.next = page.href.replace(/offset=\d+/, `offset=${page.offset + page.limit}`); break
    default:
  }
}

function partsOf (endpoint: EndpointName, body: unknown): Parts {
  switch (endpoint) {
    case 'albums': {
      const { albums } = body as { albums: Items }
      return { items: albums, page: null, tracks: albums.flatMap((album) => album ? [tracksIn(album)] : []) }
    }
    case 'album': {
      const album = body as Item
      return { items: [album], page: album['tracks'] as Page<unknown>, tracks: [tracksIn(album)] }
    }
    case 'albumTracks':
    case 'artistAlbums': return ofPage(body as Page<Item | null>)
    case 'newReleases':
    case 'search': return ofPage((body as { albums?: Page<Item | null> }).albums)
    case 'token': return ofPage(undefined)
  }
}

function ofPage (page: Page<Item | null> | undefined): Parts {
  return { items: page?.items ?? [], page: page ?? null, tracks: page ? [page.items] : [] }
}

function tracksIn (album: Item): Items {
  return (album['tracks'] as Page<Item | null>).items
}

function replaceOne (items: Items, id: string | undefined, change: (item: Item) => Item | null): void {
  const named = items.findIndex((item) => item?.['id'] === id)
  const index = named >= 0 ? named : Math.floor(items.length / 2)
  const item = items[index]
  if (item) items[index] = change(item)
}

/** No id, and texts where Spotify documents lists and numbers. */
function breakItem (item: Item): Item {
  delete item['id']
  return Object.assign(item, { uri: null, artists: 'unknown', name: 0, total_tracks: 'many', tracks: null, disc_number: '1' })
}

/** Every empty value that Spotify has been seen to send in a release that is otherwise fine. */
function blankItem (item: Item): Item {
  if (item['type'] === 'album') Object.assign(item, { album_type: null, images: null, release_date: null })
  for (const artist of item['artists'] as Item[]) artist['name'] = null
  return Object.assign(item, { name: '' })
}

function elsewhere (href: string): string {
  const { pathname, search } = new URL(href)
  return FOREIGN_ORIGIN + pathname + search
}
