import { type CallContext } from '../call.ts'
import { type Cursor, START } from '../paging.ts'
import { type ListingPage, type ListingRequest, type SpotifyService } from '../client.ts'

/** Pages that were answered before their turn, stored until it comes. */
export interface EarlyPages {
  /** Whether there is one for that place. */
  has: (part: number, offset: number) => boolean
  read: (part: number, offset: number) => Promise<ListingPage | undefined>
  keep: (part: number, offset: number, page: ListingPage) => Promise<void>
}

/** Pages asked for before their turn. */
export interface Lookahead {
  /** Ask for a page unless that was done or it is stored. A failure shows when its turn has come. */
  ask: (request: ListingRequest, part: number, offset: number, wanted: number) => void
  /** The page of a place whose turn has come, where it was asked for; throws its failure. */
  page: (part: number, cursor: Cursor) => Promise<ListingPage | undefined>
  /** Nothing is under way any longer. */
  settled: () => Promise<void>
}

export function createLookahead (spotify: SpotifyService, { early, context }: { early: EarlyPages, context: CallContext }): Lookahead {
  const asked = new Map<string, Promise<void>>()
  const placeOf = (part: number, offset: number): string => `${part}:${offset}`

  async function fetchPage (request: ListingRequest, part: number, offset: number, wanted: number): Promise<void> {
    using slot = await spotify.slot(context, true)
    await early.keep(part, offset, await spotify.listingPage(request, { ...START, offset }, wanted, { ...context, slot }))
  }

  return {
    ask (request, part, offset, wanted) {
      const place = placeOf(part, offset)
      if (asked.has(place) || early.has(part, offset)) return
      const asking = fetchPage(request, part, offset, wanted)
      asking.catch(() => {}) // thrown in its turn
      asked.set(place, asking)
    },

    async page (part, { offset, url, empties }) {
      if (url !== null || empties > 0) return undefined
      const place = placeOf(part, offset)
      await asked.get(place)
      asked.delete(place)
      return await early.read(part, offset) // an answer that waits for its turn takes no memory
    },

    async settled () {
      await Promise.allSettled(asked.values())
    },
  }
}
