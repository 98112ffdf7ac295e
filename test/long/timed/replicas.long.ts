import t from 'tap'
import { request } from 'undici'
import { download, post, type ServiceProcess, untilEnded } from '../../process.ts'
import { matchesTruth } from '../../truth.ts'
import { LATENCY, at, executionsOf, hashOfDocument, startFleet, statusOf, until, untilStatus } from './fleet.ts'

const WINDOW_MS = 30_000

t.test('three replicas, 30 runs over their APIs in turn: each is executed once, any replica serves ' +
  'it, and all share one pace', async (t) => {
  const limit = 300
  const fleet = await startFleet(t, {
    replicas: 3,
    sandbox: { ...LATENCY, rateLimit: { calls: limit, windowMs: WINDOW_MS } },
    env: { SPOTIFY_CALLS_PER_30S: String(limit) },
  })
  if (fleet === null) return
  const { replicas, sandbox, sandboxUrl, arrivals } = fleet
  const runs = await Promise.all(
    Array.from({ length: 30 }, async (_, place) => await post(at(replicas, place).url, { limit: 10 + place }))
  )
  t.equal(new Set(runs.map(({ id }) => id)).size, 30)
  for (const [place, { id }] of runs.entries()) {
    const run = await untilEnded(at(replicas, place + 1).url, id, AbortSignal.timeout(300_000))
    t.match(run, { status: 'succeeded', complete: true, gaps: [] })
    t.equal(sum(executionsOf(replicas, id)), 1, 'executed once, by one replica')
  }
  t.ok(
    replicas.every((_, place) => runs.some(({ id }) => executionsOf(replicas, id)[place] === 1)),
    'each replica had its share'
  )
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
  t.ok(
    full.length >= 2 && full.every((used) => used >= 0.9 * limit),
    `${full.join(', ')} of ${limit} in each full window`
  )
})

t.test('a 429 that one replica sees stops all of them until the time that Spotify named', async (t) => {
  const fleet = await startFleet(t, {
    replicas: 3,
    sandbox: { ...LATENCY, faults: [{ kind: 'rate-limit', endpoint: 'album', skip: 60, times: 1, retryAfter: '3' }] },
  })
  if (fleet === null) return
  const { replicas, arrivals, sandbox } = fleet
  const runs = await Promise.all(replicas.map(async ({ url }, place) => await post(url, { limit: 60 + place })))
  for (const { id } of runs) t.match(await untilEnded(at(replicas, 0).url, id), { status: 'succeeded', complete: true })
  t.equal(sandbox.sandbox.stats().calledWhileBlocked, 0, 'no call before the named time')
  const quiet = Math.max(...arrivals.slice(1).map((time, place) => time - (arrivals[place] ?? 0)))
  t.ok(quiet > 2500, `nobody called for ${Math.round(quiet)} ms`)
})

t.test('a quota pause that one replica was told is honoured by all, and by one that starts later', async (t) => {
  const fleet = await startFleet(t, {
    replicas: 2,
    sandbox: { ...LATENCY, faults: [{ kind: 'quota', endpoint: 'album', skip: 30, times: 1, retryAfter: '48925' }] },
  })
  if (fleet === null) return
  const { replicas, sandbox } = fleet
  const first = await post(at(replicas, 0).url)
  const paused = await untilStatus(at(replicas, 1), first.id, 'paused')
  t.match(paused, { error: { code: 'quota_exceeded' } })
  const { calls } = sandbox.sandbox.stats()
  const honoured = async (replica: ServiceProcess, limit: number, title: string): Promise<void> => {
    const { id } = await post(replica.url, { limit })
    const run = await untilStatus(replica, id, 'paused')
    t.ok(
      Math.abs(Date.parse(run.resumeAt ?? '') - Date.parse(paused.resumeAt ?? '')) < 2000,
      `${title}: paused until the same time`
    )
    t.equal(sandbox.sandbox.stats().calls, calls, 'no call')
  }
  await honoured(at(replicas, 1), 5, 'the other replica')
  await honoured(await fleet.start(), 6, 'one that started later')
  await fleet.postgresql.restart()
  await until(async () => (await request(`${at(replicas, 0).url}/health/ready`)).statusCode === 200)
  await honoured(at(replicas, 0), 7, 'after PostgreSQL was restarted')
})

function perWindow (arrivals: number[]): number[] {
  const windows: number[] = []
  for (const time of arrivals) {
    const index = Math.floor((time - (arrivals[0] ?? 0)) / WINDOW_MS)
    windows[index] = (windows[index] ?? 0) + 1
  }
  return windows
}

function sum (numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
