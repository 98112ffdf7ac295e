import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { between, createRandom } from '../../src/sandbox/catalogue/random.ts'
import type { SandboxApp } from '../../src/sandbox/app.ts'
import type { Run } from '../../src/schemas/run.ts'
import { type PostgresqlServer, startPostgresql } from '../postgresql.ts'
import { type CuttableDisk, cuttableDisk, standStill } from '../power-cut.ts'
import { type ServiceProcess, download, post, startProcess, untilEnded } from '../process.ts'
import { environment, startSandbox, temporaryFolder } from '../service.ts'
import { matchesTruth } from '../truth.ts'

const CUTS = Number(process.env['POWER_CUTS'] ?? 4)
const CLIENTS = 3
const MOST_ALBUMS = 12
/** Runs that end between two cuts, at most. */
const MOST_ENDED = 6
const LATEST_MS = 150
/** A sync of PostgreSQL that is under way when it is stopped takes no longer. */
const SYNCED_MS = 100

/** What clients were told before the power was cut. */
interface Told {
  /** The Idempotency-Key of each run that was accepted. */
  accepted: Map<string, string>
  ended: Map<string, Run>
}

/** A service whose state is on a disk whose power can be cut. */
interface Machine {
  disk: CuttableDisk
  sandbox: SandboxApp
  sandboxUrl: string
  postgresql: PostgresqlServer | null
  start: () => Promise<ServiceProcess>
}

for (const database of ['SQLite', 'PostgreSQL'] as const) {
  t.test(`${database}: the power is cut ${CUTS} times: no accepted run is ` +
    'lost, no ended one, and no key', async (t) => {
    const machine = await startMachine(t, database)
    if (machine === null) return
    const { sandbox, sandboxUrl } = machine
    const random = createRandom(CUTS)
    const told: Told = { accepted: new Map(), ended: new Map() }
    for (let cut = 1; cut <= CUTS; cut++) {
      const [before, ended] = [told.accepted.size, told.ended.size]
      const service = await machine.start()
      const clients = Array.from({ length: CLIENTS }, async (_, client) => await ask(service, `${cut}-${client}`, told))
      const goal = ended + between(random, 1, MOST_ENDED)
      await until(() => told.ended.size >= goal)
      await delay(between(random, 0, LATEST_MS))
      await cutPower(machine, service)
      await Promise.all(clients)

      const next = await machine.start()
      for (const [id, key] of told.accepted) {
        const run = await untilEnded(next.url, id)
        if (run.status !== 'succeeded') t.fail(`${id} is ${run.status}: ${JSON.stringify(run.error)}`)
        const again = await postWithKey(next, key)
        if (again.id !== id) t.fail(`the key of ${id} is that of ${again.id}`)
      }
      for (const [id, { finishedAt, file }] of told.ended) {
        const run = await untilEnded(next.url, id)
        if (run.finishedAt !== finishedAt) t.fail(`${id} ended at ${finishedAt}, and now at ${run.finishedAt}`)
        const bytes = Buffer.from(await (await request(`${next.url}/runs/${id}`)).body.arrayBuffer())
        t.equal(createHash('sha256').update(bytes).digest('hex'), file?.sha256, 'the document is as it was')
      }
      matchesTruth(t, await download(next.url, [...told.accepted.keys()].at(-1) ?? ''), sandbox, sandboxUrl)
      t.comment(`cut ${cut}: ${told.accepted.size - before} runs accepted, ${told.ended.size} ended in all`)
      await next.kill('SIGTERM')
    }
    t.ok(told.accepted.size > told.ended.size && told.ended.size > 0, 'it met runs that had ended, and others')
  })

  t.test(`${database}: the power is cut while Spotify has paused the app: no call ` +
    'before the time that it named', async (t) => {
    const machine = await startMachine(t, database)
    if (machine === null) return
    const { sandbox } = machine
    sandbox.sandbox.change({ faults: [{ kind: 'quota', endpoint: 'album', skip: 5, times: 1, retryAfter: '48925' }] })
    const service = await machine.start()
    const { id } = await post(service.url, { limit: 20 })
    const paused = await untilPaused(service, id)
    const { calls } = sandbox.sandbox.stats()
    await cutPower(machine, service)
    const next = await machine.start()
    const other = await post(next.url, { limit: 5 })
    for (const run of [await untilPaused(next, id), await untilPaused(next, other.id)]) {
      t.match(run, { error: { code: 'quota_exceeded' } })
      t.ok(Math.abs(Date.parse(run.resumeAt ?? '') - Date.parse(paused.resumeAt ?? '')) < 2000, 'until the same time')
    }
    t.equal(sandbox.sandbox.stats().calls, calls, 'no call')
  })
}

/** null where there is no such disk, or no PostgreSQL. */
async function startMachine (t: Test, database: 'SQLite' | 'PostgreSQL'): Promise<Machine | null> {
  const disk = await cuttableDisk(t, 160)
  if (disk === null) return null
  const postgresql = database === 'SQLite'
    ? null
    : await startPostgresql(t, { disk: disk.folder, settings: { fsync: 'on' } })
  if (database === 'PostgreSQL' && postgresql === null) return null
  const { sandbox, sandboxUrl } = await startSandbox(t, { latencyMs: 10, jitterMs: 15 })
  return {
    disk,
    sandbox,
    sandboxUrl,
    postgresql,
    start: async () => await startProcess(t, {
      // with PostgreSQL the service's own disk is new after each cut
      ...environment(sandboxUrl, postgresql === null ? disk.folder : await temporaryFolder(t)),
      LOG_LEVEL: 'info',
      REQUESTS_PER_MINUTE: '0',
      RUN_CONCURRENCY: '2',
      ...postgresql === null ? {} : { DATABASE_URL: postgresql.url },
    }),
  }
}

/** The machine goes down with all that runs on it, and comes up again. */
async function cutPower ({ disk, postgresql }: Machine, service: ServiceProcess): Promise<void> {
  await standStill(service.child.pid ?? 0)
  postgresql?.freeze()
  await delay(SYNCED_MS)
  await disk.cut()
  await service.kill('SIGKILL')
  await postgresql?.kill()
  await disk.powerUp()
  await postgresql?.restart()
}

/** Asks for one run after the other, and waits for each, until there is no answer. */
async function ask (service: ServiceProcess, name: string, { accepted, ended }: Told): Promise<void> {
  try {
    for (let number = 0; ; number++) {
      const key = `${name} ${number}`
      const { id } = await postWithKey(service, key)
      accepted.set(id, key)
      if (number % 3 === 2) continue
      const run = await untilEnded(service.url, id)
      if (run.status === 'succeeded') ended.set(id, run)
    }
  } catch {}
}

/** A run whose length follows from its key. */
async function postWithKey ({ url }: ServiceProcess, key: string): Promise<Run> {
  const limit = 1 + createHash('sha256').update(key).digest().readUInt8(0) % MOST_ALBUMS
  const { statusCode, body } = await request(`${url}/ingest`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ limit }),
  })
  const run = await body.json() as Run
  if (statusCode >= 300) throw new Error(`${statusCode}: ${JSON.stringify(run)}`)
  return run
}

async function until (isSo: () => boolean): Promise<void> {
  for (const signal = AbortSignal.timeout(120_000); !isSo();) await delay(2, undefined, { signal })
}

async function untilPaused ({ url }: ServiceProcess, id: string): Promise<Run> {
  for (const signal = AbortSignal.timeout(60_000); ; await delay(20, undefined, { signal })) {
    const run = await (await request(`${url}/runs/${id}/status`)).body.json() as Run
    if (run.status === 'paused') return run
  }
}
