import { ServiceError, hasCode } from '../../errors.ts'
import { formatJson } from '../json.ts'
import type { Log } from '../log.ts'
import type { CallContext } from '../spotify/call.ts'
import { BATCH_SIZE } from '../spotify/http/endpoint.ts'
import { type ListedAlbum, isTrack, readAlbumHead, trackKeys } from '../spotify/item-check.ts'
import { type SpotifyClient, TooManyError } from '../spotify/client.ts'
import { type PageRange, isAlbumFull, missingPages } from './track-coverage.ts'
import type { WorkQueue } from './work-queue.ts'
import { type Ledger, type LedgerEvent, albumEvent } from './ledger.ts'
import { type Failure, logBug, ordinaryFailure, settleAll } from './failures.ts'

/** After so many failures in a row the pass stops, to save quota: the next album would fail too. */
const FAILURES_IN_A_ROW = 10

/**
 * A batch that was refused as such is tried again with other sizes; after that each of its albums is asked for alone.
 */
const MAX_BATCHES = 4

export interface Fetching {
  /** Albums of which nothing is stored. */
  workQueue: WorkQueue<ListedAlbum>
  /** Albums that lack tracks only: in a batch they would take the places of others. */
  partialAlbums: WorkQueue<ListedAlbum>
  ledger: Ledger
  spotify: SpotifyClient
  context: CallContext
  market: string | null
  /** Albums fetched at the same time; the calls in flight are bounded elsewhere. */
  concurrency: number
  /** Ask again for pages that were answered with broken tracks. */
  again: boolean
  failures: Map<string, Failure>
  log: Log
  /** How often each album was put back because its batch was refused. */
  putBacks: Map<string, number>
  /** Told of each album for which nothing is left to be asked now. */
  onFetched: (id: string) => void
  /** Stop all that is under way because of this error. */
  abort: (error: unknown) => void
}

/**
 * Fetches the albums of both queues until they end: by the batch where Spotify allows it, each album's further
 * pages at the same time. A failed album is noted in `failures`, or in the ledger when Spotify does not have it.
 * Throws what stops every call: a pause, an abort, bad credentials, a full disk.
 */
export async function fetchAlbums (fetching: Fetching): Promise<void> {
  const { workQueue, partialAlbums, spotify, concurrency } = fetching
  const streak = { failures: 0 }
  const work = async (from: WorkQueue<ListedAlbum>, size: () => number): Promise<void> => {
    for (let albums; (albums = await from.take(size)).length > 0;) {
      if (streak.failures < FAILURES_IN_A_ROW) await fetchSome(fetching, albums, streak)
    }
  }
  const workers = (from: WorkQueue<ListedAlbum>, size: () => number): Array<Promise<void>> =>
    Array.from({ length: concurrency }, async () => await work(from, size))
  await settleAll([...workers(workQueue, () => batchSize(spotify)), ...workers(partialAlbums, () => 1)])
}

function batchSize ({ memory }: SpotifyClient): number {
  const { refusal, pageSize } = memory.about('albums')
  return refusal === null ? Math.min(BATCH_SIZE, pageSize) : 1
}

/** Fetches the albums, together where that is possible; those that the batch did not bring one after the other. */
async function fetchSome (fetching: Fetching, albums: ListedAlbum[], streak: Streak): Promise<void> {
  const { ledger, spotify } = fetching
  const fresh = albums.filter(({ id }) => ledger.album(id) === undefined)
  const failed = fresh.length > 1 && batchSize(spotify) > 1 ? await fetchBatch(fetching, fresh, streak) : new Set()
  const finish = async (album: ListedAlbum): Promise<void> => {
    await guard(fetching, [album], streak, async () => await finishAlbum(fetching, album))
  }
  await settleAll(albums.filter(({ id }) => ledger.album(id) !== undefined).map(finish))
  for (const album of albums) {
    const isOver = failed.has(album.id) || ledger.album(album.id) !== undefined || streak.failures >= FAILURES_IN_A_ROW
    if (!isOver) await finish(album)
  }
}

/**
 * Fetches several albums by one call. Returns the ids of those that are over for now: all of them where the call failed
 * (noted for each) or was refused as such (they go back on the work queue), and those whose answer was no album
 * (noted). What Spotify left out is not among them.
 */
async function fetchBatch (fetching: Fetching, albums: ListedAlbum[], streak: Streak): Promise<Set<string>> {
  const ids = albums.map(({ id }) => id)
  let broken: Map<ListedAlbum, ServiceError>
  try {
    broken = await storeBatch(fetching, albums)
  } catch (error) {
    if (isSizeRefusal(error) && putBack(fetching, albums)) return new Set(ids)
    if (isSizeRefusal(error) || isFaultOfOne(error)) return new Set() // each alone shows which
    await guard(fetching, albums, streak, async () => { throw error })
    return new Set(ids)
  }
  streak.failures = 0
  for (const [album, error] of broken) await guard(fetching, [album], streak, async () => { throw error })
  return new Set([...broken.keys()].map(({ id }) => id))
}

