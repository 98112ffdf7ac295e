import { type Album, type SimplifiedAlbum, SpotifyApi } from '@spotify/web-api-ts-sdk'
import type { Listing } from './contender.ts'
import type { Fetched } from './fetched.ts'

/** How somebody who knows the SDK well uses it: the largest pages, the album with its tracks by one call, further pages of tracks. */
export type Manner = 'sequential' | 'batch' | 'at once'

const TRACKS_PAGE_SIZE = 50
const BATCH_SIZE = 20

/** The SDK has Spotify's origins written into it: its requests go to the sandbox instead. */
export function redirect (origin: string): void {
  const original = globalThis.fetch
  globalThis.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    return await original(origin + url.pathname + url.search, init)
  }
}

export async function sdk (manner: Manner, wanted: number, listing: Listing): Promise<Fetched> {
  const api = SpotifyApi.withClientCredentials('sandbox-id', 'sandbox-secret')
  const map = manner === 'at once' ? allAtOnce : oneByOne
  const size = listing.mostPageSize
  const offsets = Array.from({ length: Math.ceil(wanted / size) }, (_, page) => page * size)
  const listed = (await map(offsets, async (offset) => await listPage(api, listing, offset))).flat().slice(0, wanted)
  const albums = manner === 'batch'
    ? (await map(chunksOf(listed, BATCH_SIZE), async (some) => await api.albums.get(some.map(({ id }) => id)))).flat()
    : await map(listed, async ({ id }) => await api.albums.get(id))
  await map(albums, async (album) => await addFurtherTracks(api, album, map))
  return { albums: albums.length, tracks: albums.reduce((total, album) => total + album.tracks.items.length, 0), content: albums }
}

type Map = <Item, Result>(items: Item[], work: (item: Item) => Promise<Result>) => Promise<Result[]>

const allAtOnce: Map = async (items, work) => await Promise.all(items.map(work))

const oneByOne: Map = async (items, work) => {
  const results = []
  for (const item of items) results.push(await work(item))
  return results
}

type Limit = 1 | 10 | 20 | 50

async function listPage (api: SpotifyApi, { source, mostPageSize }: Listing, offset: number): Promise<SimplifiedAlbum[]> {
  const limit = mostPageSize as Limit
  const { albums } = source === 'new-releases' ? await api.browse.getNewReleases(undefined, limit, offset) : await api.search('tag:new', ['album'], undefined, limit, offset)
  return albums.items
}

async function addFurtherTracks (api: SpotifyApi, album: Album, map: Map): Promise<void> {
  const offsets: number[] = []
  for (let offset = TRACKS_PAGE_SIZE; offset < album.tracks.total; offset += TRACKS_PAGE_SIZE) offsets.push(offset)
  const pages = await map(offsets, async (offset) => await api.albums.tracks(album.id, undefined, TRACKS_PAGE_SIZE, offset))
  album.tracks.items.push(...pages.flatMap(({ items }) => items))
}

function chunksOf<Item> (items: Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, chunk) => items.slice(chunk * size, (chunk + 1) * size))
}
