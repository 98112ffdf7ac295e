import { type Gap, type RunFailure } from '../../schemas/run.ts'

/** What is known of a run when nothing more will be fetched. */
export interface Ending {
  listed: number
  fetched: number
  gaps: readonly Gap[]
  /** What ended it early: the listing's failure, bad credentials, a full disk, or `canceled`. */
  error: RunFailure | null
}

export interface Conclusion {
  status: 'succeeded' | 'partial' | 'failed' | 'canceled'
  complete: boolean
  error: RunFailure | null
}

/** A run never lies: it has succeeded only when everything that was listed is there. */
export function conclude ({ listed, fetched, gaps, error }: Ending): Conclusion {
  if (error !== null) return { status: error.code === 'canceled' ? 'canceled' : 'failed', complete: false, error }
  if (listed === 0) return failed('listing_empty', EMPTY_LISTING)
  if (fetched === 0) return failed('nothing_fetched', `${listed} albums were listed and none could be fetched: see gaps for each reason`)
  return { status: gaps.length === 0 ? 'succeeded' : 'partial', complete: gaps.length === 0, error: null }
}

const EMPTY_LISTING = 'Spotify listed no album: for new albums that is an anomaly, so try again later; for a query or artists of your own, check them'

function failed (code: 'listing_empty' | 'nothing_fetched', detail: string): Conclusion {
  return { status: 'failed', complete: false, error: { code, detail } }
}
