import { join } from 'node:path'
import { request } from 'undici'
import { type Child, addressOf, program, start } from './processes.ts'

/** Calls that the sandbox has counted: the truth about all contenders alike. */
export interface Stats {
  calls: number
  token: number
  byEndpoint: Record<string, { total: number, byStatus: Record<string, number> }>
  peakInFlight: number
  calledWhileBlocked: number
}

export interface Catalogue {
  newReleases: string[]
  searchOrder: string[]
  /** Tracks by album. */
  tracks: Map<string, number>
}

/** The stand-in for Spotify, in a process of its own. */
export interface Sandbox {
  origin: string
  /** Change settings and count anew. */
  set: (settings: Record<string, unknown>) => Promise<void>
  stats: () => Promise<Stats>
  resetStats: () => Promise<void>
  catalogue: () => Promise<Catalogue>
  stop: () => Promise<void>
}

const LEASH = ['--import', program('programs/leash.ts')]

export async function startSandbox (folder: string, file = program('../src/sandbox/server.ts')): Promise<Sandbox> {
  const child: Child = await start(file, ['--port', '0'], { logPath: join(folder, 'sandbox.log'), nodeArgs: LEASH })
  const origin = await addressOf(child)

  async function resetStats (): Promise<void> {
    await (await request(`${origin}/sandbox/stats`, { method: 'DELETE' })).body.dump()
  }

  return {
    origin,
    resetStats,
    async set (settings) {
      const answer = await request(`${origin}/sandbox/settings`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(settings) })
      if (answer.statusCode !== 200) throw new Error(`the sandbox refuses ${JSON.stringify(settings)}: ${await answer.body.text()}`)
      await answer.body.dump()
      await resetStats()
    },
    async stats () {
      const { served: _albums, ...stats } = await (await request(`${origin}/sandbox/stats`)).body.json() as Stats & { served: unknown }
      return stats // in the record, a list of all albums for each round would be nearly all of it
    },
    async catalogue () {
      const { albums, newReleases, searchOrder } = await (await request(`${origin}/sandbox/catalogue`)).body.json() as { albums: Array<{ id: string, tracks: number }>, newReleases: string[], searchOrder: string[] }
      return { newReleases, searchOrder, tracks: new Map(albums.map(({ id, tracks }) => [id, tracks])) }
    },
    stop: async () => await child.stop(),
  }
}
