import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import * as ownCalls from '../../examples/compare/own-calls.ts'
import * as sdk from '../../examples/compare/sdk.ts'
import * as service from '../../examples/compare/service.ts'
import { buildApp } from '../../src/app.ts'
import { sandboxEnvironment } from '../../src/sandbox/environment.ts'

interface FetchedAlbum { id: string, tracks: { items: unknown[] } }

/** What a contender returned to its caller, and what it said is missing. */
export interface Fetched {
  albums: readonly FetchedAlbum[]
  missing: readonly string[]
}

/** A contender that is ready: what it does from here on is timed. */
interface Ready {
  readonly fetch: () => Promise<Fetched>
  readonly stop: () => Promise<void>
}

/** One way to do the job: `file` is its code, `start` makes it ready for the sandbox at that origin. */
export interface Contender {
  readonly name: string
  readonly file: string
  readonly start: (origin: string) => Promise<Ready>
}

const CREDENTIALS = ['sandbox-id', 'sandbox-secret'] as const
/** The sandbox has no limit here, so that times compare; at Spotify the default of 90 holds. */
const CALLS_PER_30S = '100000'

type NewAlbums = (clientId: string, clientSecret: string) => Promise<FetchedAlbum[]>

/** Code that runs in its caller has nothing to start, and tells of a loss only by an error. */
function inCaller (newAlbums: NewAlbums): Contender['start'] {
  const fetchAll = async (): Promise<Fetched> => ({ albums: await newAlbums(...CREDENTIALS), missing: [] })
  return async () => ({ fetch: fetchAll, stop: async () => {} })
}

/** Starts the service in this process, with an empty folder. */
async function startService (origin: string): Promise<Ready> {
  const folder = await mkdtemp(join(tmpdir(), 'compare-'))
  const app = await buildApp({ env: environment(origin, folder), logger: pino({ level: 'silent' }) })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    async fetch () {
      const document = await service.newAlbums(url, 'compare')
      return { albums: document.albums, missing: service.describeGaps(document) }
    },
    async stop () {
      await app.close()
      await rm(folder, { recursive: true })
    },
  }
}

function environment (origin: string, folder: string): Record<string, string> {
  return {
    ...sandboxEnvironment(origin),
    LOG_LEVEL: 'silent',
    DATA_DIR: folder,
    SPOTIFY_CALLS_PER_30S: CALLS_PER_30S,
  }
}

export const CONTENDERS: readonly Contender[] = [
  { name: 'own calls', file: 'examples/compare/own-calls.ts', start: inCaller(ownCalls.newAlbums) },
  { name: 'SDK', file: 'examples/compare/sdk.ts', start: inCaller(sdk.newAlbums) },
  { name: 'service', file: 'examples/compare/service.ts', start: startService },
]
