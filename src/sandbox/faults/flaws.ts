import type { FaultKind } from '../settings/fault-kinds.ts'
import { exactInteger } from '../http/write-json.ts'

type Item = Record<string, unknown>

/** Faults that change single fields of an otherwise true album or track. */
const FLAWS: Partial<Record<FaultKind, (item: Item) => Item>> = {
  'null-name': () => ({ name: null }),
  'null-number': (item) => {
    if (item['type'] === 'track') return { track_number: null }
    return 'tracks' in item ? {} : { total_tracks: null }
  },
  'artists-null': () => ({ artists: [null] }),
  'artists-text': () => ({ artists: 'unknown' }),
  'big-number': (item) => {
    return { [item['type'] === 'track' ? 'duration_ms' : 'popularity']: exactInteger('12345678901234567890') }
  },
}

/** Returns a function from an item to its changed fields; undefined for kinds that change no single field. */
export function flawOf (kind: FaultKind): ((item: Item) => Item) | undefined {
  return FLAWS[kind]
}
