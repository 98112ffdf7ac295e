import t, { type Test } from 'tap'
import { request } from 'undici'
import { type Problem } from '../src/schemas/problem.ts'
import { type Run } from '../src/schemas/run.ts'
import { type SandboxSettings } from '../src/sandbox/settings.ts'
import { runProgram } from './process.ts'
import { type RedisServer, startRedis } from './redis.ts'
import { type Service, ended, environment, replicaEnvironment, startSandbox, startService, temporaryFolder } from './service.ts'
import { matchesTruth } from './truth.ts'

interface Replicas {
  redis: RedisServer
  /** One more replica on the same folder, Redis and sandbox. */
  start: (env?: Record<string, string>) => Promise<Service>
}

/** null, and a skip with the reason, where there is no Redis. */
async function startReplicas (t: Test, sandbox: Partial<SandboxSettings> = {}): Promise<Replicas | null> {
  const redis = await startRedis(t)
  if (redis === null) return null
  const on = await startSandbox(t, sandbox)
  const dataDir = await temporaryFolder(t)
  const start = async (env: Record<string, string> = {}): Promise<Service> => await startService(t, { on, dataDir, env: { ALBUM_CACHE_HOURS: '0', ...replicaEnvironment(redis), ...env } })
  return { redis, start }
}

async function call ({ url }: Service, method: 'GET' | 'POST', path: string, body?: unknown, headers: Record<string, string> = {}) {
  const answer = await request(url + path, {
    method, headers: { ...body === undefined ? {} : { 'content-type': 'application/json' }, ...headers }, body: body === undefined ? null : JSON.stringify(body),
  })
  const text = await answer.body.text()
  return { statusCode: answer.statusCode, json: <T = Run>(): T => JSON.parse(text) as T, text }
}

