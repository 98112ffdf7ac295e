// 100 new albums with every track, by the official TypeScript SDK.
import { type Album, SpotifyApi } from '@spotify/web-api-ts-sdk'

const ALBUMS = 100
const LISTING_PAGE_SIZE = 50
const BATCH_SIZE = 20
const TRACKS_PAGE_SIZE = 50

async function listIds (api: SpotifyApi): Promise<string[]> {
  const ids: string[] = []
  for (let offset = 0; offset < ALBUMS; offset += LISTING_PAGE_SIZE) {
    const { albums } = await api.browse.getNewReleases(undefined, LISTING_PAGE_SIZE, offset)
    ids.push(...albums.items.map(({ id }) => id))
    if (albums.next === null) break
  }
  return ids
}

async function addFurtherTracks (api: SpotifyApi, album: Album): Promise<void> {
  const { items, total } = album.tracks // an album brings its first 50 tracks
  while (items.length < total) {
    const page = await api.albums.tracks(album.id, undefined, TRACKS_PAGE_SIZE, items.length)
    if (page.items.length === 0) break
    items.push(...page.items)
  }
}

export async function newAlbums (clientId: string, clientSecret: string): Promise<Album[]> {
  const api = SpotifyApi.withClientCredentials(clientId, clientSecret)
  const ids = await listIds(api)
  const albums: Album[] = []
  for (let start = 0; start < ids.length; start += BATCH_SIZE) {
    const batch = await api.albums.get(ids.slice(start, start + BATCH_SIZE))
    for (const album of batch) await addFurtherTracks(api, album)
    albums.push(...batch)
  }
  return albums
}
