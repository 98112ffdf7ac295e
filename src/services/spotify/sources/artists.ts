import { hasCode } from '../../../errors.ts'
import { type Pagination, START } from '../paging.ts'
import { type ListingRequest, type SpotifyService } from '../client.ts'
import { createLookahead } from './prefetch.ts'
import { type Source, type SourceCursor, partPages } from './paged-source.ts'

/** The first pages of so many artists are asked for side by side. */
const ARTISTS_AHEAD = 4

/** The newest albums and singles of some artists. Each artist's listing is read to its end: it is not sorted by date. */
export function artists (spotify: SpotifyService, pagination: Pagination, ids: string[], market: string | null): Source {
  const query = { include_groups: 'album,single', ...(market === null ? {} : { market }) }
  const requestOf = (id: string): ListingRequest => ({ endpoint: 'artistAlbums', path: `/artists/${encodeURIComponent(id)}/albums`, query })
  return {
    used: 'artists',
    query: null,
    async * pages (from, given) {
      const reader = { ...given, wanted: () => Infinity }
      const lookahead = createLookahead(spotify, reader)
      try {
        for (const [part, id] of ids.entries()) {
          if (part < from.part) continue
          const after: SourceCursor | null = part + 1 < ids.length ? { part: part + 1, cursor: START } : null
          const isPageSizeKnown = spotify.memory.about('artistAlbums').works
          for (const [ahead, next] of ids.slice(part + 1, part + 1 + ARTISTS_AHEAD).entries()) {
            if (isPageSizeKnown) lookahead.ask(requestOf(next), part + 1 + ahead, START.offset, Infinity)
          }
          const cursor = part === from.part ? from : { part, cursor: START }
          try {
            for await (const page of partPages({ spotify, request: requestOf(id), pagination }, cursor, reader, lookahead)) {
              yield { ...page, next: page.next ?? after }
            }
          } catch (error) {
            if (!hasCode(error, 'not_found', 'request_refused')) throw error
            yield { items: [], losses: [`artist ${id}: ${error.message}`], next: after, cappedAt: null }
          }
        }
      } finally {
        await lookahead.settled()
      }
    },
  }
}
