import { CLOCK_SLACK_MS } from './rate-limit.ts'
import type { SandboxSettings } from '../settings/settings.ts'
import type { EndpointName } from '../settings/endpoints.ts'

/** Endpoints that share a quota. Spotify's grouping is undocumented; it was seen to have several. */
const BUCKETS: Readonly<Record<EndpointName, string>> = {
  token: 'accounts',
  newReleases: 'browse',
  search: 'search',
  album: 'albums',
  albums: 'albums',
  albumTracks: 'albums',
  artistAlbums: 'artists',
}

export interface Quota {
  /** Counts a call; null allows it. */
  refuse (endpoint: EndpointName, nowMs: number): { retryAfterS: number } | null
}

/** Creates the development-mode quota: an exhausted bucket refuses calls until the named time, then starts again. */
export function createQuota (quota: SandboxSettings['quota']): Quota {
  if (quota === null) return { refuse: () => null }
  const buckets = new Map<string, { calls: number, untilMs: number | null }>()
  return {
    refuse (endpoint, nowMs) {
      const name = BUCKETS[endpoint]
      let bucket = buckets.get(name)
      if (bucket === undefined || (bucket.untilMs !== null && nowMs >= bucket.untilMs - CLOCK_SLACK_MS)) {
        bucket = { calls: 0, untilMs: null }
        buckets.set(name, bucket)
      }
      bucket.calls += 1
      if (bucket.calls <= quota.calls) return null
      bucket.untilMs ??= nowMs + quota.retryAfterS * 1000
      return { retryAfterS: Math.ceil((bucket.untilMs - nowMs) / 1000) }
    },
  }
}
