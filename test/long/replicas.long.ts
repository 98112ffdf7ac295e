import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { type Run } from '../../src/schemas/run.ts'
import { download, post, type ServiceProcess, untilEnded } from '../process.ts'
import { matchesTruth } from '../truth.ts'
import { type Fleet, executionsOf, executorOf, hashOfDocument, plannedCalls, sleep, startFleet, statusOf, until } from './fleet.ts'

const WINDOW_MS = 30_000
const LATENCY = { latencyMs: 15, jitterMs: 15 }
/** The default of SPOTIFY_MAX_CONCURRENCY: the calls that may be in flight, and lost with their process. */
const MAX_CONCURRENCY = 10
const KILLS = 10
const TAKEN_OVER_WITHIN_MS = 20_000
const HANDED_OVER_WITHIN_MS = 2000
/** Longer than the queue's lease and the look for those that lost it. */
const FROZEN_MS = 17_000

t.test('three replicas, 30 runs over their APIs in turn: each is executed once, any replica serves it, and all share one pace', async (t) => {
  const limit = 150
  const fleet = await startFleet(t, { replicas: 3, sandbox: { ...LATENCY, rateLimit: { calls: limit, windowMs: WINDOW_MS } }, env: { SPOTIFY_CALLS_PER_30S: String(limit) } })
  if (fleet === null) return
  const { replicas, sandbox, sandboxUrl, arrivals } = fleet
  const runs = await Promise.all(Array.from({ length: 30 }, async (_, place) => await post(at(replicas, place).url, { limit: 10 + place })))
  t.equal(new Set(runs.map(({ id }) => id)).size, 30)
  for (const [place, { id }] of runs.entries()) {
    const run = await untilEnded(at(replicas, place + 1).url, id, AbortSignal.timeout(300_000))
    t.match(run, { status: 'succeeded', complete: true, gaps: [] })
    t.equal(sum(executionsOf(replicas, id)), 1, 'executed once, by one replica')
  }
  t.ok(replicas.every((_, place) => runs.some(({ id }) => executionsOf(replicas, id)[place] === 1)), 'each replica had its share')
  for (const { id } of runs) {
    const hashes = await Promise.all(replicas.map(async (replica) => await hashOfDocument(replica, id)))
    const { file } = await statusOf(at(replicas, 0), id)
    t.same(new Set(hashes), new Set([file?.sha256]), 'the same bytes from each')
  }
  matchesTruth(t, await download(at(replicas, 1).url, runs.at(-1)?.id ?? ''), sandbox, sandboxUrl)

  const { peakPer30s, byEndpoint } = sandbox.sandbox.stats()
  t.ok(peakPer30s <= limit, `at most ${peakPer30s} of ${limit} calls in any 30 s, all replicas together`)
  t.notOk(Object.values(byEndpoint).some(({ byStatus }) => byStatus['429']), 'no 429')
  const full = perWindow(arrivals).slice(0, -1)
  t.comment(`calls in each 30 s: ${perWindow(arrivals).join(', ')}`)
  t.ok(full.length >= 2 && full.every((used) => used >= 0.9 * limit), `${full.join(', ')} of ${limit} in each full window`)
})

t.test(`kill -9 of the replica that executes, ${KILLS} times: another goes on, and only what was in flight is paid twice`, async (t) => {
  const planned = await plannedCalls(t, {})
  const fleet = await startFleet(t, { replicas: 2, sandbox: LATENCY })
  if (fleet === null) return
  const took: number[] = []
  for (let kill = 1; kill <= KILLS; kill++) {
    const { executor, other, id } = await startRun(fleet)
    const killedAtMs = performance.now()
    await executor.kill('SIGKILL')
    fleet.replicas.splice(fleet.replicas.indexOf(executor), 1)
    await executorOf(fleet, id, [other])
    took.push(Math.round(performance.now() - killedAtMs))
    await endsWell(t, fleet, other, id, planned)
    await fleet.start()
  }
  t.comment(`taken over after ${took.join(', ')} ms`)
  t.ok(Math.max(...took) < TAKEN_OVER_WITHIN_MS, `at most ${Math.max(...took)} ms`)
})

t.test('SIGTERM: the run is handed over within 2 s, and the process ends with 0', async (t) => {
  const planned = await plannedCalls(t, {})
  const fleet = await startFleet(t, { replicas: 2, sandbox: LATENCY })
  if (fleet === null) return
  for (let round = 1; round <= 5; round++) {
    const { executor, other, id } = await startRun(fleet)
    const sentAtMs = performance.now()
    const gone = executor.kill('SIGTERM')
    await executorOf(fleet, id, [other])
    const ms = Math.round(performance.now() - sentAtMs)
    t.ok(ms < HANDED_OVER_WITHIN_MS, `handed over after ${ms} ms`)
    t.equal((await gone).code, 0)
    fleet.replicas.splice(fleet.replicas.indexOf(executor), 1)
    await endsWell(t, fleet, other, id, planned)
    await fleet.start()
  }
})

