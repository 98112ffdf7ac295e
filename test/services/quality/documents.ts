import { createCatalogue } from '../../../src/sandbox/catalogue/catalogue.ts'
import type { QualityReport } from '../../../src/schemas/quality.ts'
import type { EarlierRun } from '../../../src/services/quality/baseline.ts'
import type { CheckId } from '../../../src/services/quality/checks.ts'
import type { CheckedRun } from '../../../src/services/quality/document-checks.ts'
import type { AlbumTier } from '../../../src/services/album-tier.ts'
import { createInspection } from '../../../src/services/quality/inspection.ts'
import { reportOf } from '../../../src/services/quality/report.ts'

export type Json = Record<string, unknown>
export type TrackJson = Json & { artists: Json[] }
export type AlbumJson = Json & { id: string, artists: Json[], tracks: Json & { items: TrackJson[] } }

/** A document in memory: what the sandbox has, as a run would write it. */
export interface TestDocument {
  run: CheckedRun
  albums: AlbumJson[]
}

interface DocumentOptions {
  tier?: AlbumTier
  seed?: number
  size?: number
  market?: string | null
}

/** Two days after the newest album of the catalogue. */
const FINISHED_AT = '2026-11-22T12:00:00.000Z'
const PRIME = 97

/** The newest albums of a sandbox catalogue, without HTTP, as a run of a `tag:new` search writes them. */
export function sandboxDocument (
  { tier = 'extended', seed = PRIME, size = 100, market = null }: DocumentOptions = {}
): TestDocument {
  const catalogue = createCatalogue(seed, Math.max(size, 1))
  const view = { apiUrl: 'https://api.spotify.com/v1', tier, market, locale: '*' }
  const albums = catalogue.ids.slice(0, size).map((id) =>
    JSON.parse(JSON.stringify(catalogue.album(id, view))) as AlbumJson
  )
  return { run: runOf(albums), albums }
}

/** The run that leaves these albums, with nothing missing. */
export function runOf (albums: AlbumJson[]): CheckedRun {
  const tracks = albums.reduce((sum, album) => sum + album.tracks.items.length, 0)
  return {
    id: '0193549a-0000-7000-8000-000000000000',
    status: 'succeeded',
    request: { source: 'search', limit: albums.length, pagination: 'next', market: null, refresh: false },
    source: { used: 'search', query: 'tag:new', reason: null },
    createdAt: FINISHED_AT,
    finishedAt: FINISHED_AT,
    progress: { albumsListed: albums.length, albumsFetched: albums.length, tracks },
    gaps: [],
  }
}

/** The report of a document, as its run would have it. */
export function reportOn (
  { run, albums }: { run: CheckedRun, albums: unknown[] },
  earlier: EarlierRun[] = []
): QualityReport {
  const inspection = createInspection(run)
  for (const album of albums) inspection.add(album)
  return reportOf(run, inspection.findings(), earlier)
}

/** A document as an earlier run, to compare others with. */
export function asEarlier (document: TestDocument, runId: string): EarlierRun {
  const { profile } = reportOn(document)
  return { runId, finishedAt: FINISHED_AT, profile }
}

/** The checks that did not pass. */
export function notPassed ({ checks }: Pick<QualityReport, 'checks'>): CheckId[] {
  return checks.filter(({ verdict }) => verdict === 'failed' || verdict === 'warned').map(({ id }) => id as CheckId)
}
