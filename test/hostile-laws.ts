import type { Run } from '../src/schemas/run.ts'
import { exactJson, fingerprint, frameOf } from './hostile-record.ts'
import type { HostileUpstream } from './hostile-upstream.ts'
import type { AlbumJson, Document } from './service.ts'

/** Passes of a run over what it lacks. */
const PASSES = 2
/** Pages of a listing besides one for each album that is wanted, and those of one artist. */
const LISTING_PAGES = 20
const ARTIST_PAGES = 100
/** Sizes of a page, or of a batch, that are asked for after one another where the larger ones are refused. */
const SIZES = 4
/** Pages of an album's tracks that what it claims costs in a pass. What it shows is on pages of 50. */
const PAGES_AHEAD = 4
/**
 * Kinds of answers after which a call is tried again, each as often as there are attempts: faults, limits, renewals,
 * refusals by their code.
 */
const KINDS_OF_TRIES = 8
/** How often an empty page is asked for. */
const ASKS_OF_EMPTY = 3

interface Allowed { attempts: number, executions: number }

/**
 * What is wrong with the number of calls: of all, of those of one URL, and of different ones. A pause begins another
 * execution.
 */
export function wrongsOfCalls (
  { request, progress }: Run,
  calls: ReadonlyMap<string, number>,
  { attempts, executions }: Allowed
): { wrong: string[], share: number } {
  const { source, limit, artistIds = [] } = request
  const listing = {
    albums: 0,
    auto: 2 * (LISTING_PAGES + limit),
    'new-releases': LISTING_PAGES + limit,
    search: LISTING_PAGES + limit,
    artists: ARTIST_PAGES * artistIds.length,
  }[source]
  /** Each album alone, in a batch, and in pages of tracks. */
  const albums =
    2 * progress.albumsListed + PASSES * PAGES_AHEAD * progress.albumsListed + Math.ceil(progress.tracks / 50)
  const all = [...calls.values()].reduce((sum, count) => sum + count, 0)
  const mostUrls = listing + SIZES + albums
  /** Some URLs need more tries than a fault alone is given, and most need only one. */
  const mostCalls = executions * PASSES * attempts * calls.size
  const mostOfOne = executions * PASSES * ASKS_OF_EMPTY * KINDS_OF_TRIES * attempts
  const wrong = [...calls].filter(([, count]) => count > mostOfOne).map(([path, count]) => `${count} calls of ${path}`)
  if (calls.size > mostUrls) wrong.push(`${calls.size} different calls, which is more than ${mostUrls}`)
  if (all > mostCalls) wrong.push(`${all} calls, which is more than ${mostCalls}`)
  return {
    wrong,
    share: Math.max(calls.size / mostUrls, all / mostCalls, ...[...calls.values()].map((count) => count / mostOfOne)),
  }
}

/**
 * What is wrong with a run and its document, in words: it holds only what was answered for what was asked, and never
 * lies.
 */
export function wrongs (run: Run, text: string, { record }: Pick<HostileUpstream, 'record'>): string[] {
  const { albums } = exactJson(text) as Document
  const ids = albums.map(({ id }) => id)
  const gaps = new Map(run.gaps.map((gap) => [gap.albumId, gap]))
  const wrong: string[] = []
  const asked = new Set((run.request.albumIds ?? []))
  if (new Set(ids).size !== ids.length) wrong.push('an album is there twice')
  if (ids.some((id) => !asked.has(id) && !(run.request.source !== 'albums' && record.listed.has(id)))) {
    wrong.push('an album is there that was neither listed nor asked for')
  }
  if (run.gaps.some(({ albumId }) => albumId !== null && !asked.has(albumId) && !record.listed.has(albumId))) {
    wrong.push('a gap names an album that was neither listed nor asked for')
  }
  for (const album of albums) {
    wrong.push(...wrongsOf(album, record, gaps.has(album.id)).map((what) => `album ${album.id}: ${what}`))
  }
  if (ids.length > run.request.limit) wrong.push('more albums than were wanted')
  if (run.complete !== (run.status === 'succeeded')) wrong.push('complete and status disagree')
  if (run.status === 'succeeded' && (run.gaps.length > 0 || run.error !== null || ids.length === 0)) {
    wrong.push('succeeded, and something is missing')
  }
  if (run.status === 'partial' && (run.gaps.length === 0 || ids.length === 0)) {
    wrong.push('partial, and nothing says why')
  }
  if (run.status === 'failed' && run.error === null) wrong.push('failed without an error')
  const missing = run.gaps.filter(({ albumId }) => albumId !== null && !ids.includes(albumId)).length
  if (run.progress.albumsListed !== ids.length + missing) {
    wrong.push('an album that was listed is neither there nor a gap')
  }
  if (run.progress.albumsFetched !== ids.length) wrong.push('the progress counts other albums than there are')
  if (run.progress.tracks !== albums.reduce((sum, { tracks }) => sum + tracks.items.length, 0)) {
    wrong.push('the progress counts other tracks than there are')
  }
  if (run.gaps.some(({ detail }) => /[\p{Cc}\p{Cf}]/u.test(detail))) wrong.push('a gap has control characters')
  return wrong
}

function wrongsOf (album: AlbumJson, record: HostileUpstream['record'], hasGap: boolean): string[] {
  const { id, tracks } = album
  const wrong: string[] = []
  const claims = [album['total_tracks'], tracks['total']].filter((claim): claim is number =>
    Number.isSafeInteger(claim)
  )
  if (!record.albums(id).has(fingerprint(frameOf(album)))) wrong.push('it was not answered so')
  if ((tracks.next ?? null) !== null) wrong.push('its tracks name a next page')
  const strange = tracks.items.filter((track) => !record.tracks(id).has(fingerprint(track)))
  if (strange.length > 0) {
    wrong.push(
      `${strange.length} tracks are there that were not answered for it: ${JSON.stringify(strange[0]).slice(0, 300)}`
    )
  }
  if (!hasGap && tracks.items.length < Math.max(0, ...claims)) {
    wrong.push(`${tracks.items.length} tracks of ${Math.max(...claims)}, and no gap`)
  }
  return wrong
}

/** Lines that a service logs at level error or above without being at fault. */
const KNOWN_ERRORS = new Set(['Spotify refuses the credentials'])

/** What is wrong with a log: a line that is none, a secret, an error of the service itself. */
export function wrongsOfLog (text: string, secrets: Iterable<string>): string[] {
  const lines = text.split('\n').filter((line) => line !== '')
  const wrong: string[] = lines.filter((line) => !isFine(line)).map((line) => `log: ${line.slice(0, 2000)}`)
  return [...wrong, ...leaks(text, secrets).map((secret) => `a secret is in the log: ${secret}`)]
}

function isFine (line: string): boolean {
  try {
    const { level, msg } = JSON.parse(line) as { level: number, msg: string }
    return level < 50 || KNOWN_ERRORS.has(msg)
  } catch {
    return false
  }
}

/** So much of a secret's start may not be anywhere. */
const PART = 12

/** The secrets of which a text has the beginning. */
export function leaks (text: string, secrets: Iterable<string>): string[] {
  return [...secrets].filter((secret) => text.includes(secret.slice(0, PART)))
}
