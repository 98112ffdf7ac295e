import { hasCode } from '../../../errors.ts'
import { type Pagination, START } from '../paging.ts'
import { type SpotifyService } from '../spotify-service.ts'
import { type Source, listingPages } from './source.ts'

/** The newest albums and singles of some artists. Each artist's listing is read to its end: it is not sorted by date. */
export function artists (spotify: SpotifyService, pagination: Pagination, ids: string[], market: string | null): Source {
  const query = { include_groups: 'album,single', ...(market === null ? {} : { market }) }
  return {
    used: 'artists',
    query: null,
    order: 'newest',
    async * pages (from, _wanted, context) {
      for (const [part, id] of ids.entries()) {
        if (part < from.part) continue
        const start = part === from.part ? from : { part, cursor: START }
        const after = part + 1 < ids.length ? { part: part + 1, cursor: START } : null
        const request = { endpoint: 'artistAlbums', path: `/artists/${encodeURIComponent(id)}/albums`, query } as const
        try {
          for await (const page of listingPages(spotify, request, pagination, start, () => Infinity, context)) {
            yield { ...page, next: page.next ?? after }
          }
        } catch (error) {
          if (!hasCode(error, 'not_found', 'request_refused')) throw error
          yield { items: [], losses: [`artist ${id}: ${error.message}`], next: after }
        }
      }
    },
  }
}
