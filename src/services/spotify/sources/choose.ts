import { NEW_ALBUMS_QUERY } from '../../../schemas/ingest-body.ts'
import type { RunRequest, UsedSource } from '../../../schemas/run.ts'
import type { SpotifyClient } from '../client.ts'
import { albums } from './albums.ts'
import { artists } from './artists.ts'
import { newReleases } from './new-releases.ts'
import { search } from './search.ts'
import type { Source } from './paged-source.ts'

/** The source of that name, with the request's parameters. */
export function createSource (used: UsedSource['used'], request: RunRequest, spotify: SpotifyClient): Source {
  const { pagination, market } = request
  switch (used) {
    case 'new-releases': return newReleases(spotify, pagination)
    case 'search': return search(spotify, pagination, request.query ?? NEW_ALBUMS_QUERY, market)
    case 'artists': return artists(spotify, pagination, request.artistIds ?? [], market)
    case 'albums': return albums(request.albumIds ?? [])
  }
}

/** Returns whether a source lists the wanted albums first, or all must be listed before the newest are known. */
export function orderOf (used: UsedSource['used']): 'listed' | 'newest' {
  return ORDERS[used]
}

const ORDERS = { 'new-releases': 'listed', search: 'listed', artists: 'newest', albums: 'listed' } as const

/**
 * Which source to begin with, and why it is not the first choice. `refusal`: what Spotify said to new-releases, if it
 * refused.
 */
export function chooseSource (
  source: RunRequest['source'], refusal: string | null
): { used: UsedSource['used'], reason: string | null } {
  if (source !== 'auto') return { used: source, reason: null }
  return refusal === null ? { used: 'new-releases', reason: null } : { used: 'search', reason: refusal }
}
