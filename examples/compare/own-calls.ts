// 100 new albums with every track, by own calls of the Web API.

interface Page<Item> { items: Item[], next: string | null }
interface Track { id: string, name: string }
export interface Album { id: string, name: string, tracks: Page<Track> }

async function getToken (clientId: string, clientSecret: string): Promise<string> {
  const headers = { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` }
  const body = new URLSearchParams({ grant_type: 'client_credentials' })
  const response = await fetch('https://accounts.spotify.com/api/token', { method: 'POST', headers, body })
  if (!response.ok) throw new Error(`token: ${response.status} ${await response.text()}`)
  return (await response.json() as { access_token: string }).access_token
}

async function get<Body> (url: string, token: string): Promise<Body> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return await response.json() as Body
}

export async function newAlbums (clientId: string, clientSecret: string): Promise<Album[]> {
  const token = await getToken(clientId, clientSecret)
  const albums: Album[] = []
  let url: string | null = 'https://api.spotify.com/v1/browse/new-releases?limit=50'
  while (url !== null && albums.length < 100) {
    const listing: { albums: Page<{ id: string }> } = await get(url, token)
    for (const { id } of listing.albums.items) {
      const album: Album = await get(`https://api.spotify.com/v1/albums/${id}`, token)
      for (let next = album.tracks.next; next !== null;) { // an album brings its first 50 tracks
        const page: Page<Track> = await get(next, token)
        album.tracks.items.push(...page.items)
        next = page.next
      }
      albums.push(album)
    }
    url = listing.albums.next
  }
  return albums.slice(0, 100)
}
