import { setTimeout as delay } from 'node:timers/promises'
import { createPacer } from '../spotify/pacing/pacer.ts'
import { createRateWindow } from '../spotify/pacing/rate-window.ts'
import type { Engine, EngineOptions, Storage } from './contract.ts'

/**
 * Spotify counts calls in a rolling window of 30 s. Source:
 * https://developer.spotify.com/documentation/web-api/concepts/rate-limits
 */
export const WINDOW_MS = 30_000

/** A database that hangs is not waited for longer at the end. */
const CLOSE_MS = 2000

/**
 * The one place that decides between embedded and distributed: what talks to PostgreSQL is loaded only where there is
 * one.
 */
export async function createEngine (options: EngineOptions): Promise<Engine> {
  const { account, callsPerWindow, maxWaitMs, longestCallMs, clock, log } = options
  const { database, queue } = await open(options)
  const window = createRateWindow({
    database, account, longestCallMs, callsPerWindow, windowMs: WINDOW_MS, maxWaitMs, clock, log,
  })
  const pacer = createPacer({ window, clock, log })
  return {
    database,
    queue,
    pacer,
    async close () {
      await Promise.race([pacer.close(), delay(CLOSE_MS, undefined, { ref: false })])
      await database.close()
    },
  }
}

async function open (options: EngineOptions): Promise<Storage> {
  if (options.databaseUrl === '') return await (await import('./embedded.ts')).openEmbedded(options)
  return await (await import('./distributed.ts')).openDistributed(options)
}
