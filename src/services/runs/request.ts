import { ServiceError } from '../../errors.ts'
import {
  FIELD_NAMES, type FieldName, INGEST_FIELDS, type IngestBody, type SourceName, ownerOf
} from '../../schemas/ingest-body.ts'
import type { RunRequest } from '../../schemas/run.ts'

const DEFAULT_LIMIT = 100

/** What a request of each source has besides the fields that every source takes. */
const OWN_FIELDS: Record<SourceName, (body: IngestBody) => Pick<RunRequest, 'query' | 'artistIds' | 'albumIds'>> = {
  auto: () => ({}),
  'new-releases': () => ({}),
  search: ({ query }) => query === undefined ? {} : { query },
  artists: ({ artistIds }) => ({ artistIds: idsOf(artistIds, 'artistIds', 'artists') }),
  albums: ({ albumIds }) => ({ albumIds: idsOf(albumIds, 'albumIds', 'albums') }),
}

/** Why a source does not take a field that several others take. */
const REASONS: Partial<Record<SourceName, string>> = { albums: ', which means exactly the albums in albumIds' }

/**
 * The request with its defaults, or `invalid_request` with what to change. Equal requests give equal results,
 * key for key.
 * @param maxAlbums MAX_ALBUMS_PER_RUN
 * @param market of requests that name none: SPOTIFY_MARKET
 */
export function completeRequest (body: IngestBody, maxAlbums: number, market: string | null = null): RunRequest {
  const source = body.source ?? 'auto'
  for (const name of FIELD_NAMES) {
    if (body[name] !== undefined && !INGEST_FIELDS[name].sources.includes(source)) refuseField(name, source)
  }
  const own = OWN_FIELDS[source](body)
  const limit = own.albumIds?.length ?? body.limit ?? Math.min(DEFAULT_LIMIT, maxAlbums)
  const limiting = own.albumIds === undefined ? 'limit' : 'albumIds'
  return {
    source,
    limit: checkedLimit(limit, maxAlbums, limiting),
    pagination: body.pagination ?? 'next',
    market: body.market ?? market,
    refresh: body.refresh ?? false,
    ...own,
  }
}

function refuseField (name: FieldName, source: SourceName): never {
  const owner = ownerOf(name)
  if (owner !== null) {
    refuse(name, `${name} is only for source "${owner}", and source is "${source}": leave it out or change source`)
  }
  refuse(name, `${name} does not go with source "${source}"${REASONS[source] ?? ''}: leave ${name} out`)
}

function checkedLimit (limit: number, max: number, field: FieldName): number {
  if (limit > max) {
    refuse(field, `${limit} albums are more than MAX_ALBUMS_PER_RUN allows (${max}): ask for fewer, or raise it`)
  }
  return limit
}

function idsOf (refs: string[] | undefined, field: FieldName, source: SourceName): string[] {
  if (refs === undefined) refuse(field, `source "${source}" needs ${field}`)
  return [...new Set(refs.map(toSpotifyId))]
}

/** The id in a Spotify id, URI or link. */
function toSpotifyId (ref: string): string {
  return ref.replace(/\?.*$/, '').replace(/^.*[:/]/, '')
}

function refuse (field: FieldName, detail: string): never {
  throw new ServiceError('invalid_request', detail, { field })
}
