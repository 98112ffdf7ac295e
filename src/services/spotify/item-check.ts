import { cutText } from '../cut-text.ts'
import { isRecord } from '../fields.ts'

/** An album that a listing showed: enough to fetch it, to name it in a gap, and to sort it. */
export interface ListedAlbum {
  id: string
  name: string | null
  releaseDate: string | null
  totalTracks: number | null
}

/**
 * The album of one listing item, or null where the item is null or lacks a usable id. Everything else may be absent.
 */
export function readListedAlbum (item: unknown): ListedAlbum | null {
  if (!isRecord(item) || !isId(item['id'])) return null
  const { id, name, release_date: releaseDate, total_tracks: totalTracks } = item
  return {
    id,
    name: typeof name === 'string' && name !== '' ? cutText(name, MAX_NAME_LENGTH) : null,
    releaseDate: typeof releaseDate === 'string' && releaseDate.length <= MAX_DATE_LENGTH ? releaseDate : null,
    totalTracks: isCount(totalTracks) ? totalTracks : null,
  }
}

/** A name stands in gaps and the ledger only; the document has the album's own. */
const MAX_NAME_LENGTH = 300
const MAX_DATE_LENGTH = 32

/** Reduces an item to the fields that `readListedAlbum` reads, so that a stored page stays small whatever was sent. */
export function listedFields (item: unknown): unknown {
  if (item === null) return null
  const album = readListedAlbum(item)
  return album === null
    ? {}
    : { id: album.id, name: album.name, release_date: album.releaseDate, total_tracks: album.totalTracks }
}

/** The ids of the albums among the items of a listing. */
export function idsOf (items: unknown[]): string[] {
  return items.flatMap((item) => readListedAlbum(item)?.id ?? [])
}

/** An album as fetched, with what it says of its tracks. */
export interface AlbumHead {
  /** As Spotify sent it, without invalid tracks and without a `next` that names no page. */
  album: Record<string, unknown> & { id: string, tracks: Record<string, unknown> & { items: unknown[] } }
  /** Places on the embedded page, broken ones included. */
  places: number
  /** Tracks among them. */
  valid: number
  /** Tracks that Spotify says the album has. */
  expected: number
  /** The embedded page has a next one. */
  hasNext: boolean
  /** Of the tracks, where there may be more of them on further pages. */
  keys: string[]
}

/**
 * Read an album answer; null where it is not one. Tracks that are null or broken are taken out and missed in `valid`.
 */
export function readAlbumHead (body: unknown): AlbumHead | null {
  if (!isRecord(body) || !isId(body['id']) || !isRecord(body['tracks'])) return null
  const { id, tracks, total_tracks: totalTracks } = body
  if (!Array.isArray(tracks['items'])) return null
  const all = tracks['items'] as unknown[]
  const items = all.filter(isTrack)
  const claims = [tracks['total'], totalTracks].filter(isCount)
  const expected = Math.max(all.length, ...claims)
  const hasNext = typeof tracks['next'] === 'string'
  return {
    album: {
      ...body,
      id,
      tracks: { ...tracks, items, ...hasNext || tracks['next'] === undefined ? {} : { next: null } },
    },
    places: all.length,
    valid: items.length,
    expected,
    hasNext,
    keys: hasNext || expected > all.length ? trackKeys(items) : [],
  }
}

/**
 * Returns what identifies a track among those of its album: its id, with that of the track it was relinked from.
 * Without an id: disc, number and name where all are usable. Null where nothing identifies it; such a track is never
 * taken for a repeated one.
 */
export function trackKey (track: unknown): string | null {
  if (!isRecord(track)) return null
  const { id, linked_from: linkedFrom, disc_number: disc, track_number: number, name } = track
  if (isText(id)) return isRecord(linkedFrom) && isText(linkedFrom['id']) ? `${id}<${linkedFrom['id']}` : id
  const isPlaced = id == null && isCount(number) && isText(name)
  return isPlaced ? JSON.stringify([isCount(disc) ? disc : null, number, name]) : null
}

export function trackKeys (tracks: unknown[]): string[] {
  return tracks.flatMap((track) => trackKey(track) ?? [])
}

/** A track needs something to know it by: an id, a URI or a name. Any other field may be null or odd. */
export function isTrack (item: unknown): boolean {
  return isRecord(item) && (isText(item['id']) || isText(item['uri']) || typeof item['name'] === 'string')
}

function isText (value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isId (value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9]{1,64}$/.test(value)
}

function isCount (value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}
