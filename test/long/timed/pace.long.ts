import t, { type Test } from 'tap'
import type { Run } from '../../../src/schemas/run.ts'
import { buildSandbox } from '../../../src/sandbox/app.ts'
import type { SandboxSettings } from '../../../src/sandbox/settings/settings.ts'
import { type Service, ended, startService } from '../../service.ts'
import { matchesTruth } from '../../truth.ts'

/** Calls in 30 s that the service is told of. */
const CALLS = 60
const WINDOW_MS = 30_000
const LEAST_USE = 0.95

t.jobs = 3

t.test('a limit that the service knows: no 429, and at least 95 % of it ' +
  'is used in each full window', { buffered: true }, async (t) => {
  const { service, arrivals } = await startLimited(t, CALLS)
  const run = await finished(service, { limit: 100 })
  t.match(run, { status: 'succeeded', complete: true })
  matchesTruth(t, await service.document(run.id), service.sandbox, service.sandboxUrl)
  keepsThePace(t, service, arrivals())
})

t.test('two runs at once share the pace: the same holds for them together, and ' +
  'both go on at the same time', { buffered: true }, async (t) => {
  const { service, arrivals } = await startLimited(t, CALLS, { RUN_CONCURRENCY: '2' })
  const began: number[] = []
  const ids = await Promise.all([70, 71].map(async (limit) => (await service.app.runs.start({ limit })).id))
  for (const [index, id] of ids.entries()) {
    service.app.runs.watch(id, ({ progress }) => {
      if (progress.albumsFetched > 0) began[index] ??= performance.now()
    })
  }
  for (const id of ids) t.match(await ended(service.app, id, false), { status: 'succeeded', complete: true })
  t.ok(Math.abs((began[0] ?? 0) - (began[1] ?? Infinity)) < WINDOW_MS / 2, 'neither waited for the other')
  keepsThePace(t, service, arrivals())
})

t.test('half the limit, and nobody told the service: a handful of 429s, no call before ' +
  'a named time, and complete', { buffered: true }, async (t) => {
  const { service, refusals } = await startLimited(t, CALLS / 2)
  const run = await finished(service, { limit: 80 })
  t.match(run, { status: 'succeeded', complete: true })
  matchesTruth(t, await service.document(run.id), service.sandbox, service.sandboxUrl)
  const events = refusals().filter((time, index, all) => index === 0 || time - (all[index - 1] ?? 0) > 1000).length
  t.comment(
    `${events} times refused, ${refusals().length} calls; pace in the end ` +
      `${(await service.app.engine.pacer.state()).pace}`
  )
  t.ok(events >= 1 && events <= 5, `${events} times`)
  t.ok(refusals().length <= events * 10, 'at each time at most the calls that were in flight')
  t.equal(service.sandbox.sandbox.stats().calledWhileBlocked, 0)
})

interface Limited {
  service: Service
  /** When each call of the API arrived, and when one was refused as too many, in milliseconds. */
  arrivals: () => number[]
  refusals: () => number[]
}

async function startLimited (t: Test, calls: number, env: Record<string, string> = {}): Promise<Limited> {
  const settings: Partial<SandboxSettings> = { latencyMs: 20, jitterMs: 20, rateLimit: { calls, windowMs: WINDOW_MS } }
  const sandbox = buildSandbox(settings)
  const arrivals: number[] = []
  const refusals: number[] = []
  sandbox.addHook('onRequest', async ({ url }) => { if (url.startsWith('/v1/')) arrivals.push(performance.now()) })
  sandbox.addHook('onResponse', async (_request, { statusCode }) => {
    if (statusCode === 429) refusals.push(performance.now())
  })
  t.teardown(async () => await sandbox.close())
  const sandboxUrl = await sandbox.listen({ host: '127.0.0.1', port: 0 })
  const service = await startService(t, {
    on: { sandbox, sandboxUrl },
    env: { SPOTIFY_CALLS_PER_30S: String(CALLS), ...env },
  })
  return { service, arrivals: () => arrivals, refusals: () => refusals }
}

async function finished (service: Service, body: object): Promise<Run> {
  const { id } = await service.app.runs.start(body)
  return await ended(service.app, id, false)
}

/**
 * What the sandbox saw: no refusal, never more than allowed in any window, and little unused in those that were full.
 */
function keepsThePace (t: Test, { sandbox }: Service, arrivals: number[]): void {
  const { calls, peakPer30s, byEndpoint } = sandbox.sandbox.stats()
  t.equal(arrivals.length, calls)
  t.notOk(Object.values(byEndpoint).some(({ byStatus }) => byStatus['429']), 'no 429')
  t.ok(peakPer30s <= CALLS, `at most ${peakPer30s} calls in any 30 s`)
  const first = arrivals[0] ?? 0
  const windows: number[] = []
  for (const time of arrivals) {
    const index = Math.floor((time - first) / WINDOW_MS)
    windows[index] = (windows[index] ?? 0) + 1
  }
  t.comment(`calls in each 30 s: ${windows.join(', ')}`)
  const full = windows.slice(0, -1)
  t.ok(full.length >= 2, `${full.length} full windows`)
  t.ok(full.every((used) => used >= LEAST_USE * CALLS), `${full.join(', ')} of ${CALLS}`)
}
