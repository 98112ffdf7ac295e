import type { Pagination } from '../paging.ts'
import type { SpotifyClient } from '../client.ts'
import { type Source, listingPages } from './paged-source.ts'

/** Spotify's editors' choice of new albums, about 100; refused to apps in development mode. */
export function newReleases (spotify: SpotifyClient, pagination: Pagination): Source {
  const request = { endpoint: 'newReleases', path: '/browse/new-releases', query: {} } as const
  return {
    used: 'new-releases',
    query: null,
    pages: (from, reader) => listingPages({ spotify, request, pagination }, from, reader),
  }
}
