import { ServiceError } from '../../errors.ts'
import type { Release, ReleaseStore } from '../store/release-store.ts'
import { cursorOf, positionOf } from './cursor.ts'

/** The newest releases, as a feed shows them. */
export interface FeedState {
  /** Newest first. */
  releases: Release[]
  /**
   * When the newest was recorded, up to the next whole second; null: there is none, or more may come within that
   * second.
   */
  modifiedMs: number | null
}

/** Every release that any document ever had, once. */
export interface Releases {
  /**
   * Those after the cursor (null: from the first on), in the order in which they were first seen, and the cursor to go
   * on with; null while there is none. Damaged ones are left out, so that a page may have fewer than the limit.
   * Throws `invalid_request` where the cursor is none of this database's.
   */
  page: (since: string | null, limit: number) => Promise<{ releases: Release[], nextCursor: string | null }>
  /**
   * Those before the cursor (null: from the latest on), the latest first, and the cursor of those before them; null at
   * the end. Throws `invalid_request` where the cursor is none of this database's.
   */
  latest: (before: string | null, limit: number) => Promise<{ releases: Release[], older: string | null }>
  /** How many each of the runs documented first; a run without any is missing. */
  countsOf: (runIds: readonly string[]) => Promise<Map<string, number>>
  /** The newest whose run is still kept. */
  feed: () => Promise<FeedState>
}

const FEED_ENTRIES = 100
/** The clocks of the database and of this process may differ by so much. */
const QUIET_MS = 2000

export function createReleases (
  store: Pick<ReleaseStore, 'after' | 'before' | 'newest' | 'albumAt' | 'countsOf'>, now: () => number
): Releases {
  async function placeOf (cursor: string): Promise<number> {
    const position = positionOf(cursor)
    if (position === null || await store.albumAt(position.seq) !== position.albumId) throw foreignCursor()
    return position.seq
  }

  return {
    async page (since, limit) {
      const releases = await store.after(since === null ? 0 : await placeOf(since), limit)
      const last = releases.at(-1)
      return { releases: releases.filter(isWhole), nextCursor: last === undefined ? since : cursorOf(last) }
    },

    async latest (before, limit) {
      const found = before === null
        ? await store.newest(limit + 1)
        : await store.before(await placeOf(before), limit + 1)
      const releases = found.slice(0, limit)
      const last = releases.at(-1)
      const older = found.length > limit && last !== undefined ? cursorOf(last) : null
      return { releases: releases.filter(isWhole), older }
    },

    countsOf: store.countsOf,

    async feed () {
      const newest = await store.newest(FEED_ENTRIES)
      const modifiedMs = Math.ceil((newest[0]?.firstSeenMs ?? Infinity) / 1000) * 1000
      return {
        releases: newest.filter(({ content }) => content !== null),
        modifiedMs: modifiedMs + QUIET_MS < now() ? modifiedMs : null,
      }
    },
  }
}

function isWhole ({ isDamaged }: Release): boolean {
  return !isDamaged
}

function foreignCursor (): ServiceError {
  return new ServiceError('invalid_request', 'since is not a cursor of this service: send the nextCursor of an ' +
    'earlier response unchanged, or omit since to start with the first release')
}
