import { type Fields, fieldsOf, listOf } from '../fields.ts'
import { type Key, type Keyed, keyPart } from './tally.ts'

/** A row of a table as the checks see it. */
export interface Row extends Keyed {
  record: Fields
}

/** An album of the document. */
export interface AlbumRow extends Row {
  albumId: string | null
  tracks: Row[]
  artists: unknown[]
  /** A gap of the run says that something of it is missing. */
  isExcused: boolean
}

/** The first track of an album, and the first artist, have this position. */
const FIRST_POSITION = 1

/** Reads an album, whatever it is: what is no object has nothing in it. */
export function readAlbumRow (album: unknown, excused: ReadonlySet<string>): AlbumRow {
  const record = fieldsOf(album)
  const albumId = keyPart(record['id'])
  const tracks = listOf(fieldsOf(record['tracks'])['items'])
  return {
    record,
    albumId,
    tracks: tracks.map((track, index) => ({
      record: fieldsOf(track),
      key: () => ({ album_id: albumId, position: FIRST_POSITION + index }),
    })),
    artists: listOf(record['artists']),
    isExcused: albumId !== null && excused.has(albumId),
    key: () => ({ album_id: albumId }),
  }
}

/** The key of an artist as a row of an album or track names it. */
export function artistKey (parent: Keyed, index: number): Key {
  return { ...parent.key(), artist_position: FIRST_POSITION + index }
}
