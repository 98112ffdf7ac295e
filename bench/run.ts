/** What the benchmark needs to know of a run. */
export interface Run {
  id: string
  status: string
  createdAt: string
  finishedAt: string | null
  gaps: unknown[]
  error: { code: string, detail: string } | null
  progress: { albumsFetched: number, tracks: number }
  cost: { calls: number, retries: number, cached: number, byEndpoint: Record<string, number> }
  file?: { name: string, bytes: number } | null
}

/** Albums and tracks that are in the document, whatever the run says. */
export function countDocument (text: string): { albums: number, tracks: number } {
  const { albums } = JSON.parse(text) as { albums: Array<{ tracks: { items: unknown[] } }> }
  return { albums: albums.length, tracks: albums.reduce((tracks, album) => tracks + album.tracks.items.length, 0) }
}
