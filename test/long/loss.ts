import type { SandboxApp } from '../../src/sandbox/app.ts'
import type { EndpointStats, SandboxStats } from '../../src/sandbox/calls/stats.ts'
import type { CapabilitiesSnapshot } from '../../src/services/spotify/capabilities.ts'
import { unseal } from '../../src/services/database/checksum.ts'
import { BATCH_SIZE, PAGE_SIZES } from '../../src/services/spotify/http/endpoint.ts'
import { type StateLocation, isPending, query, storedEvents } from '../ledger-events.ts'

/** What the process did until it was killed, and how many of its calls were lost with it. */
export interface Loss {
  /** Calls that had arrived and were not answered. */
  inFlight: number
  /** Calls that had been answered and whose answer was not stored yet. */
  unsaved: number
  /** Calls that had arrived. */
  calls: number
}

/** Of a process that is gone. `before`: the statistics at the kill. Losses of earlier kills are among them. */
export async function lossOf (
  { sandbox }: SandboxApp,
  location: StateLocation,
  runId: string,
  before: SandboxStats
): Promise<Loss> {
  await untilAnswered(sandbox)
  return await lossAmong(sandbox.stats().calls, location, runId, before)
}

/** The same of executions of the run up to one, which made so many calls; a later one may be at work. */
export async function lossAmong (
  calls: number,
  location: StateLocation,
  runId: string,
  before: SandboxStats,
  lastExecution?: number
): Promise<Loss> {
  const stored = await storedAnswers(location, runId, lastExecution)
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

/** How many answers are in the ledger; null where the run had ended. */
async function storedAnswers (
  location: StateLocation,
  runId: string,
  lastExecution?: number
): Promise<StoredAnswers | null> {
  if (!await isPending(location, runId)) return null
  const parts = { listed: 0, album: 0, tracks: 0 }
  for (const event of await storedEvents(location, runId, lastExecution)) {
    if (event.kind in parts) parts[event.kind as keyof typeof parts]++
  }
  const known = await storedCapabilities(location)
  const isBatched = !known.some(([name, { refusal }]) => name === 'albums' && typeof refusal?.value === 'string')
  return {
    pages: parts.listed,
    albums: isBatched ? 0 : parts.album,
    batches: isBatched ? Math.floor(parts.album / BATCH_SIZE) : 0,
    trackPages: parts.tracks,
    refusals: sum(
      known.map(
        ([, { refusal, pageSize }]) =>
          (typeof refusal?.value === 'string' ? 1 : 0) +
          PAGE_SIZES.findIndex((size) => size === (pageSize?.value ?? PAGE_SIZES[0]))
      )
    ),
  }
}

/** What the processes of this database know of the endpoints. */
async function storedCapabilities (location: StateLocation): Promise<CapabilitiesSnapshot['known']> {
  const [row] = await query<{ value: string }>(location, "select value from states where kind = 'capabilities'")
  const text = row === undefined ? null : unseal(row.value)
  return text === null ? [] : (JSON.parse(text) as CapabilitiesSnapshot).known
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
