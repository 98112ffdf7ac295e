import { type Run } from '../../src/schemas/run.ts'
import { type Document } from '../service.ts'
import { type HostileUpstream, headOf } from './upstream.ts'

/** What a run asked for, so that its calls can be bounded. */
export interface Asked {
  /** Albums wanted. */
  albums: number
  /** Listings, each with pages of its own. */
  listings: number
  attempts: number
}

/** The smallest page that the service steps down to. */
const SMALLEST_PAGE = 5
/** Calls of one album: itself, alone and in batches, its further pages, and the second pass over what the first one lacks. */
const CALLS_OF_ALBUM = 12

/** The most calls that a run may make whatever is answered. */
export function callBound ({ albums, listings, attempts }: Asked): number {
  const pages = listings * (20 + 3 * Math.ceil(albums / SMALLEST_PAGE))
  return attempts * (pages + albums * CALLS_OF_ALBUM)
}

/** What is wrong with a document, in words: it may hold only what was answered for what was asked, and says what it lacks. */
export function wrongsOf (run: Run, { albums }: Document, upstream: HostileUpstream, requested: readonly string[]): string[] {
  const wrong: string[] = []
  if (new Set(albums.map(({ id }) => id)).size !== albums.length) wrong.push('an album is there twice')
  for (const album of albums) {
    const { id, tracks } = album
    if (!upstream.listed.has(id) && !requested.includes(id)) wrong.push(`album ${id} was neither listed nor asked for`)
    if (upstream.albums.get(id)?.has(JSON.stringify(headOf(album))) !== true) wrong.push(`album ${id} is not as any answer had it: ${JSON.stringify(headOf(album)).slice(0, 300)}`)
    const strange = tracks.items.filter((track) => upstream.tracks.get(id)?.has(JSON.stringify(track)) !== true)
    if (strange.length > 0) wrong.push(`album ${id} has ${strange.length} tracks that were not answered for it: ${JSON.stringify(strange[0]).slice(0, 300)}`)
    const claimed = Math.max(...[tracks['total'], album['total_tracks']].filter((total) => Number.isSafeInteger(total)).map(Number), 0)
    const gap = run.gaps.find(({ albumId }) => albumId === id)
    if (tracks.items.length < claimed && gap === undefined) wrong.push(`album ${id} has ${tracks.items.length} of ${claimed} tracks, and no gap`)
  }
  if (run.complete === true && (run.gaps.length > 0 || run.status !== 'succeeded')) wrong.push('complete, and it is not')
  if (run.status === 'partial' && run.gaps.length === 0) wrong.push('partial, and nothing says why')
  if (run.status === 'failed' && run.error === null) wrong.push('failed, and nothing says why')
  const codes = [run.error?.code, ...run.gaps.map(({ code }) => code)]
  if (codes.includes('internal_error')) wrong.push('a bug: internal_error')
  return wrong
}

/** Whether a text holds a secret. */
export function leaks (text: string, secrets: Iterable<string>): string[] {
  return [...secrets].filter((secret) => text.includes(secret)).map((secret) => `${secret.slice(0, 6)}… stands in it`)
}
