import type { CallContext } from '../call.ts'
import { type Cursor, START } from '../paging.ts'
import type { ListingPage, ListingRequest, SpotifyClient } from '../client.ts'

/** Pages that were answered before their turn, stored until it comes. */
export interface PrefetchedPages {
  /** Whether there is one for that place. */
  has: (streamIndex: number, offset: number) => boolean
  read: (streamIndex: number, offset: number) => Promise<ListingPage | undefined>
  keep: (streamIndex: number, offset: number, page: ListingPage) => Promise<void>
}

/** Pages asked for before their turn. */
export interface Prefetch {
  /** Ask for a page unless that was done or it is stored. A failure shows when its turn has come. */
  ask: (request: ListingRequest, streamIndex: number, offset: number, wanted: number) => void
  /** The page of a place whose turn has come, where it was asked for; throws its failure. */
  page: (streamIndex: number, cursor: Cursor) => Promise<ListingPage | undefined>
  /** Nothing is under way any longer. */
  settled: () => Promise<void>
}

export function createPrefetch (
  spotify: SpotifyClient, { prefetched, context }: { prefetched: PrefetchedPages, context: CallContext }
): Prefetch {
  const asked = new Map<string, Promise<void>>()
  const placeOf = (streamIndex: number, offset: number): string => `${streamIndex}:${offset}`

  async function fetchPage (
    request: ListingRequest, streamIndex: number, offset: number, wanted: number
  ): Promise<void> {
    using slot = await spotify.slot(context, true)
    await prefetched.keep(
      streamIndex, offset, await spotify.listingPage(request, { ...START, offset }, wanted, { ...context, slot })
    )
  }

  return {
    ask (request, streamIndex, offset, wanted) {
      const place = placeOf(streamIndex, offset)
      if (asked.has(place) || prefetched.has(streamIndex, offset)) return
      const asking = fetchPage(request, streamIndex, offset, wanted)
      asking.catch(() => {}) // thrown in its turn
      asked.set(place, asking)
    },

    async page (streamIndex, { offset, url, empties }) {
      if (url !== null || empties > 0) return undefined
      const place = placeOf(streamIndex, offset)
      await asked.get(place)
      asked.delete(place)
      return await prefetched.read(streamIndex, offset) // an answer that waits for its turn takes no memory
    },

    async settled () {
      await Promise.allSettled(asked.values())
    },
  }
}
