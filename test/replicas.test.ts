import { createHash } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { request } from 'undici'
import type { Problem } from '../src/schemas/problem.ts'
import type { Run } from '../src/schemas/run.ts'
import type { SandboxSettings } from '../src/sandbox/settings/settings.ts'
import { runProgram } from './process.ts'
import { type PostgresqlServer, startPostgresql } from './postgresql.ts'
import {
  type Service,
  ended,
  environment,
  replicaEnvironment,
  startSandbox,
  startService,
  temporaryFolder,
} from './service.ts'
import { matchesTruth } from './truth.ts'

interface Replicas {
  postgresql: PostgresqlServer
  /** One more replica on the same PostgreSQL and sandbox, with an empty folder of its own. */
  start: (env?: Record<string, string>) => Promise<Service>
}

/** null, and a skip with the reason, where there is no PostgreSQL. */
async function startReplicas (t: Test, sandbox: Partial<SandboxSettings> = {}): Promise<Replicas | null> {
  const postgresql = await startPostgresql(t)
  if (postgresql === null) return null
  const on = await startSandbox(t, sandbox)
  const start = async (env: Record<string, string> = {}): Promise<Service> =>
    await startService(t, { on, env: { ALBUM_CACHE_HOURS: '0', ...replicaEnvironment(postgresql), ...env } })
  return { postgresql, start }
}

