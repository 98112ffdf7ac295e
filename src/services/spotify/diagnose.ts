import { ServiceError } from '../../errors.ts'
import { type Clock } from '../clock.ts'
import { type CallContext } from './call.ts'
import { type Endpoint, TRACKS_PAGE_SIZE } from './endpoint.ts'
import { readListedAlbum } from './item-check.ts'
import { createMeter } from './meter.ts'
import { type Pacer } from './pacer.ts'
import { START } from './paging.ts'
import { type ListingRequest, type SpotifyService } from './spotify-service.ts'
import { type Pause } from './standing.ts'
import { NEW_ALBUMS_QUERY } from './sources/search.ts'
import { type TokenManager } from './token-manager.ts'

/** What one endpoint answered when it was asked. */
export interface EndpointFinding {
  endpoint: Endpoint
  /** null: it could not be asked, or did not answer. */
  status: number | null
  /** The largest page that it gives; null where it has none or refuses. */
  pageSize: number | null
  detail: string | null
}

/** What these credentials can do, found by asking. */
export interface Diagnosis {
  checkedAt: string
  token: { ok: boolean, detail: string | null }
  tier: 'extended' | 'development' | 'unknown'
  endpoints: EndpointFinding[]
  callsLast24Hours: number
  /** Calls in any 30 seconds that the service allows itself at present. */
  callsPer30s: number
  pause: { until: string, code: string, detail: string } | null
}

interface DiagnoseOptions {
  spotify: SpotifyService
  tokens: TokenManager
  pacer: Pacer
  clock: Clock
}

const CACHED_MS = 60_000
const ASKS_WITHIN_MS = 30_000

/**
 * Ask each endpoint once, and remember the answers for a minute; who asks meanwhile waits for the same ones. Where
 * the pacer lets no call through, the endpoints are not asked, and nothing is remembered.
 */
export function createDiagnose (options: DiagnoseOptions): (mayCall: boolean) => Promise<Diagnosis> {
  let cached: { atMs: number, diagnosis: Promise<Diagnosis> } | null = null
  return async (mayCall) => {
    if (!mayCall) return await ask(options, false)
    const now = options.clock.monotonic()
    if (cached === null || now - cached.atMs >= CACHED_MS) {
      const mine = cached = { atMs: now, diagnosis: ask(options, true) }
      mine.diagnosis.catch(() => { if (cached === mine) cached = null })
    }
    return await cached.diagnosis
  }
}

async function ask ({ spotify, tokens, pacer, clock }: DiagnoseOptions, mayCall: boolean): Promise<Diagnosis> {
  const context: CallContext = { signal: AbortSignal.timeout(ASKS_WITHIN_MS), meter: createMeter(clock.monotonic) }
  const token = await askToken(tokens, pacer, context.signal)
  const endpoints = token.ok && mayCall ? await askEndpoints(spotify, context) : []
  const { pause: ofCalls, pace, callsLast24Hours } = await pacer.state()
  const pause = laterOf(ofCalls, tokens.pause())
  return {
    checkedAt: new Date(clock.now()).toISOString(),
    token,
    tier: tierOf(endpoints),
    endpoints,
    callsLast24Hours,
    callsPer30s: pace,
    pause: pause === null ? null : { until: new Date(pause.untilMs).toISOString(), code: pause.code, detail: pause.detail },
  }
}

function laterOf (a: Pause | null, b: Pause | null): Pause | null {
  return (a?.untilMs ?? 0) > (b?.untilMs ?? 0) ? a : b
}

async function askToken (tokens: TokenManager, pacer: Pacer, signal: AbortSignal): Promise<Diagnosis['token']> {
  try {
    await pacer.throwIfHeld()
    await tokens.get(signal)
    return { ok: true, detail: null }
  } catch (error) {
    return { ok: false, detail: sentenceOf(error) }
  }
}

async function askEndpoints (spotify: SpotifyService, context: CallContext): Promise<EndpointFinding[]> {
  const newReleases = await askListing(spotify, { endpoint: 'newReleases', path: '/browse/new-releases', query: {} }, context)
  const search = await askListing(spotify, { endpoint: 'search', path: '/search', query: { q: NEW_ALBUMS_QUERY, type: 'album' } }, context)
  const example = [...newReleases.items, ...search.items].find((item) => readListedAlbum(item) !== null)
  const id = readListedAlbum(example)?.id
  const artistId = artistOf(example)
  return [
    newReleases.finding,
    search.finding,
    ...id === undefined
      ? []
      : [
          await askOne('album', async () => await spotify.album(id, null, context, { answered: asIs })),
          await askOne('albums', async () => await spotify.albums([id, id], null, context, asIs)),
          await askOne('albumTracks', async () => await spotify.albumTracks(id, { offset: 0, limit: TRACKS_PAGE_SIZE }, null, context, asIs)),
        ],
    ...artistId === null ? [] : [(await askListing(spotify, { endpoint: 'artistAlbums', path: `/artists/${encodeURIComponent(artistId)}/albums`, query: { include_groups: 'album,single' } }, context)).finding],
  ]
}

/** Nothing is stored here. */
async function asIs<T> (answer: T): Promise<T> {
  return answer
}

async function askListing (spotify: SpotifyService, request: ListingRequest, context: CallContext): Promise<{ finding: EndpointFinding, items: unknown[] }> {
  let items: unknown[] = []
  const finding = await askOne(request.endpoint, async () => {
    items = (await spotify.listingPage(request, START, Infinity, context, asIs)).page.items
  })
  const pageSize = finding.status === 200 ? spotify.memory.about(request.endpoint).pageSize : null
  return { finding: { ...finding, pageSize }, items }
}

async function askOne (endpoint: Endpoint, work: () => Promise<unknown>): Promise<EndpointFinding> {
  try {
    await work()
    return { endpoint, status: 200, pageSize: null, detail: null }
  } catch (error) {
    return { endpoint, status: error instanceof ServiceError ? error.upstreamStatus ?? null : null, pageSize: null, detail: sentenceOf(error) }
  }
}

/** By the two calls that Spotify took away from development mode; where they disagree, nothing is inferred. */
function tierOf (endpoints: EndpointFinding[]): Diagnosis['tier'] {
  const of = (name: Endpoint): number | null => endpoints.find(({ endpoint }) => endpoint === name)?.status ?? null
  const asked = [of('newReleases'), of('albums')]
  if (asked.every((status) => status === 200)) return 'extended'
  return asked.every((status) => status === 403 || status === 404) ? 'development' : 'unknown'
}

function artistOf (item: unknown): string | null {
  const artists = (item as { artists?: Array<{ id?: unknown }> } | undefined)?.artists
  const id = Array.isArray(artists) ? artists[0]?.id : undefined
  return typeof id === 'string' ? id : null
}

function sentenceOf (error: unknown): string {
  return error instanceof ServiceError ? error.message : `did not answer within ${ASKS_WITHIN_MS / 1000} s`
}
