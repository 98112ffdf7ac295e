import { ServiceError } from '../../errors.ts'
import { type IngestBody, type RunRequest } from '../../schemas/run.ts'

const DEFAULT_LIMIT = 100

/** Which fields belong to which source only. */
const FIELD_OF_SOURCE = { query: 'search', artistIds: 'artists', albumIds: 'albums' } as const

/**
 * The request with its defaults, or `invalid_request` with what to change. Equal requests give equal results,
 * key for key.
 * @param maxAlbums MAX_ALBUMS_PER_RUN
 * @param market of requests that name none: SPOTIFY_MARKET
 */
export function completeRequest (body: IngestBody, maxAlbums: number, market: string | null = null): RunRequest {
  const source = body.source ?? 'auto'
  for (const [field, owner] of Object.entries(FIELD_OF_SOURCE) as Array<[keyof typeof FIELD_OF_SOURCE, string]>) {
    if (body[field] !== undefined && source !== owner) refuse(`${field} is only for source "${owner}", and source is "${source}": leave it out or change source`)
  }
  const common = (limit: number): RunRequest => ({
    source, limit: checkedLimit(limit, maxAlbums), pagination: body.pagination ?? 'next', market: body.market ?? market, refresh: body.refresh ?? false,
  })
  if (source === 'albums') {
    if (body.limit !== undefined) refuse('limit does not go with source "albums", which means exactly the albums in albumIds: leave limit out')
    const albumIds = idsOf(body.albumIds, 'albumIds', 'albums')
    return { ...common(albumIds.length), albumIds }
  }
  const request = common(body.limit ?? Math.min(DEFAULT_LIMIT, maxAlbums))
  switch (source) {
    case 'search': return body.query === undefined ? request : { ...request, query: body.query }
    case 'artists': return { ...request, artistIds: idsOf(body.artistIds, 'artistIds', 'artists') }
    default: return request
  }
}

function checkedLimit (limit: number, max: number): number {
  if (limit > max) refuse(`${limit} albums are more than MAX_ALBUMS_PER_RUN allows (${max}): ask for fewer, or raise it`)
  return limit
}

function idsOf (refs: string[] | undefined, field: string, source: string): string[] {
  if (refs === undefined) refuse(`source "${source}" needs ${field}`)
  return [...new Set(refs.map(toSpotifyId))]
}

/** The id in a Spotify id, URI or link. */
function toSpotifyId (ref: string): string {
  return ref.replace(/\?.*$/, '').replace(/^.*[:/]/, '')
}

function refuse (detail: string): never {
  throw new ServiceError('invalid_request', detail)
}
