import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { mkdir, readFile, readdir } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Random, between, createRandom, mix } from '../../src/sandbox/catalogue/random.ts'
import type { SandboxSettings } from '../../src/sandbox/settings/settings.ts'
import type { Run } from '../../src/schemas/run.ts'
import type { StateLocation } from '../ledger-events.ts'
import { startPostgresql } from '../postgresql.ts'
import { download, post, startProcess, untilEnded } from '../process.ts'
import { type Service, environment, startSandbox, startService, temporaryFolder } from '../service.ts'
import { matchesTruth } from '../truth.ts'
import { type Loss, lossOf } from './loss.ts'

const TIERS = ['development', 'extended'] as const
type Tier = typeof TIERS[number]

/**
 * When the process is killed. `early`: while it finds out what the app may do. `document`: while the file is being
 * written.
 */
const MOMENTS = ['any', 'twice', 'early', 'document'] as const
/** What CI has time for; the promise is about 100 on each database: CRASH_KILLS=100 takes half an hour. */
const KILLS = process.env['CRASH_KILLS']
/** The first runs are on SQLite, the others on PostgreSQL. */
const ON_SQLITE = Number(KILLS ?? 16)
const RUNS = ON_SQLITE + Number(KILLS ?? 12)
const GRACEFUL_RUNS = 6
/** The default of SPOTIFY_MAX_CONCURRENCY. */
const MAX_CONCURRENCY = 10
const LATENCY = { latencyMs: 10, jitterMs: 15 }

const postgresql = await startPostgresql(t)
const worst = { extra: 0, inFlight: 0, unsaved: 0, uncounted: 0 }
let duringDocument = 0

for (let index = 0; index < RUNS; index++) {
  const tier = TIERS[index % 2] as Tier
  const moment = MOMENTS[Math.floor(index / 2) % MOMENTS.length] as typeof MOMENTS[number]
  const seed = 1 + Math.floor(index / 2)
  const isOnSqlite = index < ON_SQLITE
  t.test(`run ${index + 1}, ${tier} tier, ` +
    `${isOnSqlite ? 'SQLite' : 'PostgreSQL'}, kill -9: ` +
      `${moment}`, { skip: !isOnSqlite && postgresql === null && 'no PostgreSQL on this machine' }, async (t) => {
    const random = createRandom(mix(seed, index))
    const trial = await startTrial(
      t,
      { tier, seed, ...LATENCY },
      moment === 'document' ? { source: 'search', limit: 300 } : {},
      isOnSqlite ? {} : { DATABASE_URL: postgresql?.url ?? '', DATABASE_SCHEMA: `run_${index}` }
    )
    const { sandbox, folder, planned } = trial
    const first = await startProcess(t, trial.env)
    const { id } = await post(first.url, trial.body)
    let loss: Loss
    if (moment === 'document') {
      await whileWriting(folder, () => first.child.kill('SIGKILL'))
      await first.kill('SIGKILL')
      const files = await readdir(folder)
      if (files.some((name) => name.endsWith('.staged'))) duringDocument++
      loss = await lossOf(sandbox, locationOf(trial), id, sandbox.sandbox.stats())
      t.same([loss.calls, loss.unsaved], [planned, 0], 'all calls were made and stored')
    } else {
      await untilCalls(trial, between(random, 1, moment === 'early' ? 6 : planned))
      loss = await killNow(trial, id, first.child, random)
    }
    if (moment === 'twice') {
      const second = spawn(process.execPath, ['src/server.ts'], {
        env: { PATH: process.env['PATH'] ?? '', PORT: '0', ...trial.env },
        stdio: 'ignore',
      })
      t.teardown(() => second.kill('SIGKILL'))
      await untilCalls(trial, loss.calls + between(random, 0, Math.max(0, planned - loss.calls)))
      loss = await killNow(trial, id, second, random)
    }
    await endsAsIfNothingHadHappened(t, trial, id, loss, moment === 'twice' ? 2 : 1)
  })
}

t.test('what the kills met', async (t) => {
  t.comment(
    `worst of ${RUNS} runs: ${JSON.stringify(worst)}; ${duringDocument} of ${RUNS / 4} were killed while ` +
      'the document was half written'
  )
  t.ok(duringDocument >= 2, `${duringDocument} processes were killed while the document was being written`)
})

for (let index = 0; index < GRACEFUL_RUNS; index++) {
  const tier = TIERS[index % 2] as Tier
  t.test(`SIGTERM ${index + 1}, ${tier} tier: exit code 0 within 2 s, and nothing is lost`, async (t) => {
    const random = createRandom(mix(GRACEFUL_RUNS, index))
    const trial = await startTrial(t, { tier, seed: index + 1, ...LATENCY })
    const { sandbox, planned } = trial
    const first = await startProcess(t, trial.env)
    const { id } = await post(first.url)
    const isSlow = index % 3 === 2
    await untilCalls(trial, between(random, 1, planned - 1))
    if (isSlow) sandbox.sandbox.change({ latencyMs: 2500 })
    await sleep(between(random, 0, 30))
    const before = sandbox.sandbox.stats()
    const { code, ms } = await first.kill('SIGTERM')
    t.equal(code, 0)
    t.ok(ms < 2000, `exited after ${Math.round(ms)} ms`)
    if (isSlow) sandbox.sandbox.change(LATENCY)
    await endsAsIfNothingHadHappened(t, trial, id, await lossOf(sandbox, locationOf(trial), id, before))
  })
}

