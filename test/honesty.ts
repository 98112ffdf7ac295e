import type { Test } from 'tap'
import type { Run } from '../src/schemas/run.ts'
import type { SandboxApp } from '../src/sandbox/app.ts'
import type { FaultKind } from '../src/sandbox/settings/fault-kinds.ts'
import type { AlbumJson, Document } from './service.ts'

/**
 * Faults under which the sandbox answers tracks with other fields than its catalogue has: only ids are compared then.
 */
const CHANGING_FIELDS: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'null-name', 'null-number', 'artists-null', 'artists-text', 'big-number', 'deep-nesting',
  'same-place', 'restarting-numbers', 'odd-item',
])

/**
 * The law of "a run never lies", against what the sandbox holds: each album is whole or has a gap that says how
 * much of it is there; each album of the listing is there or has a gap, or the run says that the listing broke off;
 * and the status says the same. Gives what is wrong, in words.
 */
export function lies (
  run: Run,
  { albums }: Pick<Document, 'albums'>,
  { sandbox }: SandboxApp,
  sandboxUrl: string
): string[] {
  const { catalogue, settings } = sandbox
  const view = { apiUrl: `${sandboxUrl}/v1`, tier: settings.tier, market: null, locale: 'en' }
  const gaps = new Map(run.gaps.map((gap) => [gap.albumId, gap]))
  const wrong: string[] = []
  const ids = albums.map(({ id }) => id)
  if (new Set(ids).size !== ids.length) wrong.push('an album is there twice')
  const isChanged = settings.faults.some(({ kind }) => CHANGING_FIELDS.has(kind))
  const textOf = (track: object): string => isChanged ? String((track as { id?: unknown }).id) : JSON.stringify(track)
  for (const album of albums) {
    const expected = catalogue.tracks(album.id, view).map(textOf)
    wrong.push(...wrongTracks(album, expected, album.tracks.items.map(textOf), gaps.get(album.id)))
  }
  const listing = run.source?.used === 'new-releases' ? catalogue.newReleases : catalogue.searchOrder
  const places = ids.map((id) => listing.indexOf(id))
  if (places.includes(-1)) wrong.push('an album is there that was not listed')
  /**
   * A listing that shifts between its pages shows other albums than the first ones: as many as were wanted are no loss.
   */
  const isExcused = run.error !== null || gaps.has(null)
  const lost = listing.slice(0, run.request.limit).filter((id) => !ids.includes(id) && !gaps.has(id))
  if (!isExcused && lost.length > 0 && ids.length < run.request.limit) {
    wrong.push(`${lost.length} albums are missing and nothing says so`)
  }
  if (run.complete !== (run.status === 'succeeded')) wrong.push('complete and status disagree')
  if (run.complete === true && (run.gaps.length > 0 || ids.length !== Math.min(run.request.limit, listing.length))) {
    wrong.push('complete, and it is not')
  }
  if (run.complete === false && run.gaps.length === 0 && run.error === null) {
    wrong.push('not complete, and nothing says why')
  }
  const missing = run.gaps.filter(({ albumId }) => albumId !== null && !ids.includes(albumId)).length
  if (run.progress.albumsListed !== ids.length + missing) {
    wrong.push('an album that was listed is neither there nor a gap')
  }
  if (run.progress.albumsFetched !== ids.length) wrong.push('the progress counts other albums than there are')
  return wrong
}

type Gap = Run['gaps'][number]

function wrongTracks ({ id, tracks }: AlbumJson, expected: string[], got: string[], gap: Gap | undefined): string[] {
  if (tracks.next !== null) return [`album ${id}: next is not null`]
  if (new Set(tracks.items.map((track) => track['id'])).size !== got.length) return [`album ${id}: a track is twice`]
  const places = got.filter((_, index) => !isInvented(tracks.items[index])).map((track) => expected.indexOf(track))
  const isInOrder = places.every((place, index) => place >= 0 && (index === 0 || place > (places[index - 1] ?? 0)))
  if (!isInOrder) return [`album ${id}: a track is there that was not answered, or not in this order`]
  const lacks = `album ${id}: ${places.length} of ${expected.length} tracks, and no gap`
  if (gap === undefined) return places.length === expected.length ? [] : [lacks]
  return gap.tracks === got.length ? [] : [`album ${id}: the gap does not tell what is there`]
}

/** The fault endless-next answers tracks that no catalogue has. */
function isInvented (track: object | undefined): boolean {
  return /^Invented \d+$/.test(String((track as { name?: unknown } | undefined)?.name))
}

export function isHonest (
  t: Test,
  run: Run,
  document: Document,
  sandbox: SandboxApp,
  sandboxUrl: string,
  title: string
): void {
  t.strictSame(lies(run, document, sandbox, sandboxUrl), [], title)
}
