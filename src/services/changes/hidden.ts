import type { HidingReason } from '../../schemas/changes.ts'
import type { Run } from '../../schemas/run.ts'

type Facts = Pick<Run, 'gaps' | 'listing' | 'error' | 'source'>

/** What a run's document may lack. */
export interface Hidden {
  /** Why any album may be missing; null: an album that is neither in the document nor named by a gap was not listed. */
  reason: HidingReason | null
  /** The albums that gaps name. */
  albumIds: ReadonlySet<string>
}

/** Returns what the document of a run may lack compared with another one. */
export function hiddenOf (run: Facts, other: Facts): Hidden {
  return { reason: listingReason(run, other), albumIds: new Set(run.gaps.flatMap(({ albumId }) => albumId ?? [])) }
}

function listingReason ({ gaps, listing, error, source }: Facts, other: Facts): HidingReason | null {
  const lost = gaps.find(({ albumId }) => albumId === null)
  if (lost !== undefined) return lost.code === 'listing_capped' ? 'listing_capped' : 'listing_incomplete'
  if (error !== null || listing === null) return 'run_ended_early'
  if (!listing.exhausted) return listing.cappedAt === null ? 'listing_limited' : 'listing_capped'
  return isSameSource(source, other.source) ? null : 'source_differs'
}

/** With `auto`, Spotify decides which source is used: what one shows says nothing about what the other one showed. */
function isSameSource (a: Run['source'], b: Run['source']): boolean {
  return a !== null && b !== null && a.used === b.used && a.query === b.query
}

/** Why that album, which is not in the document, may have been listed; null: it was not. */
export function reasonOf ({ reason, albumIds }: Hidden, albumId: string): HidingReason | null {
  return albumIds.has(albumId) ? 'album_gap' : reason
}