async function call (
  { url }: Service,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  headers: Record<string, string> = {}
) {
  const answer = await request(url + path, {
    method,
    headers: { ...body === undefined ? {} : { 'content-type': 'application/json' }, ...headers },
    body: body === undefined ? null : JSON.stringify(body),
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

t.test('ROLE=api accepts and answers, ROLE=worker executes and answers probes only: document, wait, events and list ' +
  'come from the one that did not execute', async (t) => {
  const replicas = await startReplicas(t, { latencyMs: 500 })
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
  for (const service of [api, worker]) {
    t.strictSame((await call(service, 'GET', '/health/ready')).json<object>(), { status: 'ok' })
  }
  t.match((await call(api, 'GET', '/diagnose?refresh=true')).json<object>(), { token: { ok: true } })
})

t.test('equal requests to two replicas at once are one run, and so is one idempotency key; another ' +
  'request with the key is refused', async (t) => {
  const replicas = await startReplicas(t, { latencyMs: 100 })
  if (replicas === null) return
  const both = [await replicas.start(), await replicas.start()]
  const post = async (limit: number, headers: Record<string, string> = {}) =>
    await Promise.all(
      Array.from(
        { length: 20 },
        async (_, n) => (await call(both[n % 2] as Service, 'POST', '/ingest', { limit }, headers)).json().id
      )
    )
  t.equal(new Set(await post(5)).size, 1)
  const key = { 'idempotency-key': 'one' }
  const ids = new Set(await post(6, key))
  t.equal(ids.size, 1)
  for (const service of both) {
    t.match((await call(service, 'POST', '/ingest', { limit: 7 }, key)).json<Problem>(), {
      code: 'idempotency_key_reused',
    })
  }
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

t.test('a run is canceled from the other replica, whether it waits or is ' +
  'worked on, and goes on from any', async (t) => {
  const replicas = await startReplicas(t, { latencyMs: 100 })
  if (replicas === null) return
  const [api, worker] = [await replicas.start({ ROLE: 'api' }), await replicas.start({ ROLE: 'worker' })]
  const running = (await call(api, 'POST', '/ingest', {})).json()
  const waiting = (await call(api, 'POST', '/ingest', { limit: 5 })).json()
  await fetched(api, running.id, 20)
  t.match((await call(api, 'POST', `/runs/${waiting.id}/cancel`)).json(), {
    status: 'canceled',
    error: { code: 'canceled' },
  })
  const askedAtMs = performance.now()
  t.match((await call(api, 'POST', `/runs/${running.id}/cancel`)).json(), {
    status: 'canceled',
    file: { name: /album_items/ },
  })
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
  const both = [
    await replicas.start({ ALBUM_CACHE_HOURS: '24' }),
    await replicas.start({ ALBUM_CACHE_HOURS: '24' }),
  ] as const
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

t.test('a document is served by any replica, with its ETag and by ranges, after the one that ' +
  'made it is gone with its disk', async (t) => {
  const replicas = await startReplicas(t)
  if (replicas === null) return
  const [api, worker] = [await replicas.start({ ROLE: 'api' }), await replicas.start({ ROLE: 'worker' })]
  const { id } = (await call(api, 'POST', '/ingest', { limit: 30 })).json()
  t.match(await ended(api.app, id), { status: 'succeeded' })
  await worker.app.close()
  await rm(worker.dataDir, { recursive: true })
  const whole = await request(`${api.url}/runs/${id}`)
  const bytes = Buffer.from(await whole.body.arrayBuffer())
  const { file } = (await call(api, 'GET', `/runs/${id}/status`)).json()
  t.equal(createHash('sha256').update(bytes).digest('hex'), file?.sha256)
  const later = await replicas.start()
  const part = await request(`${later.url}/runs/${id}`, { headers: { range: 'bytes=100-199' } })
  t.equal(part.statusCode, 206)
  t.same(Buffer.from(await part.body.arrayBuffer()), bytes.subarray(100, 200))
  t.equal(part.headers['etag'], whole.headers['etag'])
  const packed = await request(`${later.url}/runs/${id}`, { headers: { 'accept-encoding': 'gzip' } })
  t.same(gunzipSync(Buffer.from(await packed.body.arrayBuffer())), bytes)
})

t.test('PostgreSQL away: no call reaches Spotify, a document that is here is served, the rest is 503, and ' +
  'all goes on when it is back', async (t) => {
  const replicas = await startReplicas(t, { latencyMs: 30, tier: 'development' })
  if (replicas === null) return
  const service = await replicas.start()
  const before = (await call(service, 'POST', '/ingest', { limit: 3 })).json()
  t.match(await ended(service.app, before.id), { status: 'succeeded' })
  t.equal((await service.document(before.id)).albums.length, 3)
  const { id } = (await call(service, 'POST', '/ingest', {})).json()
  await fetched(service, id, 20)
  await replicas.postgresql.kill()
  await new Promise((resolve) => setTimeout(resolve, 500))
  const { calls } = service.sandbox.sandbox.stats()
  for (const [method, path, body] of [
    ['POST', '/ingest', {}],
    ['GET', '/runs', undefined],
    ['POST', `/runs/${id}/cancel`, undefined],
    ['GET', '/health/ready', undefined],
  ] as const) {
    const answer = await call(service, method, path, body)
    t.match(
      [answer.statusCode, answer.json<Problem>().code, answer.json<Problem>().detail],
      [503, 'storage_failed', /PostgreSQL does not answer/],
      path
    )
  }
  t.equal((await service.document(before.id)).albums.length, 3)
  t.equal((await call(service, 'GET', '/health/live')).statusCode, 200)
  t.equal(service.sandbox.sandbox.stats().calls, calls, 'no call without the window')
  await replicas.postgresql.restart()
  t.match(await ended(service.app, id, false), { status: 'succeeded', complete: true })
  matchesTruth(t, await service.document(id), service.sandbox, service.sandboxUrl)
  const { served } = service.sandbox.sandbox.stats()
  const twice = Object.values(served).filter((times) => times > 1).length
  t.ok(twice <= 10, `${twice} albums were fetched twice`)
  t.match(service.log(), /PostgreSQL unreachable[\s\S]*PostgreSQL reachable again/)
})

t.test('every connection is terminated in mid-run, twice: the run ends complete, and pays ' +
  'at most what was in flight', async (t) => {
  const replicas = await startReplicas(t, { latencyMs: 50, tier: 'development' })
  if (replicas === null) return
  const service = await replicas.start()
  const { id } = (await call(service, 'POST', '/ingest', {})).json()
  for (const albums of [15, 50]) {
    await fetched(service, id, albums)
    await replicas.postgresql.sql(
      'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and ' +
        "backend_type = 'client backend'"
    )
  }
  t.match(await ended(service.app, id, false), { status: 'succeeded', complete: true })
  matchesTruth(t, await service.document(id), service.sandbox, service.sandboxUrl)
  const twice = Object.values(service.sandbox.sandbox.stats().served).filter((times) => times > 1).length
  t.ok(twice <= 20, `${twice} albums were fetched twice`)
})

t.test('a PostgreSQL that is not there at the start: the service listens, says so, ' +
  'and works as soon as it is', async (t) => {
  const replicas = await startReplicas(t)
  if (replicas === null) return
  await replicas.postgresql.kill()
  const service = await replicas.start()
  t.match((await call(service, 'GET', '/health/ready')).json<Problem>(), { status: 503 })
  t.equal((await call(service, 'POST', '/ingest', { limit: 3 })).statusCode, 503)
  t.match(service.log(), /"reason":"connect ECONNREFUSED[^"]*","msg":"PostgreSQL unreachable/)
  await replicas.postgresql.restart()
  await until(async () => (await call(service, 'GET', '/health/ready')).statusCode === 200)
  t.match(await service.ingest({ limit: 3 }), { status: 'succeeded' })
})

/** A replica that works on a run when its PostgreSQL stops answering; null where there is none. */
async function hangInTheMiddle (t: Test): Promise<{ service: Service, postgresql: PostgresqlServer } | null> {
  const replicas = await startReplicas(t, { latencyMs: 100 })
  if (replicas === null) return null
  const service = await replicas.start()
  const { id } = (await call(service, 'POST', '/ingest', {})).json()
  await fetched(service, id, 5)
  replicas.postgresql.freeze()
  return { service, postgresql: replicas.postgresql }
}

t.test('a PostgreSQL that hangs: requests are answered in time, and the service closes in time', async (t) => {
  const hanging = await hangInTheMiddle(t)
  if (hanging === null) return
  const { service, postgresql } = hanging
  const frozenAtMs = performance.now()
  t.equal((await call(service, 'POST', '/ingest', { limit: 5 })).statusCode, 503)
  t.ok(performance.now() - frozenAtMs < 12_000, `503 after ${Math.round(performance.now() - frozenAtMs)} ms`)
  const closingAtMs = performance.now()
  await service.app.close()
  t.ok(performance.now() - closingAtMs < 12_000, `closed after ${Math.round(performance.now() - closingAtMs)} ms`)
  postgresql.thaw()
})

/** What anybody who may connect can send, whatever it names. */
function forgedNotices (...ids: string[]): string[] {
  const wellFormed = ids.flatMap((id) => [`y cancel ${id}`, `y run ${id}`, `y run ${id} more`])
  return [
    ...wellFormed,
    'y cancel nobody',
    '',
    'x',
    'runs',
    '{"kind":"cancel"}',
    '[]',
    '\u0001',
    `y cancel ${'x'.repeat(7900)}`,
    'x'.repeat(7999),
  ]
}

/** The channel of our notices, and that of the queue. */
function channelsOf (schema: string): string[] {
  const hash = (algorithm: string, text: string, length: number): string =>
    createHash(algorithm).update(text).digest('hex').slice(0, length)
  return [`album_ingest_${hash('sha256', schema, 16)}`, `pgboss_${hash('sha224', `${schema}_queue`, 24)}`]
}

t.test('two services with schemas and accounts of their own on one PostgreSQL, and forged notices: neither sees, ' +
  'cancels, delays or counts the other', async (t) => {
  const replicas = await startReplicas(t, { latencyMs: 30, tier: 'development' })
  if (replicas === null) return
  const [one, other] = [
    await replicas.start(),
    await replicas.start({ DATABASE_SCHEMA: 'another', SPOTIFY_CLIENT_ID: 'another-id' }),
  ]
  const { id } = (await call(one, 'POST', '/ingest', { limit: 30 })).json()
  await fetched(one, id, 5)
  const waiting = (await call(one, 'POST', '/ingest', { limit: 4 })).json()
  const { length } = one.log()
  for (const channel of [...channelsOf('album_ingest'), ...channelsOf('another')]) {
    await replicas.postgresql.sql('select pg_notify($1, payload) from unnest($2::text[]) as payload', [
      channel,
      forgedNotices(id, waiting.id),
    ])
  }
  t.equal((await call(other, 'GET', `/runs/${id}/status`)).statusCode, 404)
  t.equal((await call(other, 'POST', `/runs/${id}/cancel`)).statusCode, 404)
  t.strictSame((await call(other, 'GET', '/runs')).json<object>(), { runs: [], nextCursor: null })
  const { sandbox } = one.sandbox
  const { clientId } = sandbox.settings
  sandbox.change({ clientId: 'another-id' })
  const theirs = await other.ingest({ limit: 3 })
  sandbox.change({ clientId })
  t.match(theirs, { status: 'succeeded' })
  for (const run of [id, waiting.id]) t.match(await ended(one.app, run), { status: 'succeeded', complete: true })
  t.notMatch(one.log().slice(length), /"level":[56]0/, 'no forged notice is an error')
  const calls = [id, waiting.id].map(async (run) => (await one.app.runs.get(run)).cost.calls)
  t.match((await call(one, 'GET', '/diagnose')).json<object>(), {
    callsLast24Hours: (await Promise.all(calls)).reduce((sum, count) => sum + count),
  })
  t.match((await call(other, 'GET', '/diagnose')).json<object>(), { callsLast24Hours: theirs.cost.calls })

  sandbox.change({ faults: [{ kind: 'quota', endpoint: 'album', times: 1, retryAfter: '600' }] })
  t.match(await one.ingest({ limit: 5 }), { status: 'paused', error: { code: 'quota_exceeded' } })
  t.match(
    await other.ingest({ limit: 5 }),
    { status: 'succeeded' },
    'the pause of one account is not the pause of the other'
  )
})

t.test('npm run ingest with DATABASE_URL is one more replica until its own run has ended', async (t) => {
  const replicas = await startReplicas(t, { latencyMs: 5 })
  if (replicas === null) return
  const api = await replicas.start({ ROLE: 'api' })
  const env = {
    ...environment(api.sandboxUrl, api.dataDir),
    LOG_LEVEL: 'info',
    DATA_DIR: await temporaryFolder(t),
    ...replicaEnvironment(replicas.postgresql),
    ROLE: 'api',
  }
  const { code, stdout, stderr } = await runProgram('src/cli.ts', ['--limit', '4'], env)
  t.equal(code, 0, stderr)
  t.match(stdout, /album_items_\w+\.json\n$/)
  const [run] = (await call(api, 'GET', '/runs')).json<{ runs: Run[] }>().runs
  t.match(run, { status: 'succeeded', request: { limit: 4 } })
  const worker = await replicas.start({ ROLE: 'worker' })
  const busy = (await call(api, 'POST', '/ingest', { limit: 80 })).json()
  const more = await Promise.all(
    [5, 6].map(async (limit) => await runProgram('src/cli.ts', ['--limit', String(limit)], env))
  )
  for (const { code, stderr } of more) t.equal(code, 0, stderr)
  t.match(await ended(worker.app, busy.id), { status: 'succeeded', complete: true })
  matchesTruth(t, await api.document(busy.id), api.sandbox, api.sandboxUrl)
})

t.test('the password of DATABASE_URL is in no log line, and not in what a client or the user is told', async (t) => {
  const replicas = await startReplicas(t)
  if (replicas === null) return
  const { postgresql } = replicas
  await postgresql.sql("create role ingest login superuser password 'the-right-password'")
  await writeFile(
    join(postgresql.folder, 'pg_hba.conf'),
    'host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n'
  )
  await postgresql.sql('select pg_reload_conf()')
  const urlOf = (password: string): string => postgresql.url.replace('postgres@', `ingest:${password}@`)
  await until(
    async () =>
      await replicas.start({ DATABASE_URL: urlOf('a-wrong-password') }).then(
        () => false,
        (error: unknown) => {
          t.match(error, {
            code: 'database_unfit',
            message: /^DATABASE_URL names a database that refuses the service \(password authentication failed/,
          })
          t.notMatch(String(error), /wrong-password/)
          return true
        }
      )
  )
  const admitted = await replicas.start({ DATABASE_URL: urlOf('the-right-password') })
  t.match(await admitted.ingest({ limit: 3 }), { status: 'succeeded' })
  await admitted.app.close()
  t.notMatch(admitted.log(), /right-password/)
})
