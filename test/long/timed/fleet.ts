import { createHash } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import type { Test } from 'tap'
import { request } from 'undici'
import { type SandboxApp, buildSandbox } from '../../../src/sandbox/app.ts'
import type { SandboxSettings } from '../../../src/sandbox/settings/settings.ts'
import type { SandboxStats } from '../../../src/sandbox/calls/stats.ts'
import type { Run } from '../../../src/schemas/run.ts'
import type { StateLocation } from '../../ledger-events.ts'
import { type ServiceProcess, download, post, startProcess, untilEnded } from '../../process.ts'
import { type PostgresqlServer, startPostgresql } from '../../postgresql.ts'
import { environment, startService, temporaryFolder } from '../../service.ts'
import { matchesTruth } from '../../truth.ts'
import { type Loss, lossAmong, refusedOf } from '../loss.ts'

/** The default of SPOTIFY_MAX_CONCURRENCY: the calls that may be in flight, and lost with their process. */
const MAX_CONCURRENCY = 10

/** Slow enough to be met in the middle of a run. */
export const LATENCY = { latencyMs: 15, jitterMs: 15 }

/** Real processes of the service on one PostgreSQL and one sandbox, each with an empty folder of its own. */
export interface Fleet {
  postgresql: PostgresqlServer
  sandbox: SandboxApp
  sandboxUrl: string
  /** Of the database, for those who look from the outside. */
  location: StateLocation
  replicas: ServiceProcess[]
  /**
   * When each call of the API arrived at the sandbox, in milliseconds; of the last run, where `startRun` started it.
   */
  arrivals: number[]
  start: (env?: Record<string, string>) => Promise<ServiceProcess>
}

interface FleetOptions {
  replicas: number
  sandbox?: Partial<SandboxSettings>
  env?: Record<string, string>
  /** Else one of its own. */
  postgresql?: PostgresqlServer | null
}

/** null, and a skip with the reason, where there is no PostgreSQL. */
export async function startFleet (
  t: Test,
  { replicas, sandbox: settings = {}, env = {}, postgresql: given }: FleetOptions
): Promise<Fleet | null> {
  const postgresql = given === undefined ? await startPostgresql(t) : given
  if (postgresql === null) return null
  const { url } = postgresql
  const sandbox = buildSandbox(settings)
  const arrivals: number[] = []
  sandbox.addHook('onRequest', async ({ url }) => { if (url.startsWith('/v1/')) arrivals.push(performance.now()) })
  t.teardown(async () => await sandbox.close())
  const sandboxUrl = await sandbox.listen({ host: '127.0.0.1', port: 0 })
  const fleet: Fleet = {
    postgresql,
    sandbox,
    sandboxUrl,
    location: { databaseUrl: url },
    arrivals,
    replicas: [],
    start,
  }

  async function start (more: Record<string, string> = {}): Promise<ServiceProcess> {
    const replica = await startProcess(t, {
      ...environment(sandboxUrl, await temporaryFolder(t)),
      LOG_LEVEL: 'info',
      ALBUM_CACHE_HOURS: '0',
      REQUESTS_PER_MINUTE: '0',
      DATABASE_URL: url,
      ...env,
      ...more,
    })
    fleet.replicas.push(replica)
    return replica
  }

  await Promise.all(Array.from({ length: replicas }, async () => await start()))
  return fleet
}

/** The calls of a run that nothing disturbs. */
export interface Plan {
  /** But for those that are refused. */
  calls: number
  /** Of a process that has still to find out what the app may do; one that knows asks nothing of it. */
  refused: number
}

export async function planOf (t: Test, sandbox: Partial<SandboxSettings>, body: object = {}): Promise<Plan> {
  const calm = await startService(t, { sandbox: { ...sandbox, latencyMs: 0, jitterMs: 0 } })
  await calm.ingest(body)
  const stats = calm.sandbox.sandbox.stats()
  await calm.app.close()
  const refused = refusedOf(stats)
  return { calls: stats.calls - refused, refused }
}

export interface LogLine { msg: string, runId?: string, time: number, execution?: number }

/** What a replica logged. */
export function logOf ({ output }: ServiceProcess): LogLine[] {
  return output().split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as LogLine]
    } catch {
      return []
    }
  })
}

/** How often each replica has begun to work on the run. */
export function executionsOf (replicas: ServiceProcess[], id: string): number[] {
  return replicas.map(
    (replica) => logOf(replica).filter(({ msg, runId }) => msg === 'run started' && runId === id).length
  )
}

