import { CLOCK_SLACK_MS } from './rate-limit.ts'
import type { EndpointName, SandboxSettings } from './settings.ts'

/** Calls that share a count. Spotify does not say how it groups them; when one bucket was spent, others still answered. */
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
  /** Null lets the call through. */
  refuse (endpoint: EndpointName, nowMs: number): { retryAfterS: number } | null
}

/** The development-mode quota: a bucket that is spent stays so until the named time, then starts anew. */
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
