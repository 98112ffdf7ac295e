import { type Change, createChanges } from './changes.ts'

/** Spotify reference, Search: `tag:new` is the last two weeks. */
export const NEW_DAYS = 14
/** Above all numbers of day 0, and a multiple of 100, so that oddities keep their places. */
const FIRST_LATER_NUMBER = 1_000_000
const MAX_RELEASES_A_DAY = 1000

/** The albums that exist on one day, by number: when each was released, and how it has changed since. */
export interface Calendar {
  /** Every album, newest first, delisted albums included. */
  readonly numbers: readonly number[]
  /** The number of albums released after day 0. They come first in `numbers`. */
  readonly laterReleases: number
  /** Returns the day of release; 0 or less for an album of day 0. */
  readonly releaseDay: (number: number) => number
  readonly change: (number: number) => Change | undefined
  readonly isListed: (number: number) => boolean
  /** Whether `tag:new` finds the album. */
  readonly isNew: (number: number) => boolean
}

/** Computes the calendar of a day from the days before it. The same seed, size and day give the same calendar. */
export function createCalendar (seed: number, size: number, day: number): Calendar {
  const perDay = Math.min(MAX_RELEASES_A_DAY, Math.ceil(size / NEW_DAYS))
  const releaseDay = (number: number) => number < FIRST_LATER_NUMBER
    ? -Math.floor(number * NEW_DAYS / size)
    : 1 + Math.floor((number - FIRST_LATER_NUMBER) / perDay)
  const firstDay = Array.from({ length: size }, (_, number) => number)
  const days = Array.from({ length: day }, (_, index) => releasesOf(index + 1, perDay))
  const changes = createChanges(seed)
  let listed = firstDay
  for (const [index, releases] of days.entries()) {
    const today = index + 1
    changes.apply(today, listed)
    const isStillNew = (number: number) => changes.isListed(number) && today - releaseDay(number) < NEW_DAYS
    listed = [...releases, ...listed.filter(isStillNew)]
  }
  const fresh = new Set(listed)
  return {
    numbers: [...days.reverse().flat(), ...firstDay],
    laterReleases: day * perDay,
    releaseDay,
    change: changes.of,
    isListed: changes.isListed,
    isNew: (number) => fresh.has(number),
  }
}

function releasesOf (day: number, perDay: number): number[] {
  return Array.from({ length: perDay }, (_, place) => FIRST_LATER_NUMBER + (day - 1) * perDay + place)
}
