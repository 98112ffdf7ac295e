import { type SandboxApp } from '../../src/sandbox/app.ts'
import { type Asked } from './laws.ts'

export interface HostileRequest {
  body: Record<string, unknown>
  asked: Pick<Asked, 'albums' | 'listings'>
  requested: readonly string[]
}

/** A run of each source, by both paginations. */
export function requestsOn ({ sandbox: { catalogue } }: SandboxApp): HostileRequest[] {
  const albumIds = catalogue.searchOrder.slice(60, 120)
  const artistIds = [...catalogue.artists()].slice(0, 2).map(({ id }) => id)
  return [
    { body: {}, asked: { albums: 100, listings: 2 }, requested: [] },
    { body: { source: 'albums', albumIds }, asked: { albums: albumIds.length, listings: 0 }, requested: albumIds },
    { body: { source: 'artists', artistIds, limit: 40 }, asked: { albums: 40, listings: 2 }, requested: [] },
    { body: { source: 'search', limit: 60, pagination: 'offset' }, asked: { albums: 60, listings: 1 }, requested: [] },
  ]
}
