import { ServiceError, hasCode } from '../../errors.ts'
import { type CallContext } from '../spotify/call.ts'
import { BATCH_SIZE, TRACKS_PAGE_SIZE } from '../spotify/endpoint.ts'
import { type ListedAlbum, fingerprintOf, isTrack, readAlbumHead } from '../spotify/item-check.ts'
import { type SpotifyService } from '../spotify/spotify-service.ts'
import { missingPages } from './album-state.ts'
import { type Belt } from './belt.ts'
import { type Ledger, albumPart } from './ledger.ts'
import { ordinaryFailure, settleAll } from './settle.ts'

/** Why an album, or a part of it, could not be fetched in this pass. */
export interface Failure {
  code: string
  detail: string
}

/** So many albums failing in a row mean that the next one will fail too: the pass stops, and spares the quota. */
const FAILURES_IN_A_ROW = 10

/** No album has nearly as many pages of 50 tracks; it bounds an answer that always names a next page. */
const MOST_TRACK_ROUNDS = 40

export interface Fetching {
  /** Albums of which nothing is stored. */
  belt: Belt<ListedAlbum>
  /** Albums that lack tracks only: in a batch they would take the places of others. */
  begun: Belt<ListedAlbum>
  ledger: Ledger
  spotify: SpotifyService
  context: CallContext
  market: string | null
  /** Albums fetched at the same time; the calls in flight are bounded elsewhere. */
  concurrency: number
  /** Ask again for pages that were answered with broken tracks. */
  again: boolean
  failures: Map<string, Failure>
  /** Stop all that is under way because of this error. */
  abort: (error: unknown) => void
}

/**
 * Fetch what comes along the belts until they end: by the batch where Spotify allows it, each album's further
 * pages at the same time. A failed album is noted in `failures`, or in the ledger when Spotify does not have it.
 * Throws what stops every call: a pause, an abort, bad credentials, a full disk.
 */
export async function fetchAlbums (fetching: Fetching): Promise<void> {
  const { belt, begun, spotify, concurrency } = fetching
  const streak = { failures: 0 }
  const work = async (from: Belt<ListedAlbum>, size: () => number): Promise<void> => {
    for (let albums; (albums = await from.take(size())).length > 0;) {
      if (streak.failures < FAILURES_IN_A_ROW) await fetchSome(fetching, albums, streak)
    }
  }
  const workers = (from: Belt<ListedAlbum>, size: () => number): Array<Promise<void>> => Array.from({ length: concurrency }, async () => await work(from, size))
  const fetchNew = async (): Promise<void> => {
    if (!isBatchKnown(spotify)) await fetchSome(fetching, await belt.take(BATCH_SIZE), streak)
    await settleAll(workers(belt, () => batchSize(spotify)))
  }
  await settleAll([fetchNew(), ...workers(begun, () => 1)])
}

/** Until the batch call has worked or was refused, one batch alone finds out: ten at once would be refused ten times. */
function isBatchKnown ({ memory }: SpotifyService): boolean {
  const { works, refusal } = memory.about('albums')
  return works || refusal !== null
}

function batchSize ({ memory }: SpotifyService): number {
  return memory.about('albums').refusal === null ? BATCH_SIZE : 1
}

async function fetchSome (fetching: Fetching, albums: ListedAlbum[], streak: Streak): Promise<void> {
  const { ledger } = fetching
  const heads = await fetchHeads(fetching, albums.filter(({ id }) => ledger.album(id) === undefined), streak)
  await settleAll(albums.map(async (album) => {
    if (heads !== 'none' || ledger.album(album.id) !== undefined) {
      await guard(fetching, [album], streak, async () => await finishAlbum(fetching, album, heads === 'none' ? undefined : heads.get(album.id)))
    }
  }))
}

/**
 * The bodies of several albums by one call, as far as Spotify sent them; none at all where the call failed
 * (noted for each) or was refused (they go back on the belt).
 */
async function fetchHeads (fetching: Fetching, albums: ListedAlbum[], streak: Streak): Promise<Map<string, unknown> | 'none'> {
  const { belt, spotify, context, market } = fetching
  if (albums.length <= 1 || batchSize(spotify) === 1) return new Map()
  let bodies: unknown[] = []
  const isDone = await guard(fetching, albums, streak, async () => {
    try {
      bodies = await spotify.albums(albums.map(({ id }) => id), market, context)
    } catch (error) {
      if (!hasCode(error, 'endpoint_unavailable')) throw error
      belt.putBack(albums)
    }
  })
  return isDone && bodies.length > 0 ? new Map(albums.map(({ id }, place) => [id, bodies[place] ?? undefined])) : 'none'
}

interface Streak { failures: number }

/** The failure of a call is that of its albums alone; what would stop every call is thrown on. True when the work was done. */
async function guard ({ ledger, context, failures, abort }: Fetching, albums: ListedAlbum[], streak: Streak, work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    for (const { id } of albums) failures.delete(id)
    streak.failures = 0
    return true
  } catch (error) {
    const failure = ordinaryFailure(error)
    if (failure === null) {
      abort(error)
      throw error
    }
    const { code, message: detail } = failure
    const isFinal = albums.length === 1 && hasCode(error, 'not_found', 'request_refused')
    for (const { id } of albums) {
      if (isFinal) await ledger.record({ kind: 'unavailable', id, detail, cost: context.meter.read() })
      else failures.set(id, { code, detail })
    }
    streak.failures = isFinal ? 0 : streak.failures + 1
    return false
  }
}

/** The album itself unless it is stored or was answered with others, then the rest of its tracks. */
async function finishAlbum (fetching: Fetching, album: ListedAlbum, body: unknown): Promise<void> {
  const { ledger } = fetching
  if (ledger.album(album.id) === undefined) {
    if (body === undefined) await fetchAlbum(fetching, album)
    else await storeAlbum(fetching, album, body)
  }
  await fetchTracks(fetching, album)
}

async function fetchAlbum (fetching: Fetching, album: ListedAlbum): Promise<void> {
  const { spotify, context, market } = fetching
  await storeAlbum(fetching, album, await spotify.album(album.id, market, context))
}

async function storeAlbum ({ ledger, context }: Fetching, { id }: ListedAlbum, body: unknown): Promise<void> {
  const head = readAlbumHead(body)
  if (head === null) throw new ServiceError('upstream_invalid', `album ${id} was answered with something that is no album`)
  await ledger.record(albumPart(id, head, context.meter.read()), JSON.stringify(head.album))
}

/** The pages beyond the embedded one, all at the same time; again where an answer shows that there are more. */
async function fetchTracks ({ ledger, spotify, context, market, again }: Fetching, { id }: ListedAlbum): Promise<void> {
  for (let round = 1; round <= MOST_TRACK_ROUNDS; round++) {
    const state = ledger.album(id)
    const ranges = state === undefined ? [] : missingPages(state, TRACKS_PAGE_SIZE, again && round === 1)
    if (ranges.length === 0) return
    await settleAll(ranges.map(async (range) => {
      const { offset } = range
      const { items, next } = await spotify.albumTracks(id, range, market, context)
      const tracks = items.filter(isTrack)
      await ledger.record({
        kind: 'tracks', id, offset, slots: items.length, valid: tracks.length, hasNext: next !== null, fingerprint: fingerprintOf(tracks), cost: context.meter.read(),
      }, JSON.stringify(tracks))
    }))
  }
}
