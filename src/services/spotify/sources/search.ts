import type { Pagination } from '../paging.ts'
import type { SpotifyClient } from '../client.ts'
import { type Source, listingPages } from './paged-source.ts'

/** Albums by a search, by default the new ones: what apps in development mode can do instead of new releases. */
export function search (spotify: SpotifyClient, pagination: Pagination, query: string, market: string | null): Source {
  const request = {
    endpoint: 'search',
    path: '/search',
    query: { q: query, type: 'album', ...(market === null ? {} : { market }) },
  } as const
  return {
    used: 'search',
    query,
    pages: (from, reader) => listingPages({ spotify, request, pagination }, from, reader),
  }
}
