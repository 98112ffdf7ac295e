import { PauseError } from '../../errors.ts'
import { type Gap, type ListingEnd, type Progress, type RunRequest } from '../../schemas/run.ts'
import { follow } from '../abortable.ts'
import { type Clock } from '../clock.ts'
import { type Log } from '../log.ts'
import { TRACKS_PAGE_SIZE } from '../spotify/endpoint.ts'
import { type ListedAlbum } from '../spotify/item-check.ts'
import { type Meter } from '../spotify/meter.ts'
import { type RetryPolicy, retryDelayMs } from '../spotify/retry-policy.ts'
import { type SpotifyService } from '../spotify/spotify-service.ts'
import { type Wait } from '../spotify/wait.ts'
import { countTracks } from './album-state.ts'
import { createBelt } from './belt.ts'
import { type Failure, fetchAlbums } from './fetch.ts'
import { type Ledger, gapOf } from './ledger.ts'
import { list, sourceOf, wantedAlbums } from './list.ts'
import { type AlbumCaching, NO_CACHE, type RunCache, createRunCache } from './run-cache.ts'
import { logBug, ordinaryFailure } from './settle.ts'

export interface IngestOptions {
  spotify: SpotifyService
  clock: Clock
  random: () => number
  retry: RetryPolicy
  /** Albums fetched at the same time. */
  concurrency: number
  /** null: each run fetches all its albums. */
  caching: AlbumCaching | null
  log: Log
}

/** How the pipeline ended: the failure of the listing, if any, and of the albums that are still missing. */
export interface IngestResult {
  error: Failure | null
  failures: ReadonlyMap<string, Failure>
  /** Resolves when the cache has what it keeps. It reads the ledger until then. */
  cached: Promise<void>
}

/** What a run has, compared with what it promised. */
export interface Inspection {
  /** The albums that the run is about, in the order of the document. */
  albums: ListedAlbum[]
  gaps: Gap[]
  /** Of these albums only: while the newest ones are looked for, others were fetched too. */
  progress: Progress
}

/** After the first pass, faults that usually pass get one more chance. */
const PASSES = 2

/**
 * The pipeline up to the document: list, fetch, check. Each pass goes for what the ledger lacks, so the first
 * one of a new run, a second one after faults, and one after a crash are the same thing.
 * Throws what stops every call; then the ledger keeps what there is.
 */
export async function ingest (request: RunRequest, ledger: Ledger, signal: AbortSignal, meter: Meter, options: IngestOptions): Promise<IngestResult> {
  const { spotify, clock, random, retry, caching } = options
  const failures = new Map<string, Failure>()
  const putBacks = new Map<string, number>()
  if (ledger.memory !== null) spotify.memory.restore(ledger.memory)
  await spotify.memory.refresh()
  const cache = caching === null ? NO_CACHE : createRunCache({ caching, request, ledger, memory: spotify.memory, meter, clock, signal })
  const recordCost = async (isLeaving = false): Promise<void> => await ledger.record({ kind: 'memory', memory: spotify.memory.snapshot(), cost: meter.read(), ...isLeaving ? { isLeaving } : {} })
  /** What was learnt of the endpoints is stored immediately, so that a restart does not ask it again. */
  const learned = async (): Promise<void> => {
    if (JSON.stringify(spotify.memory.snapshot()) !== JSON.stringify(ledger.memory)) await recordCost()
  }
  try {
    let error: Failure | null = null
    for (let pass = 1; pass <= PASSES; pass++) {
      if (pass > 1) {
        const waitMs = retryDelayMs(retry.maxAttempts, retry, random())
        const wait: Wait = { for: 'retry', untilMs: Math.ceil(clock.now() + waitMs), detail: `pass ${pass} of ${PASSES}: ${error?.detail ?? 'what is missing is asked again'}` }
        await clock.sleep(waitMs, signal).finally(meter.wait(() => wait))
      }
      error = await runPass(request, ledger, { signal, meter, learned, cache, failures, putBacks, again: pass > 1 }, options)
      if (error === null && inspect(request, ledger, spotify, failures).gaps.every(isFinal)) break
      if (error !== null && !isTransient(error)) break
    }
    await recordCost()
    return { error, failures, cached: cache.settle() }
  } catch (error) {
    await recordCost(true).catch(() => {})
    await cache.settle()
    throw error
  }
}

interface Pass {
  signal: AbortSignal
  meter: Meter
  learned: () => Promise<void>
  cache: RunCache
  failures: Map<string, Failure>
  putBacks: Map<string, number>
  again: boolean
}

