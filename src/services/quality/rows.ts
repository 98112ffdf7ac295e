import { isRecord } from '../spotify/answer.ts'
import { type JsonRecord } from './columns.ts'
import { type Key, keyPart } from './tally.ts'

/** An album of the document as the checks see it. */
export interface AlbumRow {
  record: JsonRecord
  albumId: string | null
  tracks: TrackRow[]
  artists: unknown[]
  /** A gap of the run says that something of it is missing. */
  isExcused: boolean
  key: () => Key
}

/** A track of an album. */
export interface TrackRow {
  record: JsonRecord
  /** Counted from 1, in the order of the document. */
  position: number
  key: () => Key
}

/** The first row of an album, and the first artist, have this position. */
const FIRST_POSITION = 1

/** Reads an album, whatever it is: what is no object has nothing in it. */
export function readAlbumRow (album: unknown, excused: ReadonlySet<string>): AlbumRow {
  const record = isRecord(album) ? album : {}
  const albumId = keyPart(record['id'])
  const { tracks } = record
  const items = isRecord(tracks) ? listOf(tracks['items']) : []
  return {
    record,
    albumId,
    tracks: items.map((item, index): TrackRow => {
      const position = FIRST_POSITION + index
      return { record: isRecord(item) ? item : {}, position, key: () => ({ album_id: albumId, position }) }
    }),
    artists: listOf(record['artists']),
    isExcused: albumId !== null && excused.has(albumId),
    key: () => ({ album_id: albumId }),
  }
}

/** The artists of an album or track, each with the key of the row that names it there. */
export function artistRows (artists: unknown, ofParent: () => Key): Array<{ record: JsonRecord, key: () => Key }> {
  return listOf(artists).map((artist, index) => ({
    record: isRecord(artist) ? artist : {},
    key: () => ({ ...ofParent(), artist_position: FIRST_POSITION + index }),
  }))
}

function listOf (value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