/** What the replica logged when it began to work on the run. */
export function startOf (replica: ServiceProcess, id: string): LogLine | undefined {
  return logOf(replica).find(({ msg, runId }) => msg === 'run started' && runId === id)
}

/** The replica that began to work on the run last, as soon as there is one. */
export async function executorOf (
  fleet: Fleet,
  id: string,
  among: ServiceProcess[] = fleet.replicas
): Promise<ServiceProcess> {
  let found: ServiceProcess | undefined
  await until(() => {
    found = among.find((replica) => startOf(replica, id) !== undefined)
    return found !== undefined
  }, 30_000)
  return found as ServiceProcess
}

export async function statusOf ({ url }: ServiceProcess, id: string): Promise<Run> {
  return await (await request(`${url}/runs/${id}/status`)).body.json() as Run
}

/** SHA-256 of the document, as a replica serves it. */
export async function hashOfDocument ({ url }: ServiceProcess, id: string): Promise<string> {
  const { body } = await request(`${url}/runs/${id}`)
  return createHash('sha256').update(Buffer.from(await body.arrayBuffer())).digest('hex')
}

export async function until (isTrue: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
  for (const deadline = performance.now() + ms; !await isTrue();) {
    if (performance.now() > deadline) throw new Error(`it did not come to that within ${ms} ms`)
    await sleep(5)
  }
}

export async function sleep (ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}

/** Start a run on a fleet of two, and wait until it is well under way: so many calls, or somewhere in its middle. */
export async function startRun (
  fleet: Fleet,
  calls = 20 + Math.floor(Math.random() * 70)
): Promise<{ id: string, executor: ServiceProcess, other: ServiceProcess }> {
  fleet.sandbox.sandbox.resetStats()
  fleet.arrivals.length = 0
  const { id } = await post(at(fleet.replicas, 0).url)
  const executor = await executorOf(fleet, id)
  await until(() => fleet.sandbox.sandbox.stats().calls >= calls)
  return { id, executor, other: fleet.replicas.find((replica) => replica !== executor) as ServiceProcess }
}

export async function endsComplete (t: Test, { replicas, sandbox, sandboxUrl }: Fleet, id: string): Promise<void> {
  const replica = at(replicas, 1)
  t.match(await untilEnded(replica.url, id, AbortSignal.timeout(120_000)), {
    status: 'succeeded',
    complete: true,
    gaps: [],
    error: null,
  })
  matchesTruth(t, await download(replica.url, id), sandbox, sandboxUrl)
}

/** Complete, to the byte, and paid for only what was lost on its way. */
export async function endsWell (
  t: Test,
  { sandbox, sandboxUrl }: Fleet,
  replica: ServiceProcess,
  id: string,
  plan: Plan,
  { inFlight, unsaved }: Loss
): Promise<void> {
  const run = await untilEnded(replica.url, id)
  t.match(run, { status: 'succeeded', complete: true, gaps: [], error: null })
  t.equal(await hashOfDocument(replica, id), run.file?.sha256)
  matchesTruth(t, await download(replica.url, id), sandbox, sandboxUrl)
  const stats = sandbox.sandbox.stats()
  const refused = refusedOf(stats)
  const extra = stats.calls - refused - plan.calls
  t.ok(
    extra >= 0 && extra <= inFlight + unsaved,
    `${extra} calls beyond the ${plan.calls} of an undisturbed run; lost: ${inFlight} in flight, ` +
      `${unsaved} answered and not stored`
  )
  t.ok(extra <= MAX_CONCURRENCY, 'a call is in flight until its answer is stored')
  t.ok(refused <= plan.refused, `${refused} refused calls: what the run knew was not asked again`)
}

/** What an execution lost that has handed its run over, given the statistics when it was told to. */
export async function lossOfHandover (
  { location, arrivals }: Fleet,
  id: string,
  before: SandboxStats,
  to: ServiceProcess
): Promise<Loss> {
  const wallMs = Date.now() - performance.now()
  const calls = arrivals.filter((time) => wallMs + time <= (startOf(to, id)?.time ?? 0)).length
  return await lossAmong(calls, location, id, before, 1)
}

export async function untilStatus (replica: ServiceProcess, id: string, status: Run['status']): Promise<Run> {
  await until(async () => (await statusOf(replica, id)).status === status)
  return await statusOf(replica, id)
}

/** One of them, in turn. */
export function at<T> (items: T[], place: number): T {
  return items[place % items.length] as T
}