async function until (isSo: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<number> {
  const startedAtMs = performance.now()
  while (!await isSo()) {
    if (performance.now() - startedAtMs > withinMs) throw new Error('it did not happen')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return Math.round(performance.now() - startedAtMs)
}

function startedOn ({ log }: Service, id: string): boolean {
  return log().split('\n').some((line) => line.includes('"run started"') && line.includes(id))
}

async function fetched (service: Service, id: string, albums: number): Promise<void> {
  await until(async () => (await service.app.runs.get(id)).progress.albumsFetched >= albums)
}

t.test('ROLE=api accepts and answers, ROLE=worker executes and answers probes only: document, wait, events and list come from the one that did not execute', async (t) => {
  const replicas = await startReplicas(t, { latencyMs: 100 })
  if (replicas === null) return
  const [api, worker] = [await replicas.start({ ROLE: 'api' }), await replicas.start({ ROLE: 'worker' })]
  const { id } = (await call(api, 'POST', '/ingest', {})).json()
  const events = call(api, 'GET', `/runs/${id}/events`)
  const waited = call(api, 'GET', `/runs/${id}/status?wait=60`)
  await fetched(api, id, 10)
  t.match((await call(api, 'GET', '/runs')).json<{ runs: Run[] }>().runs, [{ id, status: 'running' }])
  t.match((await waited).json(), { id, status: 'succeeded', complete: true })
  const text = (await events).text
  t.match(text, /^event: status\nid: .*\ndata: .*"status":"(queued|running)"/)
  t.ok([...text.matchAll(/^event: progress$/gm)].length >= 2, 'progress is heard of')
  t.match(text, /event: status\nid: .*\ndata: .*"status":"succeeded".*\n\nevent: end\n/)
  matchesTruth(t, await api.document(id), api.sandbox, api.sandboxUrl)
  t.ok(startedOn(worker, id) && !startedOn(api, id))
  t.match(worker.log(), /"replica":"[0-9a-f]{8}".*"run started"/)

  for (const path of ['/runs', `/runs/${id}`, '/openapi.json', '/docs', '/diagnose']) {
    const answer = await call(worker, 'GET', path)
    t.match([answer.statusCode, answer.json<Problem>().code], [404, 'route_not_found'], path)
  }
  t.match((await call(worker, 'POST', '/ingest', {})).json<Problem>(), { code: 'route_not_found' })
  t.strictSame((await call(worker, 'GET', '/health/live')).json<object>(), { status: 'ok' })
  for (const service of [api, worker]) t.strictSame((await call(service, 'GET', '/health/ready')).json<object>(), { status: 'ok', redis: 'ok' })
  t.match((await call(api, 'GET', '/diagnose?refresh=true')).json<object>(), { token: { ok: true }, redis: 'ok' })
})

t.test('equal requests to two replicas at once are one run, and so is one idempotency key; another request with the key is refused', async (t) => {
  const replicas = await startReplicas(t, { latencyMs: 100 })
  if (replicas === null) return
  const both = [await replicas.start(), await replicas.start()]
  const post = async (limit: number, headers: Record<string, string> = {}) => await Promise.all(Array.from({ length: 20 }, async (_, n) => (await call(both[n % 2] as Service, 'POST', '/ingest', { limit }, headers)).json().id))
  t.equal(new Set(await post(5)).size, 1)
  const key = { 'idempotency-key': 'one' }
  const ids = new Set(await post(6, key))
  t.equal(ids.size, 1)
  for (const service of both) t.match((await call(service, 'POST', '/ingest', { limit: 7 }, key)).json<Problem>(), { code: 'idempotency_key_reused' })
  const [id = ''] = ids
  t.match(await ended((both[0] as Service).app, id), { status: 'succeeded' })
  t.equal((await call(both[1] as Service, 'POST', '/ingest', { limit: 6 }, key)).json().id, id, 'also after its end')
  t.equal(both.filter((service) => startedOn(service, id)).length, 1, 'it was executed once')
})

t.test('each replica works on RUN_CONCURRENCY runs; waiting ones are counted over all of them', async (t) => {
  const replicas = await startReplicas(t, { latencyMs: 100 })
  if (replicas === null) return
  const [one, other] = [await replicas.start({ MAX_QUEUED_RUNS: '2' }), await replicas.start({ MAX_QUEUED_RUNS: '2' })]
  const ids: string[] = []
  for (const limit of [50, 51, 52]) ids.push((await call(one, 'POST', '/ingest', { limit })).json().id)
  await until(() => [one, other].every((service) => ids.some((id) => startedOn(service, id))))
  t.match((await call(other, 'POST', '/ingest', { limit: 9 })).json<Problem>(), { status: 503, code: 'queue_full' })
  for (const id of ids) t.match(await ended(other.app, id), { status: 'succeeded' })
  t.equal((await call(other, 'POST', '/ingest', { limit: 9 })).statusCode, 202)
})

t.test('a run is canceled from the other replica, whether it waits or is worked on, and goes on from any', async (t) => {
  const replicas = await startReplicas(t, { latencyMs: 100 })
  if (replicas === null) return
  const [api, worker] = [await replicas.start({ ROLE: 'api' }), await replicas.start({ ROLE: 'worker' })]
  const running = (await call(api, 'POST', '/ingest', {})).json()
  const waiting = (await call(api, 'POST', '/ingest', { limit: 5 })).json()
  await fetched(api, running.id, 20)
  t.match((await call(api, 'POST', `/runs/${waiting.id}/cancel`)).json(), { status: 'canceled', error: { code: 'canceled' } })
  const askedAtMs = performance.now()
  t.match((await call(api, 'POST', `/runs/${running.id}/cancel`)).json(), { status: 'canceled', file: { name: /album_items/ } })
  t.ok(performance.now() - askedAtMs < 2000, `${Math.round(performance.now() - askedAtMs)} ms`)
  t.match((await call(api, 'POST', `/runs/${running.id}/cancel`)).json<Problem>(), { code: 'run_finished' })
  t.equal((await call(api, 'POST', `/runs/${running.id}/resume`)).statusCode, 202)
  t.match(await ended(api.app, running.id), { status: 'succeeded', complete: true })
  matchesTruth(t, await api.document(running.id), api.sandbox, api.sandboxUrl)
  t.ok(startedOn(worker, running.id))
})

t.test('an album that one replica has fetched costs the others no call', async (t) => {
  const replicas = await startReplicas(t, { tier: 'development' })
  if (replicas === null) return
  const both = [await replicas.start({ ALBUM_CACHE_HOURS: '24' }), await replicas.start({ ALBUM_CACHE_HOURS: '24' })] as const
  const [{ sandbox, sandboxUrl }] = both
  const first = await both[0].ingest({ limit: 30 })
  t.match(first, { status: 'succeeded', cost: { cached: 0 } })
  const other = startedOn(both[0], first.id) ? both[1] : both[0]
  sandbox.sandbox.resetStats()
  for (let id = ''; !startedOn(other, id);) {
    const run = await other.ingest({ limit: 30, pagination: 'offset' })
    t.match(run, { status: 'succeeded', complete: true, gaps: [], progress: first.progress, cost: { cached: 30 } })
    matchesTruth(t, await both[0].document(run.id), sandbox, sandboxUrl)
    id = run.id
  }
  const { album, albums, albumTracks } = sandbox.sandbox.stats().byEndpoint
  t.same([album.total, albums.total, albumTracks.total], [0, 0, 0])
})

t.test('a replica that is closed hands its run over at once, and no album is fetched twice', async (t) => {
  const replicas = await startReplicas(t, { latencyMs: 100, tier: 'development' })
  if (replicas === null) return
  const [one, other] = [await replicas.start(), await replicas.start()]
  const { id } = (await call(one, 'POST', '/ingest', {})).json()
  await fetched(one, id, 20)
  const [from, to] = startedOn(one, id) ? [one, other] : [other, one]
  const closing = from.app.close()
  const ms = await until(() => startedOn(to, id))
  await closing
  t.ok(ms < 2000, `${ms} ms`)
  t.comment(`handed over in ${ms} ms`)
  t.match(await ended(to.app, id), { status: 'succeeded', complete: true })
  matchesTruth(t, await to.document(id), to.sandbox, to.sandboxUrl)
  t.match(from.log(), /run handed over/)
  const { served } = to.sandbox.sandbox.stats()
  const twice = Object.values(served).filter((times) => times > 1).length
  t.ok(twice <= 10, `${twice} albums were fetched twice: at most those whose calls were under way`)
})

t.test('FLUSHALL in the middle of a run, and another that waits: both go on within seconds, and nothing is lost', async (t) => {
  const replicas = await startReplicas(t, { latencyMs: 50, tier: 'development' })
  if (replicas === null) return
  const [one, other] = [await replicas.start({ ROLE: 'api' }), await replicas.start({ ROLE: 'worker' })]
  const { id } = (await call(one, 'POST', '/ingest', {})).json()
  const waiting = (await call(one, 'POST', '/ingest', { limit: 3 })).json()
  await fetched(one, id, 10)
  await replicas.redis.flush()
  const flushedAtMs = performance.now()
  await until(() => /lock lost/.test(other.log()))
  await until(() => other.log().split('"run started"').length > 2)
  t.ok(performance.now() - flushedAtMs < 12_000, `${Math.round(performance.now() - flushedAtMs)} ms`)
  t.equal((await one.app.runs.get(waiting.id)).status, 'queued')
  t.equal(await replicas.redis.command('EXISTS', `bull:ingest:${waiting.id}`), 1, 'the one that waits is in the queue again')
})

t.test('without Redis runs are accepted, shown and canceled, and no replica is taken out of service; when it is back they go on', async (t) => {
  const replicas = await startReplicas(t, { latencyMs: 5 })
  if (replicas === null) return
  const [api, worker] = [await replicas.start({ ROLE: 'api' }), await replicas.start({ ROLE: 'worker' })]
  const before = (await call(api, 'POST', '/ingest', { limit: 3 })).json()
  t.match(await ended(api.app, before.id), { status: 'succeeded' })
  await replicas.redis.kill()
  const accepted = await call(api, 'POST', '/ingest', { limit: 4 })
  t.equal(accepted.statusCode, 202)
  const { id } = accepted.json()
  const canceled = (await call(api, 'POST', '/ingest', { limit: 5 })).json()
  t.equal((await api.document(before.id)).albums.length, 3)
  t.match((await call(api, 'GET', `/runs/${id}/status?wait=1`)).json(), { status: 'queued' })
  t.match((await call(api, 'GET', '/health/ready')).json<object>(), { status: 'ok', redis: 'unreachable' })
  t.match((await call(api, 'GET', '/diagnose?refresh=true')).json<object>(), { redis: 'unreachable' })
  const askedAtMs = performance.now()
  t.match((await call(api, 'POST', `/runs/${canceled.id}/cancel`)).json(), { status: 'canceled' })
  t.ok(performance.now() - askedAtMs < 10_000, `${Math.round(performance.now() - askedAtMs)} ms`)
  const waiting = call(api, 'GET', `/runs/${id}/events`)
  await replicas.redis.restart()
  const backAtMs = performance.now()
  await until(() => startedOn(worker, id))
  t.ok(performance.now() - backAtMs < 10_000, `${Math.round(performance.now() - backAtMs)} ms`)
  await call(api, 'POST', `/runs/${id}/cancel`)
  t.match((await waiting).text, /event: end/)
  for (const { log } of [api, worker]) t.match(log(), /Redis cannot be reached[\s\S]*Redis can be reached again/)
})

t.test('a Redis that is not there at the start: the service starts, says so, and works as soon as it is', async (t) => {
  const replicas = await startReplicas(t)
  if (replicas === null) return
  await replicas.redis.kill()
  const service = await replicas.start()
  await until(() => /"reason":"connect ECONNREFUSED[^"]*","msg":"Redis cannot be reached/.test(service.log()))
  const { id } = (await call(service, 'POST', '/ingest', { limit: 3 })).json()
  await replicas.redis.restart()
  t.match(await ended(service.app, id), { status: 'succeeded' })
})

/** A replica that works on a run when its Redis stops answering; null where there is no Redis. */
async function hangInTheMiddle (t: Test): Promise<{ service: Service, redis: RedisServer } | null> {
  const replicas = await startReplicas(t, { latencyMs: 100 })
  if (replicas === null) return null
  const service = await replicas.start()
  const { id } = (await call(service, 'POST', '/ingest', {})).json()
  await fetched(service, id, 5)
  replicas.redis.freeze()
  return { service, redis: replicas.redis }
}

t.test('a Redis that hangs: a run is accepted within seconds, and the service closes in time', async (t) => {
  const hanging = await hangInTheMiddle(t)
  if (hanging === null) return
  const { service, redis } = hanging
  const frozenAtMs = performance.now()
  t.equal((await call(service, 'POST', '/ingest', { limit: 5 })).statusCode, 202)
  t.ok(performance.now() - frozenAtMs < 8000, `202 after ${Math.round(performance.now() - frozenAtMs)} ms`)
  t.match((await call(service, 'GET', '/health/ready')).json<object>(), { status: 'ok', redis: 'unreachable' })
  const closingAtMs = performance.now()
  await service.app.close()
  t.ok(performance.now() - closingAtMs < 8000, `closed after ${Math.round(performance.now() - closingAtMs)} ms`)
  redis.thaw()
})

t.test('one that hangs at the moment of closing', async (t) => {
  const hanging = await hangInTheMiddle(t)
  if (hanging === null) return
  const { service, redis } = hanging
  const closingAtMs = performance.now()
  await service.app.close()
  t.ok(performance.now() - closingAtMs < 8000, `closed after ${Math.round(performance.now() - closingAtMs)} ms`)
  redis.thaw()
})

t.test('what others publish on the channel harms nobody', async (t) => {
  const replicas = await startReplicas(t)
  if (replicas === null) return
  const service = await replicas.start()
  for (const text of ['', 'x', 'null', '1', '{}', '{"kind":"run"}', '{"kind":"run","run":{}}', '{"kind":"cancel"}', '{"kind":"later"}']) {
    await replicas.redis.command('PUBLISH', 'ingest:0:runs', text)
  }
  t.match(await service.ingest({ limit: 3 }), { status: 'succeeded' })
})

t.test('npm run ingest with REDIS_URL is one more replica until its own run has ended', async (t) => {
  const replicas = await startReplicas(t, { latencyMs: 5 })
  if (replicas === null) return
  const api = await replicas.start({ ROLE: 'api' })
  const env = { ...environment(api.sandboxUrl, api.dataDir), LOG_LEVEL: 'info', ...replicaEnvironment(replicas.redis), ROLE: 'api' }
  const { code, stdout, stderr } = await runProgram('src/cli.ts', ['--limit', '4'], env)
  t.equal(code, 0, stderr)
  t.match(stdout, /album_items_\w+\.json\n$/)
  const [run] = (await call(api, 'GET', '/runs')).json<{ runs: Run[] }>().runs
  t.match(run, { status: 'succeeded', request: { limit: 4 } })
  const worker = await replicas.start({ ROLE: 'worker' })
  const busy = (await call(api, 'POST', '/ingest', { limit: 80 })).json()
  const more = await Promise.all([5, 6].map(async (limit) => await runProgram('src/cli.ts', ['--limit', String(limit)], env)))
  for (const { code, stderr } of more) t.equal(code, 0, stderr)
  t.match(await ended(worker.app, busy.id), { status: 'succeeded', complete: true })
  matchesTruth(t, await api.document(busy.id), api.sandbox, api.sandboxUrl)
})

t.test('the password of REDIS_URL is in no log line, and not in what a client is told', async (t) => {
  const replicas = await startReplicas(t)
  if (replicas === null) return
  const { redis } = replicas
  const wrong = redis.url.replace('redis://', 'redis://default:a-wrong-password@')
  const right = redis.url.replace('redis://', 'redis://default:the-right-password@')
  await redis.command('CONFIG', 'SET', 'requirepass', 'the-right-password')
  const refused = await replicas.start({ REDIS_URL: wrong })
  t.equal((await call(refused, 'POST', '/ingest', { limit: 3 })).statusCode, 202)
  t.match((await call(refused, 'GET', '/health/ready')).json<object>(), { redis: 'unreachable' })
  const admitted = await replicas.start({ REDIS_URL: right })
  t.match(await admitted.ingest({ limit: 3 }), { status: 'succeeded' })
  for (const service of [refused, admitted]) {
    await service.app.close()
    t.notMatch(service.log(), /(wrong|right)-password/)
  }
})
