import { PauseError, ServiceError } from '../../errors.ts'
import type { Clock } from '../clock.ts'
import { createRecent } from '../recent.ts'
import type { CallContext, SlotContext } from './call.ts'
import { FACT_LIFETIME_MS, type Verdict } from './capabilities.ts'
import { ENDPOINT_NAMES, type Endpoint, TRACKS_PAGE_SIZE, isListing } from './http/endpoint.ts'
import { readListedAlbum } from './item-check.ts'
import { createCostCounter } from './cost.ts'
import type { Pacer } from './pacing/pacer.ts'
import { START } from './paging.ts'
import type { ListingRequest, SpotifyClient } from './client.ts'
import type { Pause } from './pacing/pause.ts'
import type { Diagnosis } from '../../schemas/diagnosis.ts'
import { NEW_ALBUMS_QUERY } from '../../schemas/ingest-body.ts'
import type { TokenManager } from './auth/token-manager.ts'

type EndpointFinding = Diagnosis['endpoints'][number]

interface DiagnoseOptions {
  spotify: SpotifyClient
  tokens: TokenManager
  pacer: Pacer
  clock: Clock
}

/** What an endpoint answered when it was asked here. */
type Answers = Map<Endpoint, Verdict>

const ASKED_EVERY_MS = 60_000
const ASKS_WITHIN_MS = 30_000

/**
 * Returns a function that gives what is known, by runs or by asking, and for how long. With `refresh` each endpoint is
 * asked once before that, at most once a minute; where the pacer lets no call through, nothing is asked.
 */
export function createDiagnose (options: DiagnoseOptions): (refresh: boolean) => Promise<Diagnosis> {
  const answers: Answers = new Map()
  const ask = createRecent(
    async () => await askAll(options, answers), { maxAgeMs: ASKED_EVERY_MS, monotonic: options.clock.monotonic }
  )
  return async (refresh) => {
    if (refresh) await ask()
    return await known(options, answers)
  }
}

async function known (
  { spotify: { memory }, tokens, pacer, clock }: DiagnoseOptions, answers: Answers
): Promise<Diagnosis> {
  await memory.refresh()
  const nowMs = clock.now()
  const endpoints = (Object.keys(ENDPOINT_NAMES) as Endpoint[]).flatMap((endpoint): EndpointFinding[] => {
    const verdict = newest(memory.verdict(endpoint), answers.get(endpoint), nowMs)
    if (verdict === null) return []
    const { status, detail, atMs } = verdict
    const pageSize = status === 200 && isListing(endpoint) ? memory.about(endpoint).pageSize : null
    return [{ endpoint, status, pageSize, detail, ...ageAt(nowMs, atMs) }]
  })
  const { pause: ofCalls, pace, callsLast24Hours } = await pacer.state()
  const pause = laterOf(ofCalls, tokens.pause())
  const outcome = tokens.lastOutcome()
  return {
    token: { ok: outcome?.ok ?? null, detail: outcome?.detail ?? null, ...ageAt(nowMs, outcome?.atMs) },
    tier: tierOf(endpoints),
    endpoints,
    callsLast24Hours,
    callsPer30s: pace,
    pause: pause === null
      ? null
      : { until: new Date(pause.untilMs).toISOString(), code: pause.code, detail: pause.detail },
  }
}

/** Returns the newer of what runs have learnt and what was answered here. */
function newest (learnt: Verdict | null, answered: Verdict | undefined, nowMs: number): Verdict | null {
  if (answered === undefined || nowMs - answered.atMs >= FACT_LIFETIME_MS) return learnt
  return learnt !== null && learnt.atMs > answered.atMs ? learnt : answered
}

function ageAt (nowMs: number, atMs: number | undefined): Pick<EndpointFinding, 'checkedAt' | 'ageSeconds'> {
  if (atMs === undefined) return { checkedAt: null, ageSeconds: null }
  return { checkedAt: new Date(atMs).toISOString(), ageSeconds: Math.max(0, Math.floor((nowMs - atMs) / 1000)) }
}

function laterOf (a: Pause | null, b: Pause | null): Pause | null {
  return (a?.untilMs ?? 0) > (b?.untilMs ?? 0) ? a : b
}

/** Asks each endpoint until there is no token or a pause begins: token manager and pacer know the reason. */
async function askAll ({ spotify, tokens, pacer, clock }: DiagnoseOptions, answers: Answers): Promise<void> {
  const context: CallContext = { signal: AbortSignal.timeout(ASKS_WITHIN_MS), cost: createCostCounter(clock.monotonic) }
  try {
    await pacer.throwIfPaused()
    await tokens.get(context.signal)
    for await (const { endpoint, status, detail } of askEndpoints(spotify, context)) {
      answers.set(endpoint, { status, detail, atMs: clock.now() })
    }
  } catch (error) {
    if (!(error instanceof ServiceError) && !context.signal.aborted) throw error
  }
}

type Answered = Pick<EndpointFinding, 'status' | 'detail'> & { endpoint: Endpoint }

async function * askEndpoints (spotify: SpotifyClient, context: CallContext): AsyncGenerator<Answered> {
  const newReleases = await askListing(
    spotify, { endpoint: 'newReleases', path: '/browse/new-releases', query: {} }, context
  )
  yield newReleases.answered
  const search = await askListing(
    spotify, { endpoint: 'search', path: '/search', query: { q: NEW_ALBUMS_QUERY, type: 'album' } }, context
  )
  yield search.answered
  const example = [...newReleases.items, ...search.items].find((item) => readListedAlbum(item) !== null)
  const id = readListedAlbum(example)?.id
  if (id !== undefined) {
    const tracks = { offset: 0, limit: TRACKS_PAGE_SIZE }
    const asks: Array<[Endpoint, (inSlot: SlotContext) => Promise<unknown>]> = [
      ['album', async (inSlot) => await spotify.album(id, null, inSlot, false)],
      ['albums', async (inSlot) => await spotify.albums([id, id], null, inSlot)],
      ['albumTracks', async (inSlot) => await spotify.albumTracks(id, tracks, null, inSlot)],
    ]
    for (const [endpoint, ask] of asks) yield (await askOne(endpoint, spotify, context, ask)).answered
  }
  const artistId = artistOf(example)
  if (artistId === null) return
  const path = `/artists/${encodeURIComponent(artistId)}/albums`
  yield (await askListing(
    spotify, { endpoint: 'artistAlbums', path, query: { include_groups: 'album,single' } }, context
  )).answered
}

async function askListing (
  spotify: SpotifyClient, request: ListingRequest, context: CallContext
): Promise<{ answered: Answered, items: unknown[] }> {
  const { answered, answer } = await askOne(
    request.endpoint, spotify, context, async (inSlot) => await spotify.listingPage(request, START, Infinity, inSlot)
  )
  return { answered, items: answer?.page.items ?? [] }
}

async function askOne<T> (
  endpoint: Endpoint, spotify: SpotifyClient, context: CallContext, ask: (context: SlotContext) => Promise<T>
): Promise<{ answered: Answered, answer?: T }> {
  try {
    using slot = await spotify.slot(context, isListing(endpoint))
    const answer = await ask({ ...context, slot })
    return { answered: { endpoint, status: 200, detail: null }, answer }
  } catch (error) {
    if (error instanceof PauseError) throw error
    const status = error instanceof ServiceError ? error.upstreamStatus ?? null : null
    return { answered: { endpoint, status, detail: sentenceOf(error) } }
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
