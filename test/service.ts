import { channel } from 'node:diagnostics_channel'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import { type Dispatcher, request } from 'undici'
import { pino } from 'pino'
import { buildApp } from '../src/app.ts'
import type { Dependencies } from '../src/plugins/dependencies.ts'
import { type Clock, systemClock } from '../src/services/clock.ts'
import { type SandboxApp, buildSandbox } from '../src/sandbox/app.ts'
import { sandboxEnvironment } from '../src/sandbox/environment.ts'
import type { SandboxSettings } from '../src/sandbox/settings/settings.ts'
import type { Run } from '../src/schemas/run.ts'
import type { PostgresqlServer } from './postgresql.ts'
import { checkResponses } from './response-check.ts'

export type Json = Record<string, unknown>
export type AlbumJson = Json & { id: string, tracks: Json & { items: Json[], next: string | null } }
export type Document = Omit<Run, 'file'> & { albums: AlbumJson[] }

export interface Service {
  app: FastifyInstance
  url: string
  sandbox: SandboxApp
  sandboxUrl: string
  dataDir: string
  /** All that was logged, at trace. */
  log: () => string
  post: (body?: unknown) => Promise<Dispatcher.ResponseData>
  get: (path: string) => Promise<Dispatcher.ResponseData>
  /** Start a run and wait for it to end (or to pause). */
  ingest: (body?: unknown) => Promise<Run>
  document: (id: string) => Promise<Document>
}

export interface ServiceOptions {
  sandbox?: Partial<SandboxSettings>
  env?: Record<string, string>
  dependencies?: Partial<Dependencies>
  dataDir?: string
  /** The sandbox of another service. */
  on?: { sandbox: SandboxApp, sandboxUrl: string }
}

/** A sandbox that listens on a free port until the test has ended. */
export async function startSandbox (
  t: Test,
  settings: Partial<SandboxSettings> = {},
  clock: Clock = systemClock
): Promise<{ sandbox: SandboxApp, sandboxUrl: string }> {
  const sandbox = buildSandbox(settings, { now: clock.monotonic })
  t.teardown(async () => await sandbox.close())
  return { sandbox, sandboxUrl: await sandbox.listen({ host: '127.0.0.1', port: 0 }) }
}

/** An empty folder that is gone when the test has ended. */
export async function temporaryFolder (t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ingest-test-'))
  t.teardown(async () => await rm(folder, { recursive: true, force: true }))
  return folder
}

/** What points a service at a sandbox, quick and without a limit of its own. */
export function environment (sandboxUrl: string, dataDir: string): Record<string, string> {
  return {
    ...sandboxEnvironment(sandboxUrl),
    LOG_LEVEL: 'trace',
    DATA_DIR: dataDir,
    SPOTIFY_CALLS_PER_30S: '100000',
    SPOTIFY_TIMEOUT_MS: '2000',
  }
}

function areReplicas (): boolean {
  return process.env['TEST_MODE'] === 'distributed'
}

/** `skip` of a test that holds only where a service is alone: why it cannot run on replicas. */
export function skipOnReplicas (reason: string): string | false {
  return areReplicas() && reason
}

/** The schema of each sandbox, where every service is to be a replica. */
const schemas = new WeakMap<SandboxApp, string>()
let schemaCount = 0

/**
 * With TEST_MODE=distributed the same tests run on replicas: all services on one sandbox share a schema of
 * TEST_DATABASE_URL.
 */
function modeOf (sandbox: SandboxApp): Record<string, string> {
  const url = process.env['TEST_DATABASE_URL']
  if (!areReplicas()) return {}
  if (url === undefined) throw new Error('TEST_MODE=distributed needs a TEST_DATABASE_URL')
  const schema = schemas.get(sandbox) ?? `test_${++schemaCount}`
  schemas.set(sandbox, schema)
  return { ...replicaEnvironment({ url }), DATABASE_SCHEMA: schema }
}

/** What makes a service a replica. */
export function replicaEnvironment ({ url }: Pick<PostgresqlServer, 'url'>): Record<string, string> {
  return { DATABASE_URL: url }
}

/** The whole service on a sandbox (its own, or one that is running), both on real ports, until the test has ended. */
export async function startService (t: Test, options: ServiceOptions = {}): Promise<Service> {
  const { sandbox, sandboxUrl } = options.on ?? await startSandbox(t, options.sandbox, options.dependencies?.clock)
  const dataDir = options.dataDir ?? await temporaryFolder(t)
  const mode = modeOf(sandbox)
  const lines: string[] = []
  const logger = pino({ level: 'trace' }, { write: (line: string) => { lines.push(line) } })
  const app = await checkedFromTheStart(t, async () => await buildApp({
    env: { ...environment(sandboxUrl, dataDir), ...mode, ...options.env },
    logger,
    dependencies: { retryBaseMs: 5, ...options.dependencies },
  }))
  t.teardown(async () => await app.close())
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  if (areReplicas()) await untilReady(app)
  const get: Service['get'] = async (path) => await request(url + path)
  const post: Service['post'] = async (body) => await request(`${url}/ingest`, body === undefined
    ? { method: 'POST' }
    : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  return {
    app,
    url,
    sandbox,
    sandboxUrl,
    dataDir,
    log: () => lines.join(''),
    get,
    post,
    async ingest (body) {
      const { id } = await (await post(body)).body.json() as Run
      return await ended(app, id)
    },
    document: async (id) => await (await get(`/runs/${id}`)).body.json() as Document,
  }
}

/** A replica listens before it is connected to its queue. */
async function untilReady (app: FastifyInstance): Promise<void> {
  for (const givesUpAtMs = performance.now() + 10_000; performance.now() < givesUpAtMs;) {
    if (await app.runs.probe().then(() => true, () => false)) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/**
 * Build an app all of whose answers are checked: hooks go to routes that come after them, so these are added as soon as
 * there is an app.
 */
async function checkedFromTheStart (t: Test, build: () => Promise<FastifyInstance>): Promise<FastifyInstance> {
  const made = channel('fastify.initialization')
  const onMade = (message: unknown): void => {
    checkResponses((message as { fastify: FastifyInstance }).fastify, (violation) =>
      t.fail(`every answer is as the OpenAPI document says: ${violation}`)
    )
  }
  made.subscribe(onMade)
  const building = build()
  made.unsubscribe(onMade)
  return await building
}

/** The run as soon as it has ended, or (unless pauses are waited for) is paused. */
export async function ended (app: FastifyInstance, id: string, acceptPause = true): Promise<Run> {
  return await new Promise((resolve, reject) => {
    const look = (run: Run): void => {
      if (run.finishedAt === null && !(acceptPause && run.status === 'paused')) return
      unwatch()
      resolve(run)
    }
    const unwatch = app.runs.watch(id, look)
    app.runs.get(id).then(look, reject)
  })
}
