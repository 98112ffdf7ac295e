import { join } from 'node:path'
import { Agent } from 'undici'
import type { Job, Outcome, Round, Running } from './contenders/contender.ts'
import { addressOf, program, start } from './processes.ts'
import type { Reading } from './programs/probe.ts'
import { type Run, countDocument } from './run.ts'

export interface Ended {
  run: Run
  /** When the client knew, in epoch milliseconds. */
  toldAtMs: number
}

/** The service as it is deployed, in a process of its own that nothing but the probe knows of. */
export interface Service extends Running {
  url: string
  dataDir: string
  startRun: (body: object, key: string) => Promise<Run>
  /** All of them at the same time, each a run of its own. */
  runAll: (bodies: object[]) => Promise<Round>
  untilEnded: (id: string) => Promise<Ended>
  /** Forget what the probe has seen so far. */
  beginProbe: () => Promise<void>
  readProbe: () => Promise<Reading>
}

const WAIT_S = 120

export async function startService (folder: string, env: Record<string, string>, nodeArgs: string[] = []): Promise<Service> {
  const child = await start(program('../src/server.ts'), [], {
    env: { PORT: '0', ...env }, logPath: join(folder, 'service.log'), nodeArgs: ['--import', program('programs/probe.ts'), ...nodeArgs],
  })
  const url = await addressOf(child)
  const dispatcher = new Agent()
  let started = 0

  async function ask (path: string, options: { method?: 'GET' | 'POST', body?: object, headers?: Record<string, string> } = {}): Promise<string> {
    const { method = 'GET', body, headers = {} } = options
    const answer = await dispatcher.request({
      origin: url, path, method, headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, body: body === undefined ? null : JSON.stringify(body),
    })
    const text = await answer.body.text()
    if (answer.statusCode >= 300) throw new Error(`${method} ${path} answered ${answer.statusCode}: ${text}`)
    return text
  }

  async function startRun (body: object, key: string): Promise<Run> {
    return JSON.parse(await ask('/ingest', { method: 'POST', body, headers: { 'idempotency-key': key } })) as Run
  }

  async function untilEnded (id: string): Promise<Ended> {
    for (;;) {
      const run = JSON.parse(await ask(`/runs/${id}/status?wait=${WAIT_S}`)) as Run
      if (run.finishedAt !== null) return { run, toldAtMs: Date.now() }
    }
  }

  async function readProbe (): Promise<Reading> {
    return await child.ask('probe: read') as Reading
  }

  /** What is in the document of a run that has ended. */
  async function outcomeOf ({ run, toldAtMs }: Ended, startedAtMs: number): Promise<Outcome> {
    const counts = run.file === null ? { albums: 0, tracks: 0 } : countDocument(await ask(`/runs/${run.id}`))
    return { ...counts, endedMs: toldAtMs - startedAtMs, error: run.status === 'succeeded' ? null : `${run.status}: ${run.error?.code ?? `${run.gaps.length} gaps`}` }
  }

  async function runAll (bodies: object[]): Promise<Round> {
    const accepted = await Promise.all(bodies.map(async (body) => await startRun(body, `run-${++started}`)))
    const startedAtMs = Math.min(...accepted.map(({ createdAt }) => Date.parse(createdAt)))
    const ended = await Promise.all(accepted.map(async ({ id }) => await untilEnded(id)))
    const { peakMemoryMb } = await readProbe()
    const outcomes = await Promise.all(ended.map(async (run) => await outcomeOf(run, startedAtMs)))
    return { wallMs: Math.max(...outcomes.map(({ endedMs }) => endedMs)), outcomes, peakMemoryMb }
  }

  return {
    url,
    dataDir: env['DATA_DIR'] ?? '',
    startRun,
    untilEnded,
    readProbe,
    async beginProbe () { await child.ask('probe: begin') },
    runAll,
    run: async ({ albums, times, refresh }: Job) => await runAll(Array.from({ length: times }, () => ({ limit: albums, refresh }))),
    async stop () {
      await child.stop()
      await dispatcher.close()
    },
  }
}
