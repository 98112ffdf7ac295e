import { type Fields, fieldsOf, isRecord, listOf } from '../fields.ts'
import { isText } from './cell.ts'
import type { PlacedAlbum } from './define-table.ts'

/** A track of an album, and its place there over all discs, counted from 1. */
export interface PlacedTrack {
  album: PlacedAlbum
  position: number
  fields: Fields
}

/** An artist as an album or a track names it, and its place there, counted from 1. */
export interface PlacedArtist {
  id: string
  position: number
  fields: Fields
}

/** Returns the tracks of an album; what is no object is none, and keeps its place. */
export function tracksOf (album: PlacedAlbum): PlacedTrack[] {
  return listOf(fieldsOf(album.fields['tracks'])['items']).flatMap((item, place) => {
    return isRecord(item) ? [{ album, position: place + 1, fields: item }] : []
  })
}

/** Returns the artists of an album or a track; one without an id is none, and keeps its place. */
export function artistsOf ({ artists }: Fields): PlacedArtist[] {
  return listOf(artists).flatMap((item, place) => {
    const fields = fieldsOf(item)
    return isId(fields['id']) ? [{ id: fields['id'], position: place + 1, fields }] : []
  })
}

/** Returns whether a value can be a key. */
export function isId (value: unknown): value is string {
  return isText(value) && value !== ''
}

/** The page of an object on open.spotify.com. */
export function urlOf ({ external_urls: urls }: Fields): unknown {
  return fieldsOf(urls)['spotify']
}
