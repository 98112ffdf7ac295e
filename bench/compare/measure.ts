import { type SandboxApp, buildSandbox } from '../../src/sandbox/app.ts'
import type { Contender, Fetched } from './contenders.ts'
import type { Scenario } from './scenarios.ts'

/** What one contender did in one scenario. Everything but `wallMs` is the same in each run. */
export interface Result {
  scenario: string
  contender: string
  /** Calls that arrived at the API and at its token endpoint, as the sandbox counted them. */
  calls: number
  wallMs: number
  albums: number
  /** Albums that have as many tracks as the catalogue says. */
  completeAlbums: number
  tracks: number
  longAlbums: number
  completeLongAlbums: number
  /** What the caller was told of a loss: the message of an error, or the gaps; empty if it was told of none. */
  told: string
}

export interface Conditions { latencyMs: number }

const MAX_MESSAGE_CHARS = 90
const SPOTIFY_ORIGINS = ['https://api.spotify.com', 'https://accounts.spotify.com']

/** The tracks that the answer for an album brings: the others are on further pages. */
export const FIRST_TRACKS = 50

/** Lets one contender do the job on a fresh sandbox. */
export async function measure (contender: Contender, scenario: Scenario, { latencyMs }: Conditions): Promise<Result> {
  const sandbox = buildSandbox({ ...scenario.settings, latencyMs })
  const origin = await sandbox.listen({ host: '127.0.0.1', port: 0 })
  const restore = redirectSpotify(origin)
  const { fetch, stop } = await contender.start(origin)
  try {
    const startedMs = performance.now()
    const { albums, told } = await outcomeOf(fetch)
    const wallMs = performance.now() - startedMs
    const found = completeness(sandbox, albums)
    return { scenario: scenario.name, contender: contender.name, calls: callsOf(sandbox), wallMs, told, ...found }
  } finally {
    await stop()
    restore()
    await sandbox.close()
  }
}

/** The examples call Spotify's own origins, as code for Spotify does. Returns what undoes it. */
function redirectSpotify (origin: string): () => void {
  const original = globalThis.fetch
  globalThis.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    return await original(SPOTIFY_ORIGINS.includes(url.origin) ? origin + url.pathname + url.search : url, init)
  }
  return () => { globalThis.fetch = original }
}

type Outcome = Pick<Fetched, 'albums'> & Pick<Result, 'told'>

async function outcomeOf (fetch: () => Promise<Fetched>): Promise<Outcome> {
  try {
    const { albums, missing } = await fetch()
    return { albums, told: shorten(missing.join('; ')) }
  } catch (error) {
    return { albums: [], told: shorten(String(error)) }
  }
}

function shorten (text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length <= MAX_MESSAGE_CHARS ? line : `${line.slice(0, MAX_MESSAGE_CHARS - 1)}…`
}

function callsOf (sandbox: SandboxApp): number {
  const { calls, token } = sandbox.sandbox.stats()
  return calls + token
}

function completeness ({ sandbox: { catalogue } }: SandboxApp, albums: Fetched['albums']) {
  const isComplete = ({ id, tracks }: Fetched['albums'][number]) => tracks.items.length === catalogue.trackTotal(id)
  const long = albums.filter(({ id }) => catalogue.trackTotal(id) > FIRST_TRACKS)
  return {
    albums: albums.length,
    completeAlbums: albums.filter(isComplete).length,
    tracks: albums.reduce((total, { tracks }) => total + tracks.items.length, 0),
    longAlbums: long.length,
    completeLongAlbums: long.filter(isComplete).length,
  }
}
