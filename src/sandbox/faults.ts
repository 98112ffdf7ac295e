import { createRandom, mix } from './random.ts'
import { type EndpointName, ENDPOINTS, type Fault, type FaultKind } from './settings.ts'

const LISTINGS: readonly EndpointName[] = ['newReleases', 'search', 'artistAlbums']
const PAGES: readonly EndpointName[] = [...LISTINGS, 'albumTracks']
const WITH_TRACKS: readonly EndpointName[] = ['album', 'albums', 'albumTracks']
const PAGES_OF_ALBUM: readonly EndpointName[] = [...PAGES, 'album']

/** Faults that need something in the answer to spoil. The others meet any call. */
const NEEDS: Partial<Record<FaultKind, readonly EndpointName[]>> = {
  'null-item': [...PAGES, 'albums'],
  'broken-item': [...PAGES, 'albums', 'album'],
  'odd-item': [...PAGES, 'albums', 'album'],
  'null-track': WITH_TRACKS,
  shifting: PAGES,
  'empty-page': PAGES_OF_ALBUM,
  'wrong-total': PAGES_OF_ALBUM,
  'next-null-early': PAGES_OF_ALBUM,
  'next-repeated': PAGES_OF_ALBUM,
  'next-foreign': PAGES_OF_ALBUM,
  'next-past-cap': PAGES_OF_ALBUM,
}

export function faultMeets (kind: FaultKind, endpoint: EndpointName): boolean {
  return NEEDS[kind]?.includes(endpoint) ?? ENDPOINTS.includes(endpoint)
}

/** Whether it spoils the true answer, and does not replace it. */
function isSpoiling (kind: FaultKind): boolean {
  return kind in NEEDS || kind === 'cut-body'
}

/** A call, as faults choose whom they meet. */
export interface Target {
  endpoint: EndpointName
  albumIds: readonly string[]
  /** It would be answered with data: what spoils an answer lets the others pass. */
  hasData: boolean
}

export interface Faults {
  /** The first fault that strikes this call. Draws are made in the order of the calls, each fault from its own stream. */
  strike (target: Target): Fault | null
}

const FAULT_STREAM = 6

export function createFaults (faults: readonly Fault[], seed: number): Faults {
  const armed = faults.map((fault, index) => ({ fault, seen: 0, fired: 0, random: createRandom(mix(seed, FAULT_STREAM, index)) }))
  return {
    strike (target) {
      for (const trap of armed) {
        const { fault } = trap
        if (!concerns(fault, target)) continue
        trap.seen += 1
        if (trap.seen <= (fault.skip ?? 0) || trap.fired >= (fault.times ?? Infinity)) continue
        if (trap.random() >= (fault.probability ?? 1)) continue
        trap.fired += 1
        return fault
      }
      return null
    },
  }
}

function concerns (fault: Fault, { endpoint, albumIds, hasData }: Target): boolean {
  const named = fault.endpoint ?? '*'
  const here = named === '*' ? endpoint !== 'token' : named === endpoint
  if (isSpoiling(fault.kind) && !hasData) return false
  return here && faultMeets(fault.kind, endpoint) && (fault.albumId === undefined || albumIds.includes(fault.albumId))
}
