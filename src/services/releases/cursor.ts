/**
 * The last release that a reader has: its place, and its album, which proves that the cursor belongs to this database.
 */
export interface Position {
  seq: number
  albumId: string
}

export function cursorOf ({ seq, albumId }: Position): string {
  return Buffer.from(`${seq}:${albumId}`).toString('base64url')
}

/** Reads a cursor; null where it is none that `cursorOf` writes. */
export function positionOf (cursor: string): Position | null {
  const match = /^([1-9]\d{0,14}):([A-Za-z0-9]{1,64})$/.exec(Buffer.from(cursor, 'base64url').toString())
  if (match === null) return null
  const position = { seq: Number(match[1]), albumId: match[2] ?? '' }
  return cursorOf(position) === cursor ? position : null
}
