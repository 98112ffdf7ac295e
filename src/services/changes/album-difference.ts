import { isDeepStrictEqual } from 'node:util'
import { type Fields, fieldsOf, isRecord, listOf } from '../fields.ts'
import { formatJson, formatMember } from '../json.ts'
import { trackKey } from '../spotify/item-check.ts'

/** A field that has changed: its values as JSON text, undefined where the object had no such field. */
export interface FieldChange {
  field: string
  before: string | undefined
  after: string | undefined
}

/** A track, by what is known of it. */
export interface TrackName {
  trackId: string | null
  name: string | null
  discNumber: number | null
  trackNumber: number | null
}

export interface TrackChanges {
  added: TrackName[]
  removed: TrackName[]
  changed: Array<TrackName & { fields: FieldChange[] }>
  /** In the document before, not in the one after, and a gap of the one after may hide them. */
  unknown: TrackName[]
}

export interface AlbumDifference {
  fields: FieldChange[]
  tracks: TrackChanges
}

/** How pages were cut is no fact about the album. */
const NOT_COMPARED = new Set(['tracks'])
const ALL_COMPARED = new Set<string>()

/**
 * Compares two states of an album, as `parseJson` gave them; null where nothing has changed. The order of tracks is not
 * compared: their numbers are.
 * @param mayHideTracks a gap says that the state after lacks tracks
 */
export function albumDifference (before: Fields, after: Fields, mayHideTracks: boolean): AlbumDifference | null {
  const fields = fieldChanges(before, after, NOT_COMPARED)
  const tracks = trackChanges(tracksOf(before), tracksOf(after), mayHideTracks)
  return fields.length === 0 && Object.values(tracks).every(({ length }) => length === 0) ? null : { fields, tracks }
}

function fieldChanges (before: Fields, after: Fields, ignored: ReadonlySet<string>): FieldChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (field) => !ignored.has(field)
  ).flatMap((field) => {
    if (isEqualObject(ownValue(before, field), ownValue(after, field))) return []
    const change = { field, before: formatMember(before, field), after: formatMember(after, field) }
    return change.before === change.after ? [] : [change]
  })
}

/** A field may be called `__proto__`. */
function ownValue (object: Fields, field: string): unknown {
  return Object.hasOwn(object, field) ? object[field] : undefined
}

/** Objects may have their keys in another order; of all else the texts are compared. */
function isEqualObject (a: unknown, b: unknown): boolean {
  return typeof a === 'object' && typeof b === 'object' && isDeepStrictEqual(a, b)
}

function trackChanges (before: unknown[], after: unknown[], mayHideTracks: boolean): TrackChanges {
  const left = keyed(before)
  const changes: TrackChanges = { added: [], removed: [], changed: [], unknown: [] }
  for (const [key, track] of keyed(after)) {
    const known = left.get(key)
    left.delete(key)
    if (known === undefined) changes.added.push(nameOf(track))
    else if (isRecord(known) && isRecord(track) && !isEqualObject(known, track)) {
      const fields = fieldChanges(known, track, ALL_COMPARED)
      if (fields.length > 0) changes.changed.push({ ...nameOf(track), fields })
    }
  }
  changes[mayHideTracks ? 'unknown' : 'removed'].push(...[...left.values()].map(nameOf))
  return changes
}

/**
 * Each track by what identifies it, and by its text where nothing does; of several with one key the first meets the
 * first.
 */
function keyed (tracks: unknown[]): Map<string, unknown> {
  const counts = new Map<string, number>()
  return new Map(tracks.map((track) => {
    const key = trackKey(track) ?? formatJson(track)
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    return [`${count} ${key}`, track]
  }))
}

function nameOf (track: unknown): TrackName {
  const { id, name, disc_number: disc, track_number: number } = fieldsOf(track)
  return { trackId: textOf(id), name: textOf(name), discNumber: integerOf(disc), trackNumber: integerOf(number) }
}

function tracksOf ({ tracks }: Fields): unknown[] {
  return listOf(fieldsOf(tracks)['items'])
}

function textOf (value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function integerOf (value: unknown): number | null {
  return Number.isSafeInteger(value) ? Number(value) : null
}
