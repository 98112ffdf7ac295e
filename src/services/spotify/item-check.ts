import { crc32 } from 'node:zlib'
import { isRecord } from './answer.ts'

/** An album that a listing showed: enough to fetch it, to name it in a gap, and to sort it. */
export interface ListedAlbum {
  id: string
  name: string | null
  releaseDate: string | null
  totalTracks: number | null
}

/** The album of one listing item, or null where the item is null or lacks a usable id. Everything else may be absent. */
export function readListedAlbum (item: unknown): ListedAlbum | null {
  if (!isRecord(item) || !isId(item['id'])) return null
  const { id, name, release_date: releaseDate, total_tracks: totalTracks } = item
  return {
    id,
    name: typeof name === 'string' && name !== '' ? name : null,
    releaseDate: typeof releaseDate === 'string' ? releaseDate : null,
    totalTracks: isCount(totalTracks) ? totalTracks : null,
  }
}

/** An album as fetched, with what it says of its tracks. */
export interface AlbumHead {
  /** As Spotify sent it, but for tracks that are none. */
  album: Record<string, unknown> & { tracks: Record<string, unknown> & { items: unknown[] } }
  /** Places on the embedded page, broken ones included. */
  slots: number
  /** Tracks among them. */
  valid: number
  /** Tracks that Spotify says the album has. */
  expected: number
  /** The embedded page has a next one. */
  hasNext: boolean
  fingerprint: number
}

/** Read an album answer; null where it is not one. Tracks that are null or broken are taken out and missed in `valid`. */
export function readAlbumHead (body: unknown): AlbumHead | null {
  if (!isRecord(body) || !isId(body['id']) || !isRecord(body['tracks'])) return null
  const { tracks, total_tracks: totalTracks } = body
  if (!Array.isArray(tracks['items'])) return null
  const all = tracks['items'] as unknown[]
  const items = all.filter(isTrack)
  const claims = [tracks['total'], totalTracks].filter(isCount)
  return {
    album: { ...body, tracks: { ...tracks, items } },
    slots: all.length,
    valid: items.length,
    expected: Math.max(all.length, ...claims),
    hasNext: typeof tracks['next'] === 'string',
    fingerprint: fingerprintOf(items),
  }
}

/** Of a page of tracks, by disc, number and id: the same page gives the same one. */
export function fingerprintOf (tracks: unknown[]): number {
  return crc32(tracks.map((track) => isRecord(track) ? `${String(track['disc_number'])}/${String(track['track_number'])}/${String(track['id'])}` : '').join())
}

export function isTrack (item: unknown): boolean {
  return isRecord(item) && typeof item['name'] === 'string' && isCount(item['track_number'])
}

function isId (value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9]{1,64}$/.test(value)
}

function isCount (value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}