/** List and fetch side by side: an album is looked up and fetched while the next page is listed. Gives the listing's failure, if any. */
async function runPass (request: RunRequest, ledger: Ledger, { signal, meter, learned, cache, failures, putBacks, again }: Pass, options: IngestOptions): Promise<Failure | null> {
  const { spotify, concurrency, log } = options
  const { controller: stopping, release } = follow(signal)
  /** During a pause the pacer lets no new call through, and the answers that are on their way are worth having. */
  const abort = (error: unknown): void => { if (!(error instanceof PauseError)) stopping.abort(error) }
  const context = { signal: stopping.signal, meter, learned }
  const belt = createBelt<ListedAlbum>(hasFurtherTracks)
  const begun = createBelt<ListedAlbum>()
  let lookedUp = Promise.resolve()
  /** One page after the other and beside the listing, so that the belts keep its order and it waits for no disk. */
  const put = (albums: ListedAlbum[]): void => {
    lookedUp = lookedUp.then(async () => {
      const missing = albums.filter((album) => isMissing(ledger, album))
      begun.put(missing.filter(({ id }) => ledger.album(id) !== undefined))
      belt.put(await cache.take(missing.filter(({ id }) => ledger.album(id) === undefined), stopping.signal))
    })
    lookedUp.catch(abort)
  }
  if (isListedInOrder(ledger, request, spotify)) put(wanted(request, ledger, spotify))

  async function listing (): Promise<Failure | null> {
    try {
      await list({ request, ledger, spotify, context, onListed: put })
      return null
    } catch (error) {
      const failure = ordinaryFailure(error)
      if (failure === null) {
        abort(error)
        throw error
      }
      logBug(log, failure, {})
      return { code: codeOfListing(failure.code), detail: `${failure.message}${adviceOn(failure.code)}` }
    } finally {
      await lookedUp.catch(() => {}) // its failure has aborted the pass
      belt.end()
      begun.end()
    }
  }

  try {
    const [listed, fetched] = await Promise.allSettled([
      listing(),
      fetchAlbums({ belt, begun, ledger, spotify, context, market: request.market, concurrency, again, failures, putBacks, log, onFetched: cache.keep, abort }),
    ])
    if (stopping.signal.aborted) throw stopping.signal.reason
    if (listed.status === 'rejected') throw listed.reason
    if (fetched.status === 'rejected') throw fetched.reason
    return listed.value
  } finally {
    release()
  }
}

/** Such an album costs a call that can only be made after its first one: begun last, it would keep the run waiting. */
function hasFurtherTracks ({ totalTracks }: ListedAlbum): boolean {
  return totalTracks !== null && totalTracks > TRACKS_PAGE_SIZE
}

/** What the listing's failure is called in the run's error: the codes that users know. */
function codeOfListing (code: string): string {
  return code === 'not_found' || code === 'request_refused' || code === 'invalid_limit' ? 'upstream_invalid' : code
}

/** Where another request would fare better. */
function adviceOn (code: string): string {
  return code === 'endpoint_unavailable' ? '. Choose another source: GET /diagnose shows what this app may use' : ''
}

function isMissing (ledger: Ledger, { id }: ListedAlbum): boolean {
  return !ledger.isComplete(id) && ledger.unavailable(id) === undefined
}

function wanted (request: RunRequest, ledger: Ledger, spotify: SpotifyService): ListedAlbum[] {
  return wantedAlbums(ledger.listed.values(), request.limit, sourceOf({ ledger, request, spotify }).order)
}

/** Which of the albums are the newest is not known before all are listed: then the listing itself hands them over. */
function isListedInOrder (ledger: Ledger, request: RunRequest, spotify: SpotifyService): boolean {
  return ledger.source !== null && sourceOf({ ledger, request, spotify }).order === 'listed'
}

/** Compare what is there with what was promised; `failures` says why the rest is missing, as far as it is known. */
export function inspect (request: RunRequest, ledger: Ledger, spotify: SpotifyService, failures: ReadonlyMap<string, Failure> = new Map()): Inspection {
  const albums = wanted(request, ledger, spotify)
  const lost = ledger.losses.map((detail) => listingGap('listing_incomplete', detail))
  const capped = albums.length < request.limit && ledger.listing !== null ? cappedGap(ledger.listing, albums.length) : []
  const gaps = albums.flatMap((album) => gapOf(ledger, album, failures.get(album.id)) ?? [])
  return { albums, gaps: [...lost, ...capped, ...gaps], progress: progressOf(albums, ledger) }
}

function listingGap (code: 'listing_incomplete' | 'listing_capped', detail: string): Gap {
  return { albumId: null, name: null, code, detail, expectedTracks: null, tracks: 0 }
}

function cappedGap ({ cappedAt }: ListingEnd, listed: number): Gap[] {
  return cappedAt === null ? [] : [listingGap('listing_capped', `Spotify's search shows no more than ${cappedAt} results, which were ${listed} albums: narrow the query to see others`)]
}

function progressOf (albums: ListedAlbum[], ledger: Ledger): Progress {
  const fetched = albums.flatMap(({ id }) => ledger.album(id) ?? [])
  return { albumsListed: albums.length, albumsFetched: fetched.length, tracks: fetched.reduce((sum, album) => sum + countTracks(album), 0) }
}

function isFinal ({ code }: Gap): boolean {
  return code === 'listing_incomplete' || code === 'listing_capped' || code === 'album_unavailable'
}

function isTransient ({ code }: Failure): boolean {
  return code === 'upstream_unavailable' || code === 'upstream_invalid'
}
