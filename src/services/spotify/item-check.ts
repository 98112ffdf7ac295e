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

/** The ids of the albums among the items of a listing. */
export function idsOf (items: unknown[]): string[] {
  return items.flatMap((item) => readListedAlbum(item)?.id ?? [])
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
  /** Of the tracks, where there may be more of them on further pages. */
  keys: number[]
}

/** Read an album answer; null where it is not one. Tracks that are null or broken are taken out and missed in `valid`. */
export function readAlbumHead (body: unknown): AlbumHead | null {
  if (!isRecord(body) || !isId(body['id']) || !isRecord(body['tracks'])) return null
  const { tracks, total_tracks: totalTracks } = body
  if (!Array.isArray(tracks['items'])) return null
  const all = tracks['items'] as unknown[]
  const items = all.filter(isTrack)
  const claims = [tracks['total'], totalTracks].filter(isCount)
  const expected = Math.max(all.length, ...claims)
  const hasNext = typeof tracks['next'] === 'string'
  return {
    album: { ...body, tracks: { ...tracks, items } },
    slots: all.length,
    valid: items.length,
    expected,
    hasNext,
    keys: hasNext || expected > all.length ? items.map(trackKey) : [],
  }
}

/**
 * What tells a track from the others of its album: disc, number and name. Its id does not, since Spotify may answer another one
 * for the same place. Two places never have the same key.
 */
export function trackKey (track: unknown): number {
  const { disc_number: disc, track_number: number, name } = isRecord(track) ? track : {}
  const place = (isCount(disc) ? disc % DISCS : 0) * PLACES + (isCount(number) ? number % PLACES : 0)
  return place * 2 ** 32 + crc32(String(name))
}

/** No album has as many; their product leaves room for 32 bits in an integer that is exact. */
const DISCS = 2 ** 8
const PLACES = 2 ** 12

export function isTrack (item: unknown): boolean {
  return isRecord(item) && typeof item['name'] === 'string' && isCount(item['track_number'])
}

function isId (value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9]{1,64}$/.test(value)
}

function isCount (value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}
