import { type UsedSource } from '../../../schemas/run.ts'
import { type CallContext } from '../call.ts'
import { type Cursor, type Pagination, START, nextStep } from '../paging.ts'
import { type ListingRequest, type SpotifyService } from '../spotify-service.ts'

/** Where a source's listing goes on: plain data for the checkpoint. `part` counts listings that follow each other. */
export interface SourceCursor {
  part: number
  cursor: Cursor
}

export const SOURCE_START: SourceCursor = { part: 0, cursor: START }

/** One page of a source: unchecked items, what was lost on the way, and where the next page is (null: that was all). */
export interface SourcePage {
  items: unknown[]
  losses: string[]
  next: SourceCursor | null
}

/** A way to find albums. */
export interface Source {
  used: UsedSource['used']
  query: string | null
  /** `newest`: all must be listed before the newest are known; `listed`: the first ones listed are wanted. */
  order: 'listed' | 'newest'
  /** The pages from `from` on. `wanted` says how many albums are still missing, to ask for no larger page. */
  pages: (from: SourceCursor, wanted: () => number, context: CallContext) => AsyncGenerator<SourcePage>
}

/** The pages of one paged listing, as `SourceCursor`s of the given part. */
export async function * listingPages (
  spotify: SpotifyService,
  request: ListingRequest,
  pagination: Pagination,
  { part, cursor: from }: SourceCursor,
  wanted: () => number,
  context: CallContext
): AsyncGenerator<SourcePage> {
  const rules = { pagination, origin: spotify.origin, isSearch: request.endpoint === 'search', mayBeEmpty: request.endpoint === 'artistAlbums' }
  for (let cursor: Cursor | null = from; cursor !== null;) {
    const { page, pageSize } = await spotify.listingPage(request, cursor, wanted(), context)
    const step = nextStep(page, cursor, pageSize, rules)
    cursor = step.kind === 'more' ? step.cursor : null
    yield { items: page.items, losses: step.loss === null ? [] : [step.loss], next: cursor === null ? null : { part, cursor } }
  }
}
