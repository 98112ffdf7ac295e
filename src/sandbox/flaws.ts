import { type FaultKind } from './fault-kinds.ts'
import { exactInteger } from './write-json.ts'

type Item = Record<string, unknown>

/** Faults that flaw single fields of an album or a track that is otherwise true. */
const FLAWS: Partial<Record<FaultKind, (item: Item) => Item>> = {
  'null-name': () => ({ name: null }),
  'null-number': (item) => item['type'] === 'track' ? { track_number: null } : 'tracks' in item ? {} : { total_tracks: null },
  'artists-null': () => ({ artists: [null] }),
  'artists-text': () => ({ artists: 'unknown' }),
  'big-number': (item) => ({ [item['type'] === 'track' ? 'duration_ms' : 'popularity']: exactInteger('12345678901234567890') }),
}

/** The fields that a fault of this kind puts into an item; undefined for kinds that flaw no field. */
export function flawOf (kind: FaultKind): ((item: Item) => Item) | undefined {
  return FLAWS[kind]
}
