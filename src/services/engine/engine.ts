import { type Clock } from '../clock.ts'
import { type Log } from '../log.ts'
import { type RunQueue } from '../queue/run-queue.ts'
import { type Roster } from '../runs/roster.ts'
import { type Pacer } from '../spotify/pacer.ts'
import { type PauseStore } from '../spotify/token-pause.ts'
import { type KeyStore } from '../store/key-store.ts'
import { type RunStore } from '../store/run-store.ts'

/** What differs between a process that is alone and one of several replicas. */
export interface Engine {
  store: RunStore
  keys: KeyStore
  queue: RunQueue
  roster: Roster
  pacer: Pacer
  /** Keeps until when the token endpoint wants to hear nothing. */
  tokenPauses: PauseStore
  /** The name of this process among the replicas; null: it is alone. */
  replica: string | null
  /** null: there is no Redis to be asked. */
  health: () => Promise<{ redis: 'ok' | 'unreachable' | null }>
  close: () => Promise<void>
}

export interface EngineOptions {
  dataDir: string
  /** Empty: this process is alone on `dataDir`. */
  redisUrl: string
  /** Whose limit at Spotify it is. */
  account: string
  callsPerWindow: number
  /** A longer pause of Spotify's than this is not waited for. */
  maxWaitMs: number
  /** No call to Spotify takes longer. */
  longestCallMs: number
  /** Runs at a time in this process. */
  concurrency: number
  clock: Clock
  log: Log
}

/** Spotify counts calls in a rolling window of 30 s. Source: https://developer.spotify.com/documentation/web-api/concepts/rate-limits */
export const WINDOW_MS = 30_000

/**
 * The one place that decides between embedded and distributed. What talks to Redis is loaded only where there is
 * one. Throws `data_dir_in_use`, and what is wrong with the Redis.
 */
export async function createEngine (options: EngineOptions): Promise<Engine> {
  if (options.redisUrl === '') return await (await import('./embedded.ts')).createEmbeddedEngine(options)
  return await (await import('./distributed.ts')).createDistributedEngine(options)
}
