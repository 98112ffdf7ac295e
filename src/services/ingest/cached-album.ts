import { type EndpointMemory } from '../spotify/endpoint.ts'
import { type AlbumHead, type ListedAlbum, readAlbumHead } from '../spotify/item-check.ts'
import { type CacheEntry } from '../store/album-cache.ts'

/** What is known of a cached album besides its text, which has all its tracks in place. */
export interface CachedAlbum {
  /** What the text says of its tracks, as if Spotify had answered all of them on one page. */
  head: Omit<AlbumHead, 'album'>
  tier: TierEvidence
}

/** What tells the tiers apart, whose albums have other fields: true: it works, false: it is refused, null: not asked yet. */
export type TierEvidence = Record<'newReleases' | 'albums', boolean | null>

export function tierEvidence (memory: Pick<EndpointMemory, 'about'>): TierEvidence {
  const evidence = (endpoint: keyof TierEvidence): boolean | null => {
    const { refusal, works } = memory.about(endpoint)
    return refusal !== null ? false : works ? true : null
  }
  return { newReleases: evidence('newReleases'), albums: evidence('albums') }
}

/** One key for each album, market, and `scope`: the API and the app that the answer came from. Raise `FORMAT` when entries change. */
export function cacheKey (scope: string, id: string, market: string | null): string {
  return JSON.stringify([FORMAT, scope, id, market])
}

const FORMAT = 1

/** The facts to keep of an album, or null where anything is missing in its text. */
export function readCachedAlbum (text: string, tier: TierEvidence): CachedAlbum | null {
  const head = readAlbumHead(JSON.parse(text))
  if (head === null) return null
  const { slots, valid, expected, hasNext, fingerprint } = head
  const isWhole = slots === expected && valid === expected && !hasNext
  return isWhole ? { head: { slots, valid, expected, hasNext, fingerprint }, tier } : null
}

/** What a run knows when it could use a cached album. */
export interface Present {
  listed: Pick<ListedAlbum, 'totalTracks'>
  nowMs: number
  maxAgeMs: number
  tier: TierEvidence
}

/**
 * Young enough, as far as the clock can be trusted; of the same tier, as far as that is known on both sides; and with as many
 * tracks as the listing says now, if it does: releases grow.
 */
export function isUsable ({ storedAtMs, meta }: Pick<CacheEntry<CachedAlbum>, 'storedAtMs' | 'meta'>, { listed, nowMs, maxAgeMs, tier }: Present): boolean {
  const ageMs = nowMs - storedAtMs
  const isYoung = ageMs >= 0 && ageMs < maxAgeMs
  const isSize = listed.totalTracks === null || listed.totalTracks === meta.head.expected
  return isYoung && isSize && isSame(meta.tier.newReleases, tier.newReleases) && isSame(meta.tier.albums, tier.albums)
}

function isSame (a: boolean | null, b: boolean | null): boolean {
  return a === null || b === null || a === b
}