for (const [title, latencyMs] of [['after another has ended the run', 15], ['while another works on the run', 400]] as const) {
  t.test(`a replica that is frozen for longer than its lease and thaws ${title} neither ends nor damages it`, async (t) => {
    const fleet = await startFleet(t, { replicas: 2, sandbox: LATENCY })
    if (fleet === null) return
    const { sandbox, sandboxUrl } = fleet
    const { executor, other, id } = await startRun(fleet)
    executor.child.kill('SIGSTOP')
    sandbox.sandbox.change({ latencyMs })
    await executorOf(fleet, id, [other])
    if (latencyMs > 100) await until(async () => (await statusOf(other, id)).progress.albumsFetched >= 50)
    else await Promise.all([untilEnded(other.url, id), sleep(FROZEN_MS)])
    executor.child.kill('SIGCONT')
    const run = await untilEnded(other.url, id)
    t.match(run, { status: 'succeeded', complete: true, gaps: [] })
    await sleep(3000)
    t.strictSame(await statusOf(other, id), run, 'the record is as the other one left it')
    for (const replica of [executor, other]) t.equal(await hashOfDocument(replica, id), run.file?.sha256, 'and so is the document')
    matchesTruth(t, await download(executor.url, id), sandbox, sandboxUrl)
    t.same(executionsOf([executor, other], id), [1, 1])
    t.match(executor.output(), /lost|taken over/i, 'the frozen one says that it has lost the run')
    t.same((await readdir(join(fleet.dataDir, 'runs', id))).filter((name) => /tmp|staging|checkpoint/.test(name)), [], 'nothing is left behind')
  })
}

t.test('Redis is killed and comes back empty in the middle of a run: it ends complete', async (t) => {
  const fleet = await startFleet(t, { replicas: 2, sandbox: LATENCY })
  if (fleet === null) return
  for (const awayMs of [500, 12_000]) {
    const { id } = await startRun(fleet)
    await fleet.redis.kill()
    await sleep(1000)
    const { calls } = fleet.sandbox.sandbox.stats()
    await sleep(awayMs)
    t.equal(fleet.sandbox.sandbox.stats().calls, calls, 'no limiter answer, no call')
    await fleet.redis.restart()
    await endsComplete(t, fleet, id)
  }
})

t.test('FLUSHALL in the middle of a run, with others waiting: every accepted run ends complete', async (t) => {
  const fleet = await startFleet(t, { replicas: 2, sandbox: LATENCY })
  if (fleet === null) return
  const { id } = await startRun(fleet)
  const others = await Promise.all([20, 21, 22, 23].map(async (limit, place) => await post(at(fleet.replicas, place).url, { limit })))
  await fleet.redis.flush()
  for (const run of [{ id }, ...others]) await endsComplete(t, fleet, run.id)
})

t.test('Redis is away: requests are answered, no call reaches Spotify, and what was accepted ends when it is back', async (t) => {
  const fleet = await startFleet(t, { replicas: 2, sandbox: LATENCY })
  if (fleet === null) return
  const [one, two] = [at(fleet.replicas, 0), at(fleet.replicas, 1)]
  const done = await post(one.url, { limit: 10 })
  await untilEnded(two.url, done.id)
  await fleet.redis.kill()
  const { calls } = fleet.sandbox.sandbox.stats()
  const { statusCode, body } = await request(`${one.url}/ingest`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ limit: 12 }) })
  const accepted = await body.json() as Run & { code?: string }
  t.ok(statusCode === 202 || (statusCode === 503 && accepted.code !== undefined), `POST answers ${statusCode}`)
  for (const path of ['/runs', `/runs/${done.id}`, `/runs/${done.id}/status`, '/runs/latest', `/runs/${accepted.id}/status`, '/health/live', '/health/ready', `/runs/${accepted.id}?wait=1`]) {
    const sentAtMs = performance.now()
    const answer = await request(two.url + path)
    await answer.body.dump()
    t.ok(answer.statusCode === 200 || answer.statusCode === 202, `GET ${path} answers ${answer.statusCode} after ${Math.round(performance.now() - sentAtMs)} ms`)
    t.ok(performance.now() - sentAtMs < 3000)
  }
  const health = await (await request(`${two.url}/health/ready`)).body.json()
  t.match(health, { redis: 'unreachable' })
  await sleep(3000)
  t.equal(fleet.sandbox.sandbox.stats().calls, calls, 'not one call')
  await fleet.redis.restart()
  await endsComplete(t, fleet, accepted.id)
  await until(async () => ((await (await request(`${two.url}/health/ready`)).body.json()) as { redis: string }).redis === 'ok')
})

