import type { Test } from 'tap'
import type { SandboxApp } from '../src/sandbox/app.ts'
import type { Document } from './service.ts'

/** Every field of every album and track, against what the sandbox's catalogue holds. */
export function matchesTruth (t: Test, document: Document, { sandbox }: SandboxApp, sandboxUrl: string): void {
  const view = { apiUrl: `${sandboxUrl}/v1`, tier: sandbox.settings.tier, market: null, locale: 'en' }
  const wrong = document.albums.filter((album) => {
    const truth = sandbox.catalogue.album(album.id, view)
    return truth === undefined || comparable(album) !== comparable(truth)
  })
  t.strictSame(wrong.map(({ id }) => id), [], 'each album and each track is as the catalogue has it')
}

/** The page's own frame differs between a page of 50 and the whole; what it frames must not. */
function comparable (album: object): string {
  const { tracks, ...rest } = album as { tracks: { items: unknown[], next: unknown, total: unknown } }
  return JSON.stringify({ rest, items: tracks.items, next: tracks.next, total: tracks.total })
}