interface Trial {
  sandbox: Service['sandbox']
  sandboxUrl: string
  env: Record<string, string>
  /** Of the documents of today. */
  folder: string
  body: object
  /** The calls that the run makes when nothing disturbs it. */
  planned: number
}

async function startTrial (
  t: Test,
  settings: Partial<SandboxSettings>,
  body: object = {},
  database: Record<string, string> = {}
): Promise<Trial> {
  const albums = 'limit' in body ? 320 : 120
  const calm = await startService(t, { sandbox: { ...settings, albums, latencyMs: 0, jitterMs: 0 } })
  await calm.ingest(body)
  const planned = calm.sandbox.sandbox.stats().calls
  await calm.app.close()
  const { sandbox, sandboxUrl } = await startSandbox(t, { ...settings, albums })
  const env: Record<string, string> = { ...environment(sandboxUrl, await temporaryFolder(t)), ...database }
  const folder = join(env['DATA_DIR'] ?? '', 'documents', ...new Date().toISOString().slice(0, 10).split('-'))
  await mkdir(folder, { recursive: true })
  return { sandbox, sandboxUrl, env, folder, body, planned }
}

/** Start again: the run ends by itself, complete, to the byte, and paid for only what was lost on its way. */
async function endsAsIfNothingHadHappened (
  t: Test,
  trial: Trial,
  id: string,
  { inFlight, unsaved }: Loss,
  kills = 1
): Promise<void> {
  const { sandbox, sandboxUrl, env, folder, planned } = trial
  const last = await startProcess(t, env)
  const run = await untilEnded(last.url, id)
  t.match(run, { id, status: 'succeeded', complete: true, gaps: [], error: null })
  const document = await download(last.url, id)
  const listing =
    run.source?.used === 'new-releases' ? sandbox.sandbox.catalogue.newReleases : sandbox.sandbox.catalogue.searchOrder
  t.strictSame(
    document.albums.map((album) => album.id),
    listing.slice(0, run.request.limit),
    'every album, in the order of the listing'
  )
  matchesTruth(t, document, sandbox, sandboxUrl)
  const bytes = await readFile(join(folder, run.file?.name ?? ''))
  t.equal(
    createHash('sha256').update(bytes).digest('hex'),
    run.file?.sha256,
    'the file is the one that the record names'
  )

  const { calls } = sandbox.sandbox.stats()
  const extra = calls - planned
  t.ok(
    extra <= inFlight + unsaved,
    `${extra} calls beyond the ${planned} of an undisturbed run; lost at the kill: ${inFlight} in flight, ` +
      `${unsaved} answered and not stored`
  )
  t.ok(
    extra <= kills * MAX_CONCURRENCY,
    `${extra} calls more than undisturbed: a call is in flight until its answer is stored, ` +
      `and ${MAX_CONCURRENCY} may be`
  )
  hasPlausibleCost(t, run, calls, planned, inFlight + unsaved)
  worst.extra = Math.max(worst.extra, extra)
  worst.inFlight = Math.max(worst.inFlight, inFlight)
  worst.unsaved = Math.max(worst.unsaved, unsaved)
  worst.uncounted = Math.max(worst.uncounted, calls - run.cost.calls)
  await last.kill('SIGKILL')
}

/**
 * The cost counts each call that led to something; of those that were lost, and of those that were given up before they
 * left, it may know either way.
 */
function hasPlausibleCost (t: Test, { cost }: Run, calls: number, planned: number, lost: number): void {
  t.ok(
    cost.calls >= Math.max(planned, calls - lost) && cost.calls <= calls + MAX_CONCURRENCY,
    `the cost says ${cost.calls} calls; ${calls} were made, ${planned} had to be`
  )
  t.equal(Object.values(cost.byEndpoint).reduce((sum, count) => sum + count, 0), cost.calls, 'the cost adds up')
}

async function killNow (trial: Trial, id: string, child: ChildProcess, random: Random): Promise<Loss> {
  await sleep(random() * 15)
  const { sandbox } = trial
  const before = sandbox.sandbox.stats()
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
  return await lossOf(sandbox, locationOf(trial), id, before)
}

function locationOf ({ env }: Trial): StateLocation {
  const { DATABASE_URL: databaseUrl, DATABASE_SCHEMA: schema = '' } = env
  return databaseUrl === undefined ? { dataDir: env['DATA_DIR'] ?? '' } : { databaseUrl, schema }
}

/** Calls `act` as soon as the document's beginning is there. */
async function whileWriting (folder: string, act: () => void): Promise<void> {
  await new Promise<void>((resolve) => {
    const watcher = watch(folder, (_event, name) => {
      if (name?.endsWith('.staged') !== true) return
      act()
      watcher.close()
      resolve()
    })
  })
}

async function untilCalls ({ sandbox }: Trial, wanted: number): Promise<void> {
  await until(() => sandbox.sandbox.stats().calls >= wanted)
}

async function until (isTrue: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !isTrue();) {
    if (Date.now() > deadline) throw new Error('it did not come to that')
    await sleep(1)
  }
}

async function sleep (ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}