t.test('a 429 that one replica sees stops all of them until the time that Spotify named', async (t) => {
  const fleet = await startFleet(t, { replicas: 3, sandbox: { ...LATENCY, faults: [{ kind: 'rate-limit', endpoint: 'album', skip: 60, times: 1, retryAfter: '3' }] } })
  if (fleet === null) return
  const { replicas, arrivals, sandbox } = fleet
  const runs = await Promise.all(replicas.map(async ({ url }, place) => await post(url, { limit: 60 + place })))
  for (const { id } of runs) t.match(await untilEnded(at(replicas, 0).url, id), { status: 'succeeded', complete: true })
  t.equal(sandbox.sandbox.stats().calledWhileBlocked, 0, 'no call before the named time')
  const quiet = Math.max(...arrivals.slice(1).map((time, place) => time - (arrivals[place] ?? 0)))
  t.ok(quiet > 2500, `nobody called for ${Math.round(quiet)} ms`)
})

t.test('a quota pause that one replica was told is honoured by all, by one that starts later, and after Redis was wiped', async (t) => {
  const fleet = await startFleet(t, { replicas: 2, sandbox: { ...LATENCY, faults: [{ kind: 'quota', endpoint: 'album', skip: 30, times: 1, retryAfter: '48925' }] } })
  if (fleet === null) return
  const { replicas, sandbox } = fleet
  const first = await post(at(replicas, 0).url)
  const paused = await untilStatus(at(replicas, 1), first.id, 'paused')
  t.match(paused, { error: { code: 'quota_exceeded' } })
  const { calls } = sandbox.sandbox.stats()
  const honoured = async (replica: ServiceProcess, limit: number, title: string): Promise<void> => {
    const { id } = await post(replica.url, { limit })
    const run = await untilStatus(replica, id, 'paused')
    t.ok(Math.abs(Date.parse(run.resumeAt ?? '') - Date.parse(paused.resumeAt ?? '')) < 2000, `${title}: paused until the same time`)
    t.equal(sandbox.sandbox.stats().calls, calls, 'no call')
  }
  await honoured(at(replicas, 1), 5, 'the other replica')
  await honoured(await fleet.start(), 6, 'one that started later')
  await fleet.redis.flush()
  await honoured(at(replicas, 0), 7, 'after FLUSHALL')
  await honoured(await fleet.start(), 8, 'one that started after FLUSHALL')
})

/** Start a run on a fleet of two, and wait until it is well under way. */
async function startRun (fleet: Fleet): Promise<{ id: string, executor: ServiceProcess, other: ServiceProcess }> {
  fleet.sandbox.sandbox.resetStats()
  const { id } = await post(at(fleet.replicas, 0).url)
  const executor = await executorOf(fleet, id)
  await until(() => fleet.sandbox.sandbox.stats().calls >= 20 + Math.floor(Math.random() * 70))
  return { id, executor, other: fleet.replicas.find((replica) => replica !== executor) as ServiceProcess }
}

async function endsComplete (t: Test, { replicas, sandbox, sandboxUrl }: Fleet, id: string): Promise<void> {
  const replica = at(replicas, 1)
  t.match(await untilEnded(replica.url, id, AbortSignal.timeout(120_000)), { status: 'succeeded', complete: true, gaps: [], error: null })
  matchesTruth(t, await download(replica.url, id), sandbox, sandboxUrl)
}

/** Complete, to the byte, and for no more calls than were in flight. `planned`: with what a new process must find out. */
async function endsWell (t: Test, { sandbox, sandboxUrl }: Fleet, replica: ServiceProcess, id: string, planned: number): Promise<void> {
  const run = await untilEnded(replica.url, id)
  t.match(run, { status: 'succeeded', complete: true, gaps: [], error: null })
  t.equal(await hashOfDocument(replica, id), run.file?.sha256)
  matchesTruth(t, await download(replica.url, id), sandbox, sandboxUrl)
  const { calls } = sandbox.sandbox.stats()
  t.ok(calls <= planned + MAX_CONCURRENCY, `${calls} calls, ${planned} without the disturbance`)
}

async function untilStatus (replica: ServiceProcess, id: string, status: Run['status']): Promise<Run> {
  await until(async () => (await statusOf(replica, id)).status === status)
  return await statusOf(replica, id)
}

function perWindow (arrivals: number[]): number[] {
  const windows: number[] = []
  for (const time of arrivals) {
    const index = Math.floor((time - (arrivals[0] ?? 0)) / WINDOW_MS)
    windows[index] = (windows[index] ?? 0) + 1
  }
  return windows
}

function at<T> (items: T[], place: number): T {
  return items[place % items.length] as T
}

function sum (numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
