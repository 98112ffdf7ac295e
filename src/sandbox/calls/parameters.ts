import type { FastifyRequest } from 'fastify'
import { apiError, Refusal } from '../http/answers.ts'
import { isId } from '../catalogue/ids.ts'
import type { Tier, View } from '../catalogue/objects.ts'
import type { Window } from '../catalogue/paging.ts'
import type { SandboxSettings } from '../settings/settings.ts'
import type { EndpointName } from '../settings/endpoints.ts'

export type Query = Readonly<Record<string, string | undefined>>
interface PageSize { readonly usual: number, readonly most: number }

/** Page sizes (Spotify reference, `limit` of each endpoint); the smaller ones since February 2026 (changelog). */
const PAGE_SIZES: Readonly<Record<Tier, Partial<Record<EndpointName, PageSize>>>> = {
  extended: {
    newReleases: { usual: 20, most: 50 },
    search: { usual: 20, most: 50 },
    albumTracks: { usual: 20, most: 50 },
    artistAlbums: { usual: 20, most: 50 },
  },
  development: {
    search: { usual: 5, most: 10 },
    albumTracks: { usual: 20, most: 50 },
    artistAlbums: { usual: 5, most: 10 },
  },
}
const SEVERAL_ALBUMS = 20

export function queryOf (request: FastifyRequest): Query {
  const query = request.query as Record<string, string | string[]>
  const first = (value: string | string[]) => Array.isArray(value) ? value[0] : value
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, first(value)]))
}

/**
 * Parses `limit` and `offset`.
 * @throws Refusal 400 for a limit that the endpoint does not allow
 */
export function windowOf (
  query: Query, endpoint: keyof SandboxSettings['pageLimits'], settings: SandboxSettings
): Window {
  const { usual, most } = PAGE_SIZES[settings.tier][endpoint] ?? { usual: 20, most: 50 }
  const cap = settings.pageLimits[endpoint] ?? most
  const limit = wholeNumber(query['limit'], Math.min(usual, cap), 'Invalid limit')
  if (limit < 1 || limit > cap) throw new Refusal(apiError(400, 'Invalid limit'))
  return { limit, offset: wholeNumber(query['offset'], 0, 'Invalid offset') }
}

/**
 * Parses `ids`.
 * @throws Refusal 400 for none, too many or malformed ids
 */
export function idsOf (query: Query, settings: SandboxSettings): string[] {
  const ids = (query['ids'] ?? '').split(',')
  const most = settings.pageLimits.albums ?? SEVERAL_ALBUMS
  if (ids.length > most) throw new Refusal(apiError(400, 'Too many ids requested'))
  return ids.map(checkedId)
}

/**
 * Returns the id if it is well-formed.
 * @throws Refusal 400
 */
export function checkedId (id: string | undefined): string {
  if (id === undefined || !isId(id)) throw new Refusal(apiError(400, 'Invalid base62 id'))
  return id
}

/**
 * Reads the caller's view from a request.
 * @throws Refusal 400 for a market that is no country code
 */
export function viewOf (request: FastifyRequest, query: Query, tier: Tier): View {
  const market = query['market'] ?? null
  if (market !== null && !/^[A-Z]{2}$/.test(market)) throw new Refusal(apiError(400, 'Invalid market code'))
  return {
    apiUrl: `${request.protocol}://${request.host}/v1`,
    tier,
    market,
    locale: query['locale'] ?? request.headers['accept-language'] ?? '*',
  }
}

function wholeNumber (text: string | undefined, usual: number, complaint: string): number {
  if (text === undefined) return usual
  if (!/^\d{1,9}$/.test(text)) throw new Refusal(apiError(400, complaint))
  return Number(text)
}
