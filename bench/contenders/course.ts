import { request } from 'undici'
import type { Listing } from './contender.ts'
import type { Fetched } from './fetched.ts'

/**
 * The course pipeline, as faithfully as it can be told from its description: a token, pages of 20, then the tracks of one album after
 * the other, page after page at Spotify's usual size. An album that fails gets an empty list, and nobody is told. Where new-releases
 * is refused it lists by search, which the course did not have to.
 */
export async function course (origin: string, albums: number, listing: Listing): Promise<Fetched> {
  const token = await getToken(origin)
  const listed = await listAlbums(origin, token, albums, listing)
  const result: Record<string, unknown[]> = {}
  for (const { id } of listed) result[id] = await tracksOf(origin, token, id)
  return { albums: Object.keys(result).length, tracks: Object.values(result).flat().length, content: result }
}

interface Page<Item> { items: Item[], next: string | null }

const PAGE_SIZE = 20

async function getToken (origin: string): Promise<string> {
  const answer = await request(`${origin}/api/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from('sandbox-id:sandbox-secret').toString('base64')}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials',
  })
  return (await answer.body.json() as { access_token: string }).access_token
}

async function get (url: string, token: string): Promise<unknown> {
  const answer = await request(url, { headers: { authorization: `Bearer ${token}` } })
  const body = await answer.body.text()
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${body.slice(0, 80)}`)
  return JSON.parse(body)
}

async function listAlbums (origin: string, token: string, wanted: number, { source, mostPageSize }: Listing): Promise<Array<{ id: string }>> {
  const limit = Math.min(PAGE_SIZE, mostPageSize)
  const path = source === 'new-releases' ? `/browse/new-releases?limit=${limit}` : `/search?q=tag:new&type=album&limit=${limit}`
  const listed: Array<{ id: string }> = []
  for (let url: string | null = `${origin}/v1${path}`; url !== null && listed.length < wanted;) {
    const { albums } = await get(url, token) as { albums: Page<{ id: string }> }
    listed.push(...albums.items)
    url = albums.next
  }
  return listed.slice(0, wanted)
}

async function tracksOf (origin: string, token: string, id: string): Promise<unknown[]> {
  const tracks: unknown[] = []
  try {
    for (let url: string | null = `${origin}/v1/albums/${id}/tracks`; url !== null;) {
      const page = await get(url, token) as Page<unknown>
      tracks.push(...page.items)
      url = page.next
    }
    return tracks
  } catch {
    return []
  }
}
