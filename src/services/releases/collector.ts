import type { ReleaseContent } from '../store/release-store.ts'
import { contentOf } from './release.ts'

/** The releases of a document, as they were seen while it was written. */
export interface DocumentReleases {
  /** The document's SHA-256. */
  sha256: string
  albums: ReadonlyMap<string, ReleaseContent>
}

/** Collects the releases of a document while its albums pass, so that it need not be read again. */
export interface ReleaseCollector {
  add: (album: unknown) => void
  /** null: there were too many to keep; they have to be read from the document. */
  albums: () => ReadonlyMap<string, ReleaseContent> | null
}

/** About 1 KB each. */
const MAX_COLLECTED = 1000

export function createReleaseCollector (): ReleaseCollector {
  const albums = new Map<string, ReleaseContent>()
  return {
    add (album) {
      if (albums.size <= MAX_COLLECTED) albums.set((album as { id: string }).id, contentOf(album))
    },
    albums: () => albums.size <= MAX_COLLECTED ? albums : null,
  }
}
