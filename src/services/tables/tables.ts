import { ALBUMS } from './albums.ts'
import { ALBUM_ARTISTS, ARTISTS, TRACK_ARTISTS } from './artists.ts'
import type { Table } from './define-table.ts'
import { TRACKS } from './tracks.ts'

/** Every table; a table comes after those that it refers to. */
export const TABLES: readonly Table[] = [ALBUMS, TRACKS, ARTISTS, ALBUM_ARTISTS, TRACK_ARTISTS]

export function tableNamed (name: string): Table | undefined {
  return TABLES.find((table) => table.name === name)
}
