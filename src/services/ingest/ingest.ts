import { PauseError, hasCode } from '../../errors.ts'
import type { Gap, RunFailure, RunRequest } from '../../schemas/run.ts'
import { follow } from '../abortable.ts'
import type { Clock } from '../clock.ts'
import { isAway } from '../database/failure.ts'
import type { Log } from '../log.ts'
import { TRACKS_PAGE_SIZE } from '../spotify/http/endpoint.ts'
import type { ListedAlbum } from '../spotify/item-check.ts'
import { type RetryPolicy, retryDelayMs } from '../spotify/http/retry-policy.ts'
import { orderOf } from '../spotify/sources/choose.ts'
import type { SpotifyClient } from '../spotify/client.ts'
import type { Wait } from '../spotify/pacing/wait.ts'
import { createWorkQueue } from './work-queue.ts'
import { type Failure, failureOf, logBug, ordinaryFailure } from './failures.ts'
import { fetchAlbums } from './fetch.ts'
import type { Ledger } from './ledger.ts'
import { list, wantedAlbums } from './list.ts'
import { type Outcome, gapsOf, outcomeOf } from './outcome.ts'
import { type AlbumCaching, NO_CACHE, type RunCache, createRunCache } from './album-reuse.ts'

export interface IngestOptions {
  spotify: SpotifyClient
  clock: Clock
  random: () => number
  retry: RetryPolicy
  /** Albums fetched at the same time. */
  concurrency: number
  /** null: each run fetches all its albums. */
  caching: AlbumCaching | null
  log: Log
}

/** How an execution of the pipeline ended. */
export type IngestResult =
  /** `cached` resolves when the cache has what it keeps. It reads the ledger until then. */
  | { kind: 'ended', outcome: Outcome, cached: Promise<void> }
  | { kind: 'paused', pause: PauseError }

/** After the first pass, faults that usually pass get one more chance. */
const PASSES = 2

/**
 * Runs the pipeline up to the document: list, fetch, check. Each pass goes for what the ledger lacks, so the first
 * one of a new run, a second one after faults, and one after a crash are the same thing.
 * Throws the signal's reason, unless the run was canceled, and what a database that is away throws.
 */
export async function ingest (
  request: RunRequest, ledger: Ledger, signal: AbortSignal, options: IngestOptions
): Promise<IngestResult> {
  const { spotify, clock, caching, log } = options
  const failures = new Map<string, Failure>()
  const ended = (error: RunFailure | null, cached = Promise.resolve()): IngestResult =>
    ({ kind: 'ended', outcome: outcomeOf({ request, ledger, failures, error }), cached })
  const cache = caching === null
    ? NO_CACHE
    : createRunCache({ caching, request, ledger, memory: spotify.memory, clock, signal })
  try {
    await spotify.memory.refresh()
    const error = await runPasses(request, ledger, { signal, cache, failures }, options)
    return ended(error, cache.settle())
  } catch (error) {
    await ledger.record({ kind: 'left' }).catch(() => {})
    await cache.settle()
    if (hasCode(signal.reason, 'canceled')) return ended(failureOf(signal.reason))
    signal.throwIfAborted()
    if (isAway(error)) throw error
    if (error instanceof PauseError) return { kind: 'paused', pause: error }
    const failure = failureOf(error)
    if (failure.code === 'internal_error') log.error({ err: error }, 'internal error while ingesting')
    return ended(failure)
  }
}

/** Returns why the listing failed, if it did. */
async function runPasses (
  request: RunRequest, ledger: Ledger, pass: Omit<Pass, 'again' | 'putBacks'>, options: IngestOptions
): Promise<Failure | null> {
  const { clock, random, retry } = options
  const putBacks = new Map<string, number>()
  let error: Failure | null = null
  for (let number = 1; number <= PASSES; number++) {
    if (number > 1) {
      const waitMs = retryDelayMs(retry.maxAttempts, retry, random())
      const detail = `pass ${number} of ${PASSES}: ${error?.detail ?? 'what is missing is asked again'}`
      const wait: Wait = { for: 'retry', untilMs: Math.ceil(clock.now() + waitMs), detail }
      await clock.sleep(waitMs, pass.signal).finally(ledger.cost.wait(() => wait))
    }
    error = await runPass(request, ledger, { ...pass, putBacks, again: number > 1 }, options)
    if (error !== null ? !isTransient(error) : hasAllThatThereIs(request, ledger, pass.failures)) break
  }
  return error
}

