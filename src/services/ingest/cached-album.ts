import type { Capabilities } from '../spotify/capabilities.ts'
import type { AlbumHead, ListedAlbum } from '../spotify/item-check.ts'
import type { CacheEntry } from '../store/album-cache.ts'
import { type TrackCoverage, countTracks, expectedTracks } from './track-coverage.ts'

/** What is known of a cached album besides its text, which has all its tracks in place. */
export interface CachedAlbum {
  /** What the text says of its tracks, as if Spotify had answered all of them on one page. */
  head: Omit<AlbumHead, 'album'>
  tier: TierEvidence
}

/**
 * What tells the tiers apart, whose albums have other fields: true: it works, false: it is refused, null: not asked
 * yet.
 */
export type TierEvidence = Record<'newReleases' | 'albums', boolean | null>

export function tierEvidence (memory: Pick<Capabilities, 'about'>): TierEvidence {
  const evidence = (endpoint: keyof TierEvidence): boolean | null => {
    const { refusal, works } = memory.about(endpoint)
    return refusal !== null ? false : works ? true : null
  }
  return { newReleases: evidence('newReleases'), albums: evidence('albums') }
}

/**
 * One key for each album, market, and `scope`: the API and the app that the answer came from. Raise `FORMAT` when
 * entries change.
 */
export function cacheKey (scope: string, id: string, market: string | null): string {
  return JSON.stringify([FORMAT, scope, id, market])
}

const FORMAT = 3

/** The facts to keep of an album that is complete, as if all its tracks had been on one page. */
export function cachedAlbum (state: TrackCoverage, tier: TierEvidence): CachedAlbum {
  const tracks = countTracks(state)
  return { head: { places: tracks, valid: tracks, expected: expectedTracks(state), hasNext: false, keys: [] }, tier }
}

/** What a run knows when it could use a cached album. */
export interface Present {
  listed: Pick<ListedAlbum, 'totalTracks'>
  nowMs: number
  maxAgeMs: number
  tier: TierEvidence
}

/**
 * Young enough, as far as the clock can be trusted; of the same tier, as far as that is known on both sides; and with
 * as many tracks as the listing says now, if it does: releases grow.
 */
export function isUsable (
  { storedAtMs, meta }: Pick<CacheEntry<CachedAlbum>, 'storedAtMs' | 'meta'>, { listed, nowMs, maxAgeMs, tier }: Present
): boolean {
  const ageMs = nowMs - storedAtMs
  const isYoung = ageMs >= 0 && ageMs < maxAgeMs
  const isSize = listed.totalTracks === null || listed.totalTracks === meta.head.expected
  return isYoung && isSize && isSame(meta.tier.newReleases, tier.newReleases) && isSame(meta.tier.albums, tier.albums)
}

function isSame (a: boolean | null, b: boolean | null): boolean {
  return a === null || b === null || a === b
}
