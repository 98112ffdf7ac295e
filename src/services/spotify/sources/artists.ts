import { hasCode } from '../../../errors.ts'
import { type Pagination, START } from '../paging.ts'
import type { ListingRequest, SpotifyClient } from '../client.ts'
import { createPrefetch } from './prefetch.ts'
import { type Source, type SourceCursor, streamPages } from './paged-source.ts'

/** The first pages of so many artists are asked for side by side. */
const ARTISTS_AHEAD = 4

/**
 * The newest albums and singles of some artists. Each artist's listing is read to its end: it is not sorted by date.
 */
export function artists (spotify: SpotifyClient, pagination: Pagination, ids: string[], market: string | null): Source {
  const query = { include_groups: 'album,single', ...(market === null ? {} : { market }) }
  const requestOf = (id: string): ListingRequest =>
    ({ endpoint: 'artistAlbums', path: `/artists/${encodeURIComponent(id)}/albums`, query })
  return {
    used: 'artists',
    query: null,
    async * pages (from, given) {
      const reader = { ...given, wanted: () => Infinity }
      const prefetch = createPrefetch(spotify, reader)
      try {
        for (const [streamIndex, id] of ids.entries()) {
          if (streamIndex < from.streamIndex) continue
          const after: SourceCursor | null = streamIndex + 1 < ids.length
            ? { streamIndex: streamIndex + 1, cursor: START }
            : null
          const isPageSizeKnown = spotify.memory.about('artistAlbums').works
          for (const [ahead, next] of ids.slice(streamIndex + 1, streamIndex + 1 + ARTISTS_AHEAD).entries()) {
            if (isPageSizeKnown) prefetch.ask(requestOf(next), streamIndex + 1 + ahead, START.offset, Infinity)
          }
          const cursor = streamIndex === from.streamIndex ? from : { streamIndex, cursor: START }
          try {
            for await (const page of streamPages(
              { spotify, request: requestOf(id), pagination }, cursor, reader, prefetch
            )) {
              yield { ...page, next: page.next ?? after }
            }
          } catch (error) {
            if (!hasCode(error, 'not_found', 'request_refused')) throw error
            yield { items: [], losses: [`artist ${id}: ${error.message}`], next: after, cappedAt: null }
          }
        }
      } finally {
        await prefetch.settled()
      }
    },
  }
}
