import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { type Trial, startTrial } from '../../src/cli/trial.ts'
import { type Clock, systemClock } from '../../src/services/clock.ts'

/** Noon of the day after the sandbox's day 0: checks that compare dates with today's find the same in any year. */
const START_MS = Date.UTC(2026, 10, 21, 12)

/** Starts the sandbox and the service on an empty folder, which is removed when they close. */
export async function startServers (ports: { readonly sandbox: number, readonly service: number }): Promise<Trial> {
  await using started = new AsyncDisposableStack()
  const dataDir = await mkdtemp(join(tmpdir(), 'notebook-'))
  started.defer(async () => await rm(dataDir, { recursive: true, force: true }))
  const trial = await startTrial({
    env: { LOG_LEVEL: 'error', DATA_DIR: dataDir, PORT: String(ports.service) },
    logger: pino({ level: 'error' }, pino.destination({ dest: 2, sync: true })),
    dependencies: { clock: clockFrom(START_MS) },
    sandboxPort: ports.sandbox,
  })
  started.defer(trial.close)
  const running = started.move()
  return { ...trial, close: async () => await running.disposeAsync() }
}

/** Returns a clock that starts at a time and runs as fast as the real one. */
function clockFrom (startMs: number): Clock {
  const startedMs = systemClock.monotonic()
  return { ...systemClock, now: () => Math.round(startMs + systemClock.monotonic() - startedMs) }
}