/** Stores what a batch call answered; returns the albums whose answers were none. */
async function storeBatch (fetching: Fetching, albums: ListedAlbum[]): Promise<Map<ListedAlbum, ServiceError>> {
  const { spotify, context, market, ledger } = fetching
  const broken = new Map<ListedAlbum, ServiceError>()
  using slot = await spotify.slot(context, false)
  const bodies = await spotify.albums(albums.map(({ id }) => id), market, { ...context, slot })
  await settleAll(albums.map(async (album, place) => {
    if (bodies[place] === null) return
    try {
      const { event, text } = albumToStore(album, bodies[place])
      await ledger.record(event, text)
    } catch (error) {
      const failure = ordinaryFailure(error)
      if (failure === null) throw error
      broken.set(album, failure)
    }
  }))
  return broken
}

/**
 * Puts the albums back on the work queue unless that was done too often: no sequence of refusals keeps them going
 * round.
 */
function putBack ({ workQueue, putBacks }: Fetching, albums: ListedAlbum[]): boolean {
  if (albums.some(({ id }) => (putBacks.get(id) ?? 0) >= MAX_BATCHES)) return false
  for (const { id } of albums) putBacks.set(id, (putBacks.get(id) ?? 0) + 1)
  workQueue.putBack(albums)
  return true
}

interface Streak { failures: number }

/** The failure of a call is that of its albums alone; what would stop every call is thrown on. */
async function guard (
  { ledger, failures, log, abort }: Fetching, albums: ListedAlbum[], streak: Streak, work: () => Promise<void>
): Promise<void> {
  try {
    await work()
    for (const { id } of albums) failures.delete(id)
    streak.failures = 0
  } catch (error) {
    const failure = ordinaryFailure(error)
    if (failure === null) {
      abort(error)
      throw error
    }
    logBug(log, failure, { albumIds: albums.map(({ id }) => id) })
    const { code, message: detail } = failure
    const isFinal = albums.length === 1 && isFinalRefusal(error)
    for (const { id } of albums) {
      if (!isFinal) failures.set(id, { code, detail })
      else if (ledger.unavailable(id) === undefined) await ledger.record({ kind: 'unavailable', id, detail })
    }
    streak.failures = isFinal ? 0 : streak.failures + 1
  }
}

/** The batch call itself, or its size, was refused. */
function isSizeRefusal (error: unknown): boolean {
  return hasCode(error, 'endpoint_unavailable') || error instanceof TooManyError
}

/** One album may be why the whole batch was refused, or could not be read. */
function isFaultOfOne (error: unknown): boolean {
  return isFinalRefusal(error) || hasCode(error, 'invalid_limit') ||
    (hasCode(error, 'upstream_invalid') && !error.affectsEveryCall)
}

/** Spotify does not have it: asking again would not help. */
function isFinalRefusal (error: unknown): error is ServiceError {
  return hasCode(error, 'not_found', 'request_refused')
}

/** The album itself unless it is stored, then the rest of its tracks. */
async function finishAlbum (fetching: Fetching, album: ListedAlbum): Promise<void> {
  if (fetching.ledger.album(album.id) === undefined) await fetchAlbum(fetching, album)
  await fetchTracks(fetching, album)
  fetching.onFetched(album.id)
}

async function fetchAlbum (fetching: Fetching, album: ListedAlbum): Promise<void> {
  const { spotify, context, market, ledger } = fetching
  const isShown = album.name !== null || album.totalTracks !== null
  using slot = await spotify.slot(context, false)
  try {
    const body = await spotify.album(album.id, market, { ...context, slot }, isShown)
    const { event, text } = albumToStore(album, body)
    await ledger.record(event, text)
  } catch (error) {
    if (isFinalRefusal(error)) await ledger.record({ kind: 'unavailable', id: album.id, detail: error.message })
    throw error
  }
}

/** Returns the event of an album that was answered, and its JSON. Throws `upstream_invalid` if it is not that album. */
function albumToStore ({ id }: ListedAlbum, body: unknown): { event: LedgerEvent, text: string } {
  const head = readAlbumHead(body)
  if (head === null) {
    throw new ServiceError('upstream_invalid', `album ${id} was answered with something that is no album`)
  }
  if (head.album.id !== id) {
    throw new ServiceError('upstream_invalid', `album ${id} was asked for, and album ${head.album.id} was answered`)
  }
  return { event: albumEvent(id, head), text: formatJson(head.album) }
}

/** Fetches the pages beyond the embedded one, a few concurrently, as long as an answer shows that there are more. */
async function fetchTracks (fetching: Fetching, { id }: ListedAlbum): Promise<void> {
  const { ledger, spotify, again } = fetching
  for (let isAgain = again; ; isAgain = false) {
    const state = ledger.album(id)
    if (state === undefined || isAlbumFull(state)) return
    const ranges = missingPages(state, spotify.memory.about('albumTracks').pageSize, isAgain)
    if (ranges.length === 0) return
    await settleAll(ranges.map(async (range) => await storeTracks(fetching, id, range)))
  }
}

async function storeTracks (
  { ledger, spotify, context, market }: Fetching, id: string, range: PageRange
): Promise<void> {
  const { offset, limit } = range
  using slot = await spotify.slot(context, false)
  const { items, next } = await spotify.albumTracks(id, range, market, { ...context, slot })
  const tracks = items.filter(isTrack)
  const places = Math.min(items.length, limit)
  await ledger.record(
    { kind: 'tracks', id, offset, places, valid: tracks.length, hasNext: next !== null, keys: trackKeys(tracks) },
    formatJson(tracks)
  )
}
