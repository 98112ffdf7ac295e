/** The calls of the Web API that the service makes, by the names that users see in `cost.byEndpoint`. */
export type Endpoint = 'newReleases' | 'search' | 'album' | 'albums' | 'albumTracks' | 'artistAlbums'

/** Its answers name albums; the others' are albums, or parts of them. */
export function isListing (endpoint: Endpoint): boolean {
  return endpoint === 'newReleases' || endpoint === 'search' || endpoint === 'artistAlbums'
}

/**
 * The page sizes to try, largest first: an endpoint that answers `Invalid limit` gets the next one, and so does a batch of too many ids.
 * Extended apps get 50 everywhere, development apps 10 in search and in artist albums.
 * Source: https://developer.spotify.com/documentation/web-api/references/changes/february-2026
 */
export const PAGE_SIZES = [50, 20, 10, 5] as const

/** Ids in one `GET /albums?ids=`. Source: https://developer.spotify.com/documentation/web-api/reference/get-multiple-albums */
export const BATCH_SIZE = 20

/** Tracks on one page, and those that are embedded in an album. Not lower at any tier. */
export const TRACKS_PAGE_SIZE = 50

/** `offset + limit` of a search may not be larger. Source: https://developer.spotify.com/documentation/web-api/reference/search */
export const SEARCH_WINDOW = 1000

/** What is known of an endpoint, learnt by asking: no answer is inferred from another endpoint's. */
export interface EndpointKnowledge {
  /** Why Spotify refuses the endpoint to this app; null while it does not. */
  refusal: string | null
  /** The largest page size that was not refused. */
  pageSize: number
  /** Whether the endpoint has answered 200. */
  works: boolean
}

export type EndpointMemory = ReturnType<typeof createEndpointMemory>

/** What is known at one time, and of which app at which API. */
export interface EndpointSnapshot {
  scope: string
  known: Array<[Endpoint, EndpointKnowledge]>
}

/**
 * What this app may do, per endpoint, for as long as the process lives; a run's checkpoint carries it over a restart.
 * @param scope the API and the app
 */
export function createEndpointMemory (scope: string) {
  const known = new Map<Endpoint, EndpointKnowledge>()

  function about (endpoint: Endpoint): EndpointKnowledge {
    return known.get(endpoint) ?? { refusal: null, pageSize: PAGE_SIZES[0], works: false }
  }

  function learn (endpoint: Endpoint, fact: Partial<EndpointKnowledge>): void {
    known.set(endpoint, { ...about(endpoint), ...fact })
  }

  return {
    scope,
    about,
    learn,
    /** Go down one page size after `refusedSize` was too large; false where there is no smaller one. */
    stepDown (endpoint: Endpoint, refusedSize: number): boolean {
      const smaller = PAGE_SIZES.find((size) => size < refusedSize)
      if (smaller === undefined) return false
      learn(endpoint, { pageSize: Math.min(smaller, about(endpoint).pageSize) })
      return true
    },
    snapshot: (): EndpointSnapshot => ({ scope, known: [...known] }),
    /** Take over what is not known better; nothing of another app. */
    restore (snapshot: EndpointSnapshot): void {
      if (snapshot.scope !== scope) return
      for (const [endpoint, fact] of snapshot.known) if (!known.has(endpoint)) known.set(endpoint, fact)
    },
  }
}
