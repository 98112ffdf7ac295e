import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type SandboxApp } from '../../src/sandbox/app.ts'
import { type EndpointStats, type SandboxStats } from '../../src/sandbox/stats.ts'
import { type Part } from '../../src/services/ingest/ledger.ts'
import { type CapabilitiesSnapshot } from '../../src/services/spotify/capabilities.ts'
import { BATCH_SIZE, PAGE_SIZES } from '../../src/services/spotify/endpoint.ts'
import { openCheckpoint } from '../../src/services/store/checkpoint.ts'

/** What the process did until it was killed, and how many of its calls were lost with it. */
export interface Loss {
  /** Calls that had arrived and were not answered. */
  inFlight: number
  /** Calls that had been answered and whose answer was not stored yet. */
  unsaved: number
  /** Calls that had arrived. */
  calls: number
}

/** Of a process that is gone, in the run's folder. `before`: the statistics at the kill. Losses of earlier kills are among them. */
export async function lossOf ({ sandbox }: SandboxApp, folder: string, before: SandboxStats): Promise<Loss> {
  await untilAnswered(sandbox)
  return await lossAmong(sandbox.stats().calls, folder, before)
}

/** The same of executions of the run up to one, which made so many calls; a later one may be at work. */
export async function lossAmong (calls: number, folder: string, before: SandboxStats, lastExecution = Infinity): Promise<Loss> {
  const stored = await storedAnswers(folder, lastExecution)
  const { newReleases, search, album, albums, albumTracks } = before.byEndpoint
  const unsaved = stored === null
    ? 0
    : sum([
      good(newReleases) + good(search) - stored.pages,
      good(album) - stored.albums,
      good(albums) - stored.batches,
      good(albumTracks) - stored.trackPages,
      refusedOf(before) - stored.refusals,
    ].map((lost) => Math.max(0, lost)))
  return { calls, inFlight: calls - answered(before), unsaved }
}

/** Calls that were answered with what the app may not do: what a process finds out once. */
export function refusedOf ({ byEndpoint: { newReleases, search, albums } }: SandboxStats): number {
  return sum([newReleases, search, albums].map(({ byStatus }) => (byStatus['400'] ?? 0) + (byStatus['403'] ?? 0)))
}

function good ({ byStatus }: EndpointStats): number {
  return byStatus['200'] ?? 0
}

interface StoredAnswers {
  pages: number
  albums: number
  /** Whole ones: of a batch that is stored in part the rest is asked again. */
  batches: number
  trackPages: number
  refusals: number
}

/** How many answers are in the checkpoint; null where the run had ended. */
async function storedAnswers (folder: string, lastExecution: number): Promise<StoredAnswers | null> {
  const files = await readdir(folder)
  const isThere = files.some((name) => name.startsWith('checkpoint.'))
  if (!isThere && files.some((name) => name.endsWith('Z.json'))) return null
  if (!isThere) return { pages: 0, albums: 0, batches: 0, trackPages: 0, refusals: 0 }
  const copy = await mkdtemp(join(tmpdir(), 'ingest-test-'))
  for (const name of files.filter((name) => name.startsWith('checkpoint.'))) await cp(join(folder, name), join(copy, name))
  const checkpoint = await openCheckpoint<Part>(copy, lastExecution)
  const parts = { listed: 0, album: 0, tracks: 0 }
  let known: CapabilitiesSnapshot['known'] = []
  for await (const { meta } of checkpoint.replay()) {
    if (meta.kind in parts) parts[meta.kind as keyof typeof parts]++
    if (meta.kind === 'memory') known = meta.memory?.known ?? known
  }
  await checkpoint.close()
  await rm(copy, { recursive: true })
  const isBatched = !known.some(([name, { refusal }]) => name === 'albums' && typeof refusal?.value === 'string')
  return {
    pages: parts.listed,
    albums: isBatched ? 0 : parts.album,
    batches: isBatched ? Math.floor(parts.album / BATCH_SIZE) : 0,
    trackPages: parts.tracks,
    refusals: sum(known.map(([, { refusal, pageSize }]) => (typeof refusal?.value === 'string' ? 1 : 0) + PAGE_SIZES.findIndex((size) => size === (pageSize?.value ?? PAGE_SIZES[0])))),
  }
}

async function untilAnswered (sandbox: SandboxApp['sandbox']): Promise<void> {
  const deadline = Date.now() + 20_000
  do {
    if (Date.now() > deadline) throw new Error('the sandbox does not come to rest')
    await new Promise((resolve) => setTimeout(resolve, 5))
  } while (answered(sandbox.stats()) !== sandbox.stats().calls)
}

function answered ({ byEndpoint: { token: _token, ...api } }: SandboxStats): number {
  return sum(Object.values(api).flatMap(({ byStatus }) => Object.values(byStatus)))
}

function sum (numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
