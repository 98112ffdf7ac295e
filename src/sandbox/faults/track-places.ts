import type { Track } from '../catalogue/objects.ts'

/** Reads a track of the album by its position counted from 0. */
export type TrackAt = (position: number) => Track | undefined

/** Positions, counted from 0, of the two tracks that get the same disc and number, on the first and second page. */
const FIRST = 4
const SECOND = 54

/** Gives track 55 the disc, number and title of track 5. */
export function repeatPlace (tracks: Array<Track | null>, offset: number, trackAt: TrackAt): void {
  takePlace(tracks[SECOND - offset], trackAt(FIRST))
}

/** Gives the second half of an album the discs, numbers and titles of its first half. */
export function restartNumbers (tracks: Array<Track | null>, offset: number, total: number, trackAt: TrackAt): void {
  const half = Math.ceil(total / 2)
  for (const [index, track] of tracks.entries()) {
    if (offset + index >= half) takePlace(track, trackAt(offset + index - half))
  }
}

function takePlace (track: Track | null | undefined, other: Track | undefined): void {
  if (!track || !other) return
  const { disc_number: disc, track_number: number, name } = other
  Object.assign(track, { disc_number: disc, track_number: number, name })
}
