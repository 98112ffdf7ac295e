import fc from 'fast-check'
import type { Gap, Run } from '../../../src/schemas/run.ts'
import type { Baseline } from '../../../src/services/changes/compare.ts'
import { placedAlbums } from '../../../src/formats/album-lines.ts'

type Fields = Record<string, unknown>
export type TrackCoverage = Fields & { id: string, tracks: { items: Fields[] } }

/** A run, its document, and what Spotify listed when it ran. */
export interface Snapshot {
  listed: string[]
  albums: TrackCoverage[]
  run: Pick<Run, 'gaps' | 'listing' | 'error' | 'source'>
}

const IDS = ['a', 'b', 'c', 'd']
const SOURCE = { used: 'search' as const, query: 'tag:new', reason: null }

const value = fc.constantFrom<unknown>(
  null,
  '',
  'a',
  0,
  1.5,
  true,
  [],
  [1, 2],
  {},
  { a: 1, b: null },
  { b: null, a: 1 }
)
const fields = fc.dictionary(fc.constantFrom('name', 'label', '__proto__', 'x'), value, { noNullPrototype: true })
const track = fc.tuple(fc.constantFrom('t1', 't2', 't3'), fields).map(([id, more]): Fields => ({ ...more, id }))
const album = (id: string) =>
  fc
    .record({ more: fields, items: fc.uniqueArray(track, { selector: (one) => one['id'] }) })
    .map(({ more, items }): TrackCoverage => ({ ...more, id, tracks: { items } }))

const ENDS = ['whole', 'whole', 'incomplete', 'capped', 'limited', 'canceled']

/** What is listed is in the document, or hidden by a gap, or by how the listing ended. */
const snapshot = (...ends: string[]): fc.Arbitrary<Snapshot> => fc.record({
  listed: fc.subarray(IDS),
  states: fc.tuple(...IDS.map(album)),
  fates: fc.array(fc.constantFrom('whole', 'whole', 'whole', 'missing', 'tracks missing'), {
    minLength: IDS.length,
    maxLength: IDS.length,
  }),
  end: fc.constantFrom(...ends),
  lost: fc.subarray(IDS),
}).map(({ listed, states, fates, end, lost }) => {
  const shown = end === 'whole' ? listed : listed.filter((id) => !lost.includes(id))
  const gaps: Gap[] = []
  const albums = shown.flatMap((id) => {
    const place = IDS.indexOf(id)
    const state = states[place] as TrackCoverage
    const [fate] = fates.slice(place, place + 1)
    if (fate === 'whole') return [state]
    gaps.push(gapOf(id, fate === 'missing' ? 'album_unavailable' : 'tracks_missing'))
    return fate === 'missing' ? [] : [{ ...state, tracks: { items: state.tracks.items.slice(1) } }]
  })
  if (end === 'incomplete' || end === 'capped') gaps.push(gapOf(null, `listing_${end}`))
  return {
    listed,
    albums,
    run: {
      gaps,
      listing: { exhausted: end !== 'limited' && end !== 'capped', cappedAt: end === 'capped' ? 1000 : null },
      error: end === 'canceled' ? { code: 'canceled', detail: '' } : null,
      source: end === 'another source' ? { ...SOURCE, used: 'new-releases' as const, query: null } : SOURCE,
    },
  }
})

function gapOf (albumId: string | null, code: string): Gap {
  return { albumId, name: null, code, detail: '', expectedTracks: null, tracks: 0 }
}

/** Two of them, of which the second has much in common with the first. */
export const snapshotPair: fc.Arbitrary<[Snapshot, Snapshot]> = fc
  .tuple(snapshot(...ENDS, 'another source'), snapshot(...ENDS), fc.subarray(IDS))
  .map(([before, after, same]) => [
    before,
    {
      ...after,
      albums: after.albums.map((state) =>
        same.includes(state.id) ? (before.albums.find(({ id }) => id === state.id) ?? state) : state
      ),
    },
  ])

/** The same as a stored document that is being read. */
export function stored ({ run, albums }: Snapshot): Baseline {
  const text = Buffer.from(
    `{"id":"é","albums":[${albums.map((state, n) => `${n === 0 ? '' : ','}\n${JSON.stringify(state)}`).join('')}\n]}\n`
  )
  return {
    run,
    albums: placedAlbums(inChunks(text, 97)),
    read: async (start, bytes) => text.subarray(start, start + bytes),
  }
}

async function * inChunks (text: Buffer, bytes: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < text.length; start += bytes) yield text.subarray(start, start + bytes)
}
