import { ServiceError, hasCode } from '../../errors.ts'
import { isRecord } from '../fields.ts'
import type { Call, CallContext, SlotContext } from './call.ts'
import type { Evidence } from './call-policy.ts'
import type { Capabilities } from './capabilities.ts'
import { DOCUMENTED_SIZES, type Endpoint, PAGE_SIZES, SEARCH_WINDOW, isOpenToEveryTier } from './http/endpoint.ts'
import { type Cursor, type Page, readPage } from './paging.ts'
import { createDiscovery } from './discovery.ts'
import type { Semaphore } from './semaphore.ts'

/** A paged listing of albums: which call, with which fixed parameters. */
export interface ListingRequest {
  endpoint: 'newReleases' | 'search' | 'artistAlbums'
  path: string
  query: Record<string, string>
}

/** One page of a listing, and the size that was asked for. */
export interface ListingPage {
  page: Page
  pageSize: number
}

/**
 * The Web API as the pipeline sees it. Each call is made in a slot, which its caller holds until the answer is stored.
 */
export interface SpotifyClient {
  /** The origin that `next` may name. */
  origin: string
  memory: Capabilities
  /** Gets what a call waits for before it is made, while something else is done. Throws what the call would. */
  ready: (context: CallContext) => Promise<void>
  /** Waits for a slot. Listings are urgent: they tell what else to ask. */
  slot: Semaphore['acquire']
  /** Returns one page at the largest size that this app is given, not larger than `wanted` needs. */
  listingPage: (request: ListingRequest, cursor: Cursor, wanted: number, context: SlotContext) => Promise<ListingPage>
  /**
   * `GET /albums/{id}`: the album with its first 50 tracks, not yet checked.
   * @param isShown a listing has shown it, so that it exists
   */
  album: (id: string, market: string | null, context: SlotContext, isShown: boolean) => Promise<unknown>
  /**
   * `GET /albums?ids=`: one unchecked entry for each id, null where Spotify sent none. Remembers a refusal. Throws
   * `TooManyError`.
   */
  albums: (ids: string[], market: string | null, context: SlotContext) => Promise<unknown[]>
  /** `GET /albums/{id}/tracks`: what one page gives of the range. */
  albumTracks: (
    id: string, range: { offset: number, limit: number }, market: string | null, context: SlotContext
  ) => Promise<Page>
}

interface SpotifyClientOptions {
  apiUrl: URL
  call: Call
  semaphore: Semaphore
  memory: Capabilities
  ready: SpotifyClient['ready']
}

