import { hash } from 'node:crypto'
import type { Run } from '../../schemas/run.ts'
import type { PlacedAlbum } from '../../formats/album-lines.ts'
import { cutText } from '../cut-text.ts'
import { parseJson } from '../json.ts'
import { type AlbumDifference, albumDifference } from './album-difference.ts'
import { hiddenOf, reasonOf } from './hidden.ts'
import type { HidingReason } from '../../schemas/changes.ts'

/** A run with a document. */
export interface Side {
  run: Pick<Run, 'gaps' | 'listing' | 'error' | 'source'>
  albums: AsyncIterable<PlacedAlbum>
}

/** The document that the other one is compared with: what has changed is read again by its place. */
export interface Baseline extends Side {
  read: (start: number, bytes: number) => Promise<Buffer>
}

interface AlbumName {
  albumId: string
  name: string | null
}

/** One difference between two documents. */
export type Change =
  /** Whether it was listed before: null where that is not known. */
  | { kind: 'added', album: AlbumName & { listedBefore: boolean | null } }
  | { kind: 'changed', album: AlbumName & AlbumDifference }
  /** It was listed before, and is not listed now. */
  | { kind: 'delisted', album: AlbumName }
  /** It is not in the document, and may have been listed. */
  | { kind: 'unknown', album: AlbumName & { reason: HidingReason } }

interface Place {
  start: number
  bytes: number
  digest: string
}

/**
 * Yields what is not the same in the document after as in the one before. The first is kept as digests and places, the
 * other one is read once; the order of albums is not compared.
 */
export async function * compareDocuments (before: Baseline, after: Side): AsyncGenerator<Change> {
  const [hiddenBefore, hiddenAfter] = [hiddenOf(before.run, after.run), hiddenOf(after.run, before.run)]
  const left = await placesOf(before.albums)
  for await (const { text } of after.albums) {
    const album = albumOf(text)
    const place = left.get(album.id)
    left.delete(album.id)
    if (place === undefined) {
      yield { kind: 'added', album: { ...nameOf(album), listedBefore: listedBefore(reasonOf(hiddenBefore, album.id)) } }
    } else if (place.digest !== digestOf(text)) {
      const difference = albumDifference(
        albumOf(await before.read(place.start, place.bytes)), album, hiddenAfter.albumIds.has(album.id)
      )
      if (difference !== null) yield { kind: 'changed', album: { ...nameOf(album), ...difference } }
    }
  }
  for (const [id, { start, bytes }] of left) {
    const name = nameOf(albumOf(await before.read(start, bytes)))
    const reason = reasonOf(hiddenAfter, id)
    yield reason === null ? { kind: 'delisted', album: name } : { kind: 'unknown', album: { ...name, reason } }
  }
}

async function placesOf (albums: AsyncIterable<PlacedAlbum>): Promise<Map<string, Place>> {
  const places = new Map<string, Place>()
  for await (const { text, start } of albums) {
    places.set(albumOf(text).id, { start, bytes: text.length, digest: digestOf(text) })
  }
  return places
}

/** A gap that names the album says that it was listed. */
function listedBefore (reason: HidingReason | null): boolean | null {
  if (reason === 'album_gap') return true
  return reason === null ? false : null
}

function digestOf (text: Buffer): string {
  return hash('sha256', text, 'base64')
}

function albumOf (text: Buffer): Record<string, unknown> & { id: string } {
  return parseJson(text.toString()) as Record<string, unknown> & { id: string }
}

const MAX_NAME = 500

function nameOf ({ id, name }: Record<string, unknown> & { id: string }): AlbumName {
  return { albumId: id, name: typeof name === 'string' ? cutText(name, MAX_NAME) : null }
}
