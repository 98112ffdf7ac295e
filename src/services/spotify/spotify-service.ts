import { ServiceError, hasCode } from '../../errors.ts'
import { isRecord } from './answer.ts'
import { type Call, type CallContext } from './call.ts'
import { type Endpoint, type EndpointMemory, PAGE_SIZES, SEARCH_WINDOW } from './endpoint.ts'
import { type Cursor, type Page, readPage } from './paging.ts'

/** A paged listing of albums: which call, with which fixed parameters. */
export interface ListingRequest {
  endpoint: 'newReleases' | 'search' | 'artistAlbums'
  path: string
  query: Record<string, string>
}

/** The Web API as the pipeline sees it. All functions throw what `Call` throws. */
export interface SpotifyService {
  /** The origin that `next` may name. */
  origin: string
  memory: EndpointMemory
  /** One page at the largest size that this app is given, not larger than `wanted` needs. */
  listingPage: (request: ListingRequest, cursor: Cursor, wanted: number, context: CallContext) => Promise<{ page: Page, pageSize: number }>
  /** `GET /albums/{id}`: the album with its first 50 tracks, not yet checked. */
  album: (id: string, market: string | null, context: CallContext) => Promise<unknown>
  /** `GET /albums?ids=`: one unchecked entry for each id, null where Spotify sent none. Remembers a refusal. */
  albums: (ids: string[], market: string | null, context: CallContext) => Promise<unknown[]>
  /** `GET /albums/{id}/tracks`: one page, of 50 tracks at most. */
  albumTracks: (id: string, range: { offset: number, limit: number }, market: string | null, context: CallContext) => Promise<Page>
}

export function createSpotifyService (options: { apiUrl: URL, call: Call, memory: EndpointMemory }): SpotifyService {
  const { call, memory } = options
  const base = options.apiUrl.href.replace(/\/$/, '')
  const { origin } = options.apiUrl

  function address (path: string, query: Record<string, string | number | null>): URL {
    const url = new URL(base + path)
    for (const [name, value] of Object.entries(query)) if (value !== null) url.searchParams.set(name, String(value))
    return url
  }

  /** A call whose refusal or success says something of the endpoint, not only of one album. */
  async function learning (endpoint: Endpoint, url: URL, context: CallContext): Promise<unknown> {
    try {
      const body = await call(endpoint, url, context)
      memory.learn(endpoint, { works: true, refusal: null })
      await context.learned?.()
      return body
    } catch (error) {
      const isRefusal = hasCode(error, 'endpoint_unavailable') || (endpoint !== 'artistAlbums' && hasCode(error, 'not_found'))
      if (!isRefusal) throw error
      memory.learn(endpoint, { refusal: error.message })
      await context.learned?.()
      throw new ServiceError('endpoint_unavailable', error.message, { cause: error, ...error.upstreamStatus === undefined ? {} : { upstreamStatus: error.upstreamStatus } })
    }
  }

  /**
   * The page behind `next` if there is one and its size is not known to be refused, else the page by count;
   * where Spotify refuses the size, the next smaller one.
   */
  async function listingPage (request: ListingRequest, cursor: Cursor, wanted: number, context: CallContext): Promise<{ page: Page, pageSize: number }> {
    const { endpoint, path, query } = request
    const wrapper = endpoint === 'artistAlbums' ? null : 'albums'
    let next = cursor.url !== null && (limitOf(cursor.url) ?? 0) <= memory.about(endpoint).pageSize ? cursor.url : null
    for (;;) {
      const pageSize = next === null ? pageSizeFor(endpoint, cursor.offset, wanted) : limitOf(next) ?? memory.about(endpoint).pageSize
      const url = next === null ? address(path, { ...query, limit: pageSize, offset: cursor.offset }) : new URL(next)
      try {
        return { page: pageOf(endpoint, await learning(endpoint, url, context), wrapper), pageSize }
      } catch (error) {
        if (!hasCode(error, 'invalid_limit') || !memory.stepDown(endpoint, pageSize)) throw error
        await context.learned?.()
        next = null
      }
    }
  }

  function pageSizeFor (endpoint: Endpoint, offset: number, wanted: number): number {
    const enough = PAGE_SIZES.findLast((size) => size >= wanted) ?? PAGE_SIZES[0]
    const size = Math.min(enough, memory.about(endpoint).pageSize)
    return endpoint === 'search' ? Math.min(size, SEARCH_WINDOW - offset) : size
  }

  return {
    origin,
    memory,
    listingPage,

    async album (id, market, context) {
      return await call('album', address(`/albums/${encodeURIComponent(id)}`, { market }), context)
    },

    async albums (ids, market, context) {
      const body = await learning('albums', address('/albums', { ids: ids.join(','), market }), context)
      if (!isRecord(body) || !Array.isArray(body['albums'])) throw invalid('albums')
      return align(ids, body['albums'] as unknown[])
    },

    async albumTracks (id, { offset, limit }, market, context) {
      const url = address(`/albums/${encodeURIComponent(id)}/tracks`, { limit, offset, market })
      return pageOf('albumTracks', await call('albumTracks', url, context), null)
    },
  }
}

/** The entries in the order of the ids: by id, or by place where an entry carries an id that nobody asked for. */
function align (ids: string[], entries: unknown[]): unknown[] {
  const byId = new Map(entries.flatMap((entry) => isRecord(entry) && typeof entry['id'] === 'string' ? [[entry['id'], entry] as const] : []))
  return ids.map((id, place) => {
    const entry = byId.get(id) ?? entries[place]
    if (!isRecord(entry) || entry['id'] === id) return entry ?? null
    return entries.length === ids.length && !ids.includes(String(entry['id'])) ? entry : null
  })
}

function pageOf (endpoint: Endpoint, body: unknown, wrapper: 'albums' | null): Page {
  const page = readPage(body, wrapper)
  if (page === null) throw invalid(endpoint)
  return page
}

function invalid (endpoint: Endpoint): ServiceError {
  return new ServiceError('upstream_invalid', `${endpoint} answered 200 with JSON of another shape than Spotify documents`)
}

function limitOf (next: string): number | null {
  const limit = Number(new URL(next).searchParams.get('limit'))
  return Number.isInteger(limit) && limit > 0 ? limit : null
}