export function createSpotifyClient (options: SpotifyClientOptions): SpotifyClient {
  const { call, memory, ready, semaphore } = options
  const base = options.apiUrl.href.replace(/\/$/, '')
  const { origin } = options.apiUrl
  const probe = createDiscovery(memory)
  /** The first call that was refused since the endpoint last answered. */
  const suspects = new Map<Endpoint, string>()

  function address (path: string, query: Record<string, string | number | null>): URL {
    const url = new URL(base + path)
    for (const [name, value] of Object.entries(query)) if (value !== null) url.searchParams.set(name, String(value))
    return url
  }

  /** Makes a call whose refusal or success says something of the endpoint. */
  async function learning (
    endpoint: Endpoint, url: URL, context: SlotContext, { item = null, size = null }: Asked = {}
  ): Promise<unknown> {
    const documented = DOCUMENTED_SIZES[endpoint] ?? 0
    try {
      const body = await call(endpoint, url, context, (): Evidence => {
        const { works, provenSize, pageSize } = memory.about(endpoint)
        return {
          hasServed: memory.hasServed(),
          isExpected: works || isOpenToEveryTier(endpoint),
          item,
          isSizeExpected: size !== null && (size <= provenSize || (size <= documented && documented <= pageSize)),
        }
      })
      suspects.delete(endpoint)
      memory.worked(endpoint, size !== null && size > documented ? size : null)
      return body
    } catch (error) {
      if (error instanceof ServiceError && concernsEndpoint(endpoint, error, item)) {
        await throwRefusal(endpoint, url, context, error)
      }
      if (size !== null && hasCode(error, 'invalid_limit') && await memory.stepDown(endpoint, size)) {
        await context.onRefused?.()
        throw new TooManyError('fewer at once are allowed', { cause: error })
      }
      throw error
    }
  }

  async function throwRefusal (
    endpoint: Endpoint, url: URL, context: CallContext, error: ServiceError
  ): Promise<never> {
    const { message, upstreamStatus } = error
    const options = { cause: error, ...upstreamStatus === undefined ? {} : { upstreamStatus } }
    if (isRefusalOfIds(endpoint, url)) throw new ServiceError('request_refused', message, options)
    await memory.refused(endpoint, message, upstreamStatus)
    await context.onRefused?.()
    throw new ServiceError('endpoint_unavailable', message, options)
  }

  /**
   * Whether what has worked was refused because of the ids in this call: as long as no call with other ids was refused
   * since the last answer.
   */
  function isRefusalOfIds (endpoint: Endpoint, { href }: URL): boolean {
    if (endpoint !== 'albums' && endpoint !== 'artistAlbums') return false
    const suspect = suspects.get(endpoint) ?? href
    suspects.set(endpoint, suspect)
    return memory.about(endpoint).works && suspect === href
  }

  /**
   * Returns the page behind `next` if there is one and its size is not known to be refused, else the page by count;
   * where Spotify refuses the size, the next smaller one.
   */
  async function listingPage (
    request: ListingRequest, cursor: Cursor, wanted: number, context: SlotContext
  ): Promise<ListingPage> {
    const { endpoint, path, query } = request
    const wrapper = endpoint === 'artistAlbums' ? null : 'albums'
    // it may have been stored before SPOTIFY_API_URL was changed
    const isOurs = cursor.url !== null && new URL(cursor.url).origin === origin
    let next = cursor.url !== null && isOurs && (limitOf(cursor.url) ?? 0) <= memory.about(endpoint).pageSize
      ? cursor.url
      : null
    return await withSmallerPages(async (isAgain) => {
      if (isAgain) next = null
      const pageSize = next === null
        ? pageSizeFor(endpoint, cursor.offset, wanted)
        : limitOf(next) ?? memory.about(endpoint).pageSize
      const url = next === null ? address(path, { ...query, limit: pageSize, offset: cursor.offset }) : new URL(next)
      const item = endpoint === 'artistAlbums' ? cursor.offset > 0 ? 'shown' : 'unseen' : null
      return {
        page: pageOf(endpoint, await learning(endpoint, url, context, { item, size: pageSize }), wrapper),
        pageSize,
      }
    })
  }

  function pageSizeFor (endpoint: Endpoint, offset: number, wanted: number): number {
    const enough = PAGE_SIZES.findLast((size) => size >= wanted) ?? PAGE_SIZES[0]
    const size = Math.min(enough, memory.about(endpoint).pageSize)
    return endpoint === 'search' ? Math.min(size, SEARCH_WINDOW - offset) : size
  }

  return {
    origin,
    memory,
    ready,
    slot: semaphore.acquire,

    async listingPage (request, cursor, wanted, context) {
      return await probe(request.endpoint, context, async () => await listingPage(request, cursor, wanted, context))
    },

    async album (id, market, context, isShown) {
      const url = address(`/albums/${encodeURIComponent(id)}`, { market })
      return await learning('album', url, context, { item: isShown ? 'shown' : 'unseen' })
    },

    async albums (ids, market, context) {
      const url = address('/albums', { ids: ids.join(','), market })
      const body = await probe(
        'albums', context, async () => await learning('albums', url, context, { size: ids.length })
      )
      if (!isRecord(body) || !Array.isArray(body['albums'])) throw invalid('albums')
      return align(ids, body['albums'] as unknown[])
    },

    async albumTracks (id, range, market, context) {
      return await withSmallerPages(async () => {
        const limit = Math.min(range.limit, memory.about('albumTracks').pageSize)
        const url = address(`/albums/${encodeURIComponent(id)}/tracks`, { limit, offset: range.offset, market })
        return pageOf('albumTracks', await learning('albumTracks', url, context, { item: 'shown', size: limit }), null)
      })
    },
  }
}

/** What a call asks for, as far as it decides how a refusal is read. */
interface Asked {
  item?: Evidence['item']
  /** How many at once. */
  size?: number | null
}

/** A 404 of a single item says nothing of its endpoint, and an album's endpoint has no substitute. */
function concernsEndpoint (endpoint: Endpoint, error: ServiceError, item: Evidence['item']): boolean {
  if (endpoint === 'album' || endpoint === 'albumTracks') return false
  return hasCode(error, 'endpoint_unavailable') || (item === null && hasCode(error, 'not_found'))
}

/** Spotify refused to give so many at once, and fewer have not been tried. */
export class TooManyError extends Error {}

/** Asks again as long as fewer at once may be allowed. */
async function withSmallerPages<T> (ask: (isAgain: boolean) => Promise<T>): Promise<T> {
  for (let isAgain = false; ; isAgain = true) {
    try {
      return await ask(isAgain)
    } catch (error) {
      if (!(error instanceof TooManyError)) throw error
    }
  }
}

/**
 * Returns the entries in the order of the ids, null where none has the id: an entry with another id answers another
 * question.
 */
function align (ids: string[], entries: unknown[]): unknown[] {
  const byId = new Map(entries.flatMap(
    (entry) => isRecord(entry) && typeof entry['id'] === 'string' ? [[entry['id'], entry] as const] : []
  ))
  return ids.map((id) => byId.get(id) ?? null)
}

function pageOf (endpoint: Endpoint, body: unknown, wrapper: 'albums' | null): Page {
  const page = readPage(body, wrapper)
  if (page === null) throw invalid(endpoint)
  return page
}

function invalid (endpoint: Endpoint): ServiceError {
  return new ServiceError(
    'upstream_invalid', `${endpoint} answered 200 with JSON of another shape than Spotify documents`
  )
}

function limitOf (next: string): number | null {
  const limit = Number(new URL(next).searchParams.get('limit'))
  return Number.isInteger(limit) && limit > 0 ? limit : null
}
