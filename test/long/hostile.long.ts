import { readFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { createRandom } from '../../src/sandbox/random.ts'
import { type Run } from '../../src/schemas/run.ts'
import { leaks, mostCalls, mostCallsOfOne, wrongs, wrongsOfLog } from '../hostile-laws.ts'
import { type HostileUpstream, startHostileUpstream } from '../hostile-upstream.ts'
import { type ServiceProcess, post, startProcess } from '../process.ts'
import { environment, temporaryFolder } from '../service.ts'

const ATTEMPTS = 3
t.setTimeout(600_000)

const LANES = 4
/** Answers that are changed in each lane, at least. */
const CHANGES_PER_LANE = 650
const MOST_MEMORY_KB = 300 * 1024
/** Backoffs of half a second and pauses of a second or two, a few dozen times. */
const RUN_ENDS_WITHIN_MS = 90_000
/** A pause that is longer is not waited for. */
const LONGEST_WAIT_MS = 5000
const CLIENT_SECRET = 'sandbox-secret'

const SETTINGS = {
  LOG_LEVEL: 'debug',
  SPOTIFY_CALLS_PER_30S: '1000000',
  SPOTIFY_MAX_ATTEMPTS: String(ATTEMPTS),
  SPOTIFY_MAX_CONCURRENCY: '30',
  SPOTIFY_MAX_WAIT_S: '1',
  SPOTIFY_TIMEOUT_MS: '1500',
  REQUESTS_PER_MINUTE: '0',
}

interface Lane {
  upstream: HostileUpstream
  service: ServiceProcess
}

async function startLane (t: Test, upstream: HostileUpstream): Promise<Lane> {
  upstream.begin({ seed: 0, probability: 0, mayPause: false })
  return { upstream, service: await startProcess(t, { ...environment(upstream.url, await temporaryFolder(t)), ...SETTINGS }) }
}

const SOURCES = ['auto', 'search', 'artists', 'albums', 'new-releases'] as const

function bodyOf (seed: number, { sandbox: { catalogue } }: HostileUpstream['sandbox']): object {
  const source = SOURCES[seed % SOURCES.length]
  const pagination = seed % 2 === 0 ? 'next' : 'offset'
  const first = seed % 60
  if (source === 'albums') return { source, albumIds: catalogue.ids.slice(first, first + 100), refresh: true }
  if (source === 'artists') return { source, pagination, limit: 80, artistIds: [...catalogue.artists()].slice(seed % 10, seed % 10 + 10).map(({ id }) => id), refresh: true }
  return { source, pagination, limit: 80 + seed % 40, refresh: seed % 5 > 0 }
}

async function statusOf ({ url }: ServiceProcess, id: string): Promise<Run> {
  return await (await request(`${url}/runs/${id}/status`)).body.json() as Run
}

/** The run when it has ended; one that is paused for long is canceled then. */
async function untilOver ({ service }: Lane, id: string): Promise<{ run: Run, isCanceled: boolean }> {
  const lateAtMs = performance.now() + RUN_ENDS_WITHIN_MS
  for (let isCanceled = false; ;) {
    const run = await statusOf(service, id)
    if (run.finishedAt !== null) return { run, isCanceled }
    if (performance.now() > lateAtMs) throw new Error(`the run does not end: ${JSON.stringify(run).slice(0, 3000)}`)
    if (run.status === 'paused' && Date.parse(run.resumeAt ?? '') > Date.now() + LONGEST_WAIT_MS) {
      if (run.error === null) throw new Error('paused without a reason')
      isCanceled = true
      await (await request(`${service.url}/runs/${id}/cancel`, { method: 'POST' })).body.dump()
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function peakMemoryKb ({ child }: ServiceProcess): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1])
}

const FORMATS = ['csv', 'ndjson', 'tracks'] as const

/** One run under a seed's changes. Gives whether the service is paused for long now. */
async function runUnder (t: Test, lane: Lane, seed: number, totals: Totals): Promise<boolean> {
  const { upstream, service } = lane
  const random = createRandom(seed)
  const logged = service.output().length
  upstream.begin({ seed, probability: 0.05 + 0.55 * Math.sqrt(random()), mayPause: seed % 7 === 0 })
  const { id } = await post(service.url, bodyOf(seed, upstream.sandbox))
  const { run, isCanceled } = await untilOver(lane, id)
  const answer = await request(`${service.url}/runs/${id}`)
  const text = await answer.body.text()
  const log = service.output().slice(logged)
  const executions = log.split(`"runId":"${id}"`).filter((part) => part.includes('"msg":"run started"')).length
  const calls = [...upstream.calls.values()].reduce((sum, count) => sum + count, 0)
  const most = mostCalls(run, { attempts: ATTEMPTS, executions })
  const wrong = wrongs(run, text, upstream)
  if (run.error?.code === 'internal_error' || run.gaps.some(({ code }) => code === 'internal_error')) wrong.push('internal error')
  if (run.cost.calls !== calls) wrong.push(`the run counts ${run.cost.calls} of ${calls} calls`)
  if (calls > most) wrong.push(`${calls} calls, which is more than ${most}`)
  for (const [path, count] of upstream.calls) if (count > mostCallsOfOne({ attempts: ATTEMPTS, executions })) wrong.push(`${count} calls of ${path}`)
  const secrets = [...upstream.secrets, CLIENT_SECRET]
  for (const part of [text, JSON.stringify(await statusOf(service, id))]) wrong.push(...leaks(part, secrets).map((secret) => `a secret is in the document: ${secret}`))
  for (const format of FORMATS) {
    const converted = await request(`${service.url}/runs/${id}?format=${format}`)
    await converted.body.text().catch(() => wrong.push(`${format} breaks off`))
    if (converted.statusCode !== 200) wrong.push(`${format}: ${converted.statusCode}`)
  }
  wrong.push(...wrongsOfLog(service.output().slice(logged), secrets))
  totals.runs.push({ seed, status: run.status, code: run.error?.code, calls, share: calls / most, executions, gaps: run.gaps.length })
  t.strictSame(wrong, [], `seed ${seed}: ${run.status}, no law is broken`)
  return isCanceled
}

function changesOf ({ changes }: HostileUpstream): number {
  return (changes.get('of an answer') ?? 0) + (changes.get('of a token') ?? 0)
}

interface Totals { runs: Array<{ seed: number, status: string, code: string | undefined, calls: number, share: number, executions: number, gaps: number }>, changes: number, peakKb: number }

async function endLane (t: Test, { service, upstream }: Lane, totals: Totals): Promise<void> {
  totals.peakKb = Math.max(totals.peakKb, await peakMemoryKb(service))
  t.equal(service.child.exitCode, null, 'the process has not ended')
  t.strictSame(upstream.strayed, [], 'nothing was sent to another origin')
  await service.kill('SIGTERM')
}

for (const tier of ['extended', 'development'] as const) {
  t.test(`${tier} tier: under thousands of changed answers no run breaks a law`, { timeout: 300_000 }, async (t) => {
    const totals: Totals = { runs: [], changes: 0, peakKb: 0 }
    await Promise.all(Array.from({ length: LANES }, async (_, number) => {
      const upstream = await startHostileUpstream(t, { tier, seed: number + 1, albums: 200, pageLimits: { newReleases: 10, albums: 5 } })
      let lane = await startLane(t, upstream)
      for (let place = 0; changesOf(upstream) < CHANGES_PER_LANE; place++) {
        const isPaused = await runUnder(t, lane, 1000 * (number + 1) + place + (tier === 'extended' ? 0 : 500), totals)
        if (!isPaused) continue
        await endLane(t, lane, totals)
        lane = await startLane(t, upstream)
      }
      await endLane(t, lane, totals)
      totals.changes += changesOf(upstream)
    }))
    const statuses = [...new Set(totals.runs.map(({ status }) => status))].map((wanted) => `${totals.runs.filter(({ status }) => status === wanted).length} ${wanted}`)
    t.comment(JSON.stringify({ changes: totals.changes, peakKb: totals.peakKb, statuses, most: Math.max(...totals.runs.map(({ share }) => share)) }))
    t.comment(JSON.stringify(totals.runs))
    t.ok(totals.changes >= LANES * CHANGES_PER_LANE, `${totals.changes} answers were changed`)
    t.ok(totals.peakKb < MOST_MEMORY_KB, `${totals.peakKb} kB of memory at most`)
  })
}
