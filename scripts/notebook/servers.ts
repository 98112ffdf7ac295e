import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { buildApp } from '../../src/app.ts'
import { buildSandbox } from '../../src/sandbox/app.ts'
import { type Clock, systemClock } from '../../src/services/clock.ts'

/** The sandbox and a service that calls it, both listening. */
export interface Servers {
  readonly sandboxUrl: string
  readonly serviceUrl: string
  close: () => Promise<void>
}

/** Noon of the day after the sandbox's day 0: checks that compare dates with today's find the same in any year. */
const START_MS = Date.UTC(2026, 10, 21, 12)

/** Starts both on an empty folder, which is removed when they close. A port that is 0 or in use becomes a free one. */
export async function startServers (ports: { readonly sandbox: number, readonly service: number }): Promise<Servers> {
  await using started = new AsyncDisposableStack()
  const dataDir = await mkdtemp(join(tmpdir(), 'notebook-'))
  started.defer(async () => await rm(dataDir, { recursive: true, force: true }))
  const sandbox = buildSandbox()
  started.defer(async () => await sandbox.close())
  const sandboxUrl = await listen(sandbox, ports.sandbox)
  const logger = pino({ level: 'error' }, pino.destination({ dest: 2, sync: true }))
  const dependencies = { clock: clockFrom(START_MS) }
  const service = await buildApp({ env: environment(sandboxUrl, dataDir), logger, dependencies })
  started.defer(async () => await service.close())
  const serviceUrl = await listen(service, ports.service)
  const running = started.move()
  return { sandboxUrl, serviceUrl, close: async () => await running.disposeAsync() }
}

async function listen (app: Pick<FastifyInstance, 'listen'>, port: number): Promise<string> {
  try {
    return await app.listen({ host: '127.0.0.1', port })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    return await app.listen({ host: '127.0.0.1', port: 0 })
  }
}

/** Returns a clock that starts at a time and runs as fast as the real one. */
function clockFrom (startMs: number): Clock {
  const startedMs = systemClock.monotonic()
  return { ...systemClock, now: () => Math.round(startMs + systemClock.monotonic() - startedMs) }
}

/** The sandbox has no rate limit, so the service needs no pace of its own. */
function environment (sandboxUrl: string, dataDir: string): Record<string, string> {
  return {
    LOG_LEVEL: 'error',
    DATA_DIR: dataDir,
    SPOTIFY_CLIENT_ID: 'sandbox-id',
    SPOTIFY_CLIENT_SECRET: 'sandbox-secret',
    SPOTIFY_API_URL: `${sandboxUrl}/v1`,
    SPOTIFY_TOKEN_URL: `${sandboxUrl}/api/token`,
    SPOTIFY_CALLS_PER_30S: '100000',
  }
}