/** Returns whether another pass would find nothing more. */
function hasAllThatThereIs (request: RunRequest, ledger: Ledger, failures: ReadonlyMap<string, Failure>): boolean {
  return gapsOf(wantedAlbums(ledger, request.limit), request, ledger, failures).every(isFinal)
}

interface Pass {
  signal: AbortSignal
  cache: RunCache
  failures: Map<string, Failure>
  putBacks: Map<string, number>
  again: boolean
}

/**
 * List and fetch side by side: an album is looked up and fetched while the next page is listed. Gives the listing's
 * failure, if any.
 */
async function runPass (
  request: RunRequest, ledger: Ledger, { signal, cache, failures, putBacks, again }: Pass, options: IngestOptions
): Promise<Failure | null> {
  const { spotify, concurrency, log } = options
  const { controller: stopping, release } = follow(signal)
  /** During a pause the pacer lets no new call through, and the answers that are on their way are worth having. */
  const abort = (error: unknown): void => { if (!(error instanceof PauseError)) stopping.abort(error) }
  const context = {
    signal: stopping.signal,
    cost: ledger.cost,
    onRefused: async () => await ledger.record({ kind: 'refused' }),
  }
  const workQueue = createWorkQueue<ListedAlbum>(hasFurtherTracks)
  const partialAlbums = createWorkQueue<ListedAlbum>()
  let lookedUp = Promise.resolve()
  /** One page after the other and beside the listing: the queues keep its order, and it waits for no disk. */
  const put = (albums: ListedAlbum[]): void => {
    lookedUp = lookedUp.then(async () => {
      const missing = albums.filter((album) => isMissing(ledger, album))
      partialAlbums.put(missing.filter(({ id }) => ledger.album(id) !== undefined))
      workQueue.put(await cache.take(missing.filter(({ id }) => ledger.album(id) === undefined), stopping.signal))
    })
    lookedUp.catch(abort)
  }
  if (isListedInOrder(ledger)) put(wantedAlbums(ledger, request.limit))

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
      workQueue.end()
      partialAlbums.end()
    }
  }

  try {
    const [listed, fetched] = await Promise.allSettled([
      listing(),
      fetchAlbums({
        workQueue,
        partialAlbums,
        ledger,
        spotify,
        context,
        market: request.market,
        concurrency,
        again,
        failures,
        putBacks,
        log,
        onFetched: cache.keep,
        abort,
      }),
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

/** Returns the code of the run's error for a failure of the listing. */
function codeOfListing (code: string): string {
  return code === 'not_found' || code === 'request_refused' || code === 'invalid_limit' ? 'upstream_invalid' : code
}

/** Advises another request where it would help. */
function adviceOn (code: string): string {
  return code === 'endpoint_unavailable' ? '. Choose another source: GET /diagnose shows what this app may use' : ''
}

function isMissing (ledger: Ledger, { id }: ListedAlbum): boolean {
  return !ledger.isComplete(id) && ledger.unavailable(id) === undefined
}

/** Which of the albums are the newest is not known before all are listed: then the listing itself hands them over. */
function isListedInOrder ({ source }: Ledger): boolean {
  return source !== null && orderOf(source.used) === 'listed'
}

function isFinal ({ code }: Gap): boolean {
  return code === 'listing_incomplete' || code === 'listing_capped' || code === 'album_unavailable'
}

function isTransient ({ code }: Failure): boolean {
  return code === 'upstream_unavailable' || code === 'upstream_invalid'
}
