import type { Gap, ListingEnd, Progress, RunFailure, RunRequest } from '../../schemas/run.ts'
import type { ListedAlbum } from '../spotify/item-check.ts'
import { countTracks } from './track-coverage.ts'
import type { Failure } from './failures.ts'
import { type Ledger, gapOf } from './ledger.ts'
import { wantedAlbums } from './list.ts'

/** How a run ended and what is missing. */
export interface Outcome extends Conclusion {
  /** The albums that the run is about, in the order of the document. */
  albums: ListedAlbum[]
  gaps: Gap[]
  /** The albums that count: while the newest are searched for, others are fetched too. */
  progress: Progress
}

/** What is known of a run when nothing more will be fetched. */
interface Ending {
  request: RunRequest
  ledger: Ledger
  /** Why albums are missing, as far as it is known. */
  failures: ReadonlyMap<string, Failure>
  /** What ended the run early: the listing's failure, bad credentials, a full disk, or `canceled`. */
  error: RunFailure | null
}

/** Compares what the ledger has with what the run promised. */
export function outcomeOf ({ request, ledger, failures, error }: Ending): Outcome {
  const albums = wantedAlbums(ledger, request.limit)
  const gaps = gapsOf(albums, request, ledger, failures)
  const progress = progressOf(albums, ledger)
  return {
    albums,
    gaps,
    progress,
    ...conclude({ listed: progress.albumsListed, fetched: progress.albumsFetched, gaps, error }),
  }
}

export function gapsOf (
  albums: ListedAlbum[], request: RunRequest, ledger: Ledger, failures: ReadonlyMap<string, Failure>
): Gap[] {
  const lost = ledger.losses.map((detail) => listingGap('listing_incomplete', detail))
  const capped = albums.length < request.limit && ledger.listing !== null
    ? cappedGap(ledger.listing, albums.length)
    : []
  return [...lost, ...capped, ...albums.flatMap((album) => gapOf(ledger, album, failures.get(album.id)) ?? [])]
}

function listingGap (code: 'listing_incomplete' | 'listing_capped', detail: string): Gap {
  return { albumId: null, name: null, code, detail, expectedTracks: null, tracks: 0 }
}

function cappedGap ({ cappedAt }: ListingEnd, listed: number): Gap[] {
  if (cappedAt === null) return []
  return [listingGap('listing_capped', `Spotify's search shows no more than ${cappedAt} results, which were ` +
    `${listed} albums: narrow the query to see others`)]
}

function progressOf (albums: ListedAlbum[], ledger: Ledger): Progress {
  const fetched = albums.flatMap(({ id }) => ledger.album(id) ?? [])
  return {
    albumsListed: albums.length,
    albumsFetched: fetched.length,
    tracks: fetched.reduce((sum, album) => sum + countTracks(album), 0),
  }
}

export interface Conclusion {
  status: 'succeeded' | 'partial' | 'failed' | 'canceled'
  complete: boolean
  error: RunFailure | null
}

/** A run never lies: it has succeeded only when everything that was listed is there. */
export function conclude (
  { listed, fetched, gaps, error }: { listed: number, fetched: number, gaps: readonly Gap[], error: RunFailure | null }
): Conclusion {
  if (error !== null) return { status: error.code === 'canceled' ? 'canceled' : 'failed', complete: false, error }
  if (listed === 0) return failed('listing_empty', EMPTY_LISTING)
  if (fetched === 0) {
    return failed('nothing_fetched', `${listed} albums were listed and none could be fetched: see gaps for each reason`)
  }
  return { status: gaps.length === 0 ? 'succeeded' : 'partial', complete: gaps.length === 0, error: null }
}

const EMPTY_LISTING = 'Spotify listed no album: for new albums that is an anomaly, so try again later; for a query ' +
  'or artists of your own, check them'

function failed (code: 'listing_empty' | 'nothing_fetched', detail: string): Conclusion {
  return { status: 'failed', complete: false, error: { code, detail } }
}
