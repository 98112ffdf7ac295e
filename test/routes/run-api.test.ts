import { once } from 'node:events'
import { type Socket, createConnection } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { request } from 'undici'
import type { Problem } from '../../src/schemas/problem.ts'
import type { Run } from '../../src/schemas/run.ts'
import type { RunListener } from '../../src/services/runs/active-runs.ts'
import { createFakeClock } from '../fake-clock.ts'
import { type Json, type Service, ended, skipOnReplicas, startService } from '../service.ts'

/** Each call of this API by a real port, as curl does it. */
async function call (
  service: Service,
  method: string,
  path: string,
  options: { body?: unknown, headers?: Record<string, string> } = {}
) {
  const { statusCode, headers, body } = await request(service.url + path, {
    method: method as 'GET',
    headers: { ...options.body === undefined ? {} : { 'content-type': 'application/json' }, ...options.headers },
    body: options.body === undefined ? null : JSON.stringify(options.body),
  })
  const text = await body.text()
  return { statusCode, headers, text, json: <T = Run>(): T => JSON.parse(text) as T }
}

t.test('?wait= answers as soon as the run ends: POST with the document, GET too, status with the run', async (t) => {
  const service = await startService(t, { sandbox: { latencyMs: 5 } })
  const posted = await call(service, 'POST', '/ingest?wait=60', { body: { limit: 20 } })
  t.equal(posted.statusCode, 200)
  const document = posted.json<{ id: string, albums: unknown[] }>()
  t.equal(document.albums.length, 20)
  t.equal(posted.headers['location'], `/runs/${document.id}`)
  const { id } = (await call(service, 'POST', '/ingest', { body: { limit: 25 } })).json()
  t.match((await call(service, 'GET', `/runs/${id}/status?wait=60`)).json(), { status: 'succeeded' })
  const again = (await call(service, 'POST', '/ingest', { body: { limit: 26 } })).json()
  const got = await call(service, 'GET', `/runs/${again.id}`, { headers: { prefer: 'respond-async, wait=60' } })
  t.equal(got.statusCode, 200)
  t.equal(got.headers['preference-applied'], 'wait=60')
})

t.test('a format that cannot be answered is refused before a run is started', async (t) => {
  const service = await startService(t)
  const refused = await call(service, 'POST', '/ingest?wait=5', { headers: { accept: 'image/png' } })
  t.equal(refused.statusCode, 406)
  t.match((await call(service, 'GET', '/runs')).json(), { runs: [] })
  const rows = await call(service, 'POST', '/ingest?wait=60', { body: { limit: 2 }, headers: { accept: 'text/csv' } })
  t.match(rows.text, /^album_id,/)
})

t.test('a wait that is over answers with the run as it is; a client that goes away does not stop it', async (t) => {
  const service = await startService(t, { sandbox: { latencyMs: 250 } })
  const late = await call(service, 'POST', '/ingest?wait=1', { body: { limit: 100 } })
  t.equal(late.statusCode, 202)
  const { id } = late.json()
  t.match((await call(service, 'GET', `/runs/${id}?wait=0`)).statusCode, 202)
  await t.rejects(request(`${service.url}/runs/${id}?wait=60`, { signal: AbortSignal.timeout(50) }))
  service.sandbox.sandbox.change({ latencyMs: 0 })
  t.match(await ended(service.app, id), { status: 'succeeded' })
  for (const wait of ['-1', '121', 'x', '1.5']) {
    t.equal((await call(service, 'GET', `/runs/${id}?wait=${wait}`)).statusCode, 400, wait)
  }
})

t.test('Idempotency-Key: the same run for the same request, 422 for another, also after ' +
  'a restart and after its end', async (t) => {
  const service = await startService(t, { sandbox: { latencyMs: 2 } })
  const key = { 'idempotency-key': 'dag-2026-11-22' }
  const post = async (on: Service, limit: number, headers: Record<string, string> = key) =>
    await call(on, 'POST', '/ingest', { body: { limit }, headers })
  const ids = await Promise.all(Array.from({ length: 200 }, async () => (await post(service, 11)).json().id))
  t.equal(new Set(ids).size, 1, '200 at once')
  const [id = ''] = ids
  await ended(service.app, id)
  const replay = await post(service, 11)
  t.equal(replay.statusCode, 202)
  t.match(replay.json(), { id, status: 'succeeded' })
  const reused = await post(service, 12)
  t.equal(reused.statusCode, 422)
  t.match(reused.json<Problem>(), { code: 'idempotency_key_reused' })
  t.not((await post(service, 11, { 'idempotency-key': 'another' })).json().id, id)
  for (const bad of ['', 'x'.repeat(256)]) {
    t.equal((await post(service, 11, { 'idempotency-key': bad })).statusCode, 400)
  }

  await service.app.close()
  const second = await startService(t, { on: service, dataDir: service.dataDir })
  t.equal((await post(second, 11)).json().id, id, 'after a restart')
  t.equal((await call(second, 'DELETE', `/runs/${id}`)).statusCode, 204)
  t.not((await post(second, 11)).json().id, id, 'a deleted run frees its key')
})

t.test('GET /runs: newest first, by pages, by status; wrong queries are refused', async (t) => {
  const service = await startService(t)
  t.match((await call(service, 'GET', '/runs')).json(), { runs: [], nextCursor: null })
  t.equal((await call(service, 'GET', '/runs/latest')).statusCode, 404)
  const ids: string[] = []
  for (const limit of [1, 2, 3, 4, 5]) ids.unshift((await service.ingest({ limit })).id)
  service.sandbox.sandbox.change({ albums: 0 })
  const failed = await service.ingest({ limit: 6 })
  interface Page { runs: Run[], nextCursor: string | null }
  const all: string[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Page = (
      await call(service, 'GET', `/runs?limit=4${cursor === '' ? '' : `&cursor=${cursor}`}`)
    ).json<Page>()
    all.push(...page.runs.map(({ id }) => id))
    cursor = page.nextCursor
  }
  t.strictSame(all, [failed.id, ...ids])
  t.strictSame((await call(service, 'GET', '/runs?status=failed')).json<Page>().runs.map(({ id }) => id), [failed.id])
  t.match(
    (await call(service, 'GET', '/runs/latest')).json(),
    { id: ids[0], status: 'succeeded' },
    'the newest with a document'
  )
  for (const query of ['limit=0', 'limit=101', 'status=done', 'cursor=x', 'page=2']) {
    t.equal((await call(service, 'GET', `/runs?${query}`)).statusCode, 400, query)
  }
})

t.test('cancel: a running, a queued and a paused run end at once with what ' +
  'they have; then they can go on', async (t) => {
  const service = await startService(t, { sandbox: { latencyMs: 10 } })
  const running = (await call(service, 'POST', '/ingest', { body: {} })).json()
  const queued = (await call(service, 'POST', '/ingest', { body: { limit: 9 } })).json()
  t.match((await call(service, 'POST', `/runs/${queued.id}/cancel`)).json(), {
    status: 'canceled',
    complete: false,
    error: { code: 'canceled' },
  })
  t.match((await call(service, 'GET', `/runs/${queued.id}`)).json(), { status: 'canceled', albums: [] })
  await new Promise<void>((resolve) =>
    service.app.runs.watch(running.id, ({ progress }) => {
      if (progress.albumsFetched > 20) resolve()
    })
  )
  const canceled = await call(service, 'POST', `/runs/${running.id}/cancel`)
  t.equal(canceled.statusCode, 200)
  t.match(canceled.json(), { status: 'canceled', complete: false, file: { name: /album_items/ } })
  const kept = (await call(service, 'GET', `/runs/${running.id}`)).json<{ albums: unknown[] }>()
  t.ok(kept.albums.length > 20 && kept.albums.length < 100, `${kept.albums.length} albums stay`)
  const twice = await call(service, 'POST', `/runs/${running.id}/cancel`)
  t.equal(twice.statusCode, 409)
  t.match(twice.json(), { code: 'run_finished' })

  const before = service.sandbox.sandbox.stats().calls
  const resumed = await call(service, 'POST', `/runs/${running.id}/resume`)
  t.equal(resumed.statusCode, 202)
  t.equal(resumed.headers['location'], `/runs/${running.id}`)
  t.match(await ended(service.app, running.id), { status: 'succeeded', complete: true, gaps: [] })
  t.ok(service.sandbox.sandbox.stats().calls - before < 124 - 20)
  t.match((await call(service, 'POST', `/runs/${running.id}/resume`)).json(), { code: 'run_not_resumable' })

  service.sandbox.sandbox.change({ faults: [{ kind: 'quota', endpoint: 'search', times: 1 }] })
  const paused = await service.ingest({ limit: 8 })
  t.equal(paused.status, 'paused')
  t.match((await call(service, 'POST', `/runs/${paused.id}/cancel`)).json(), { status: 'canceled', resumeAt: null })
})

t.test('DELETE: a run that has ended and its files are gone; one under way is not deleted', async (t) => {
  const service = await startService(t, { sandbox: { latencyMs: 10 } })
  const { id } = await service.ingest({ limit: 3 })
  const active = (await call(service, 'POST', '/ingest')).json()
  t.match((await call(service, 'DELETE', `/runs/${active.id}`)).json(), { status: 409, code: 'run_not_finished' })
  const deleted = await call(service, 'DELETE', `/runs/${id}`)
  t.equal(deleted.statusCode, 204)
  t.equal(deleted.text, '')
  for (const path of ['', '/status', '/events']) {
    t.equal((await call(service, 'GET', `/runs/${id}${path}`)).statusCode, 404, path)
  }
  t.equal((await call(service, 'DELETE', `/runs/${id}`)).statusCode, 404)
})

t.test('DELETE and resume at once: one of them wins, and nothing is left of a run that was deleted', async (t) => {
  const service = await startService(t)
  for (let round = 0; round < 8; round++) {
    const lost = service.sandbox.sandbox.catalogue.searchOrder[1] ?? ''
    service.sandbox.sandbox.change({ faults: [{ kind: 'not-found', endpoint: 'album', albumId: lost }] })
    const { id, status } = await service.ingest({ limit: 3, refresh: true })
    t.equal(status, 'partial')
    service.sandbox.sandbox.change({ faults: [] })
    const asked = [call(service, 'POST', `/runs/${id}/resume`), call(service, 'DELETE', `/runs/${id}`)]
    const [resumed = 0, deleted = 0] = (await Promise.all(round % 2 === 0 ? asked : asked.reverse()))
      .map(({ statusCode }) => statusCode)
      .sort((a, b) => b - a)
    t.ok(
      [
        [409, 202],
        [404, 204],
        [410, 204],
      ].some(([one, other]) => one === resumed && other === deleted),
      `${resumed} and ${deleted}`
    )
    const { statusCode } = await call(service, 'GET', `/runs/${id}/status`)
    t.equal(statusCode, deleted === 202 ? 200 : 404)
    if (deleted === 202) t.match(await ended(service.app, id), { status: 'succeeded' })
  }
  t.match((await call(service, 'GET', '/runs?status=queued')).json(), { runs: [] })
})

t.test('HEAD opens no stream of events', async (t) => {
  const service = await startService(t)
  const { id } = await service.ingest({ limit: 1 })
  t.equal((await service.app.inject({ method: 'HEAD', url: `/runs/${id}/events` })).statusCode, 405)
})

t.test('GET /runs/{id}/ready tells by the status code alone', async (t) => {
  const service = await startService(t, { sandbox: { latencyMs: 10 } })
  const { id } = (await call(service, 'POST', '/ingest', { body: { limit: 10 } })).json()
  const early = await call(service, 'GET', `/runs/${id}/ready`)
  t.equal(early.statusCode, 404)
  t.match(early.json(), { code: 'run_not_finished' })
  await ended(service.app, id)
  t.equal((await call(service, 'GET', `/runs/${id}/ready`)).statusCode, 200)
  const lost = service.sandbox.sandbox.catalogue.searchOrder[1] ?? ''
  service.sandbox.sandbox.change({ faults: [{ kind: 'not-found', endpoint: 'album', albumId: lost }] })
  const partial = await service.ingest({ limit: 4, refresh: true })
  t.match((await call(service, 'GET', `/runs/${partial.id}/ready`)).json(), { status: 409, code: 'run_partial' })
  t.equal((await call(service, 'GET', `/runs/${partial.id}/ready?accept=partial`)).statusCode, 200)
  service.sandbox.sandbox.change({ albums: 0 })
  const failed = await service.ingest({ limit: 5 })
  t.match((await call(service, 'GET', `/runs/${failed.id}/ready?accept=partial`)).json(), {
    status: 409,
    code: 'run_failed',
  })
  t.equal((await call(service, 'GET', '/runs/nobody-knows/ready')).statusCode, 410)
  t.match((await call(service, 'GET', `/runs/${id}/ready?accept=all`)).json(), {
    status: 400,
    detail: 'querystring.accept must be "partial"',
  })
})

t.test('GET /runs/{id}/events: the present state first, progress, then the end; late subscribers too', async (t) => {
  const service = await startService(t, { sandbox: { latencyMs: 40 } })
  const { id } = (await call(service, 'POST', '/ingest', { body: { limit: 60 } })).json()
  const live = await call(service, 'GET', `/runs/${id}/events`)
  t.match(live.headers['content-type'], /^text\/event-stream/)
  const events = live.text.trim().split('\n\n').map((block) => {
    const [, event = '', data = ''] = /^event: (\w+)\nid: [\w.:-]+\ndata: (.*)$/.exec(block) ?? []
    return { event, run: JSON.parse(data) as Run }
  })
  const names = events.map(({ event }) => event)
  t.equal(names[0], 'status')
  t.ok(names.includes('progress'))
  t.equal(names.at(-1), 'end')
  t.match(events.at(-1)?.run, { id, status: 'succeeded', progress: { albumsFetched: 60 } })
  const late = await call(service, 'GET', `/runs/${id}/events`)
  t.strictSame([...late.text.matchAll(/^event: (\w+)/gm)].map(([, name]) => name), ['status', 'end'])
})

t.test('GET /runs/{id}/events: the connection of a client that reads nothing is closed, ' +
  'that of one who reads stays', async (t) => {
  const service = await startService(t, { dependencies: { stalledMs: 1000 }, sandbox: { latencyMs: 60_000 } })
  const listeners = new Set<RunListener>()
  service.app.runs.watch = (_id, listener) => {
    listeners.add(listener)
    return () => { listeners.delete(listener) }
  }
  const run = await service.app.runs.start({})
  const open = (): Socket => {
    const socket = createConnection(Number(new URL(service.url).port), '127.0.0.1')
    socket.write(`GET /runs/${run.id}/events HTTP/1.1\r\nhost: localhost\r\n\r\n`)
    t.teardown(() => socket.destroy())
    return socket
  }
  open()
  let read = ''
  open().on('data', (chunk: Buffer) => { read = read.slice(-1000) + chunk.toString() })
  while (listeners.size < 2) await delay(10)
  const gap = { albumId: null, name: null, code: 'x', detail: 'x'.repeat(1024 * 1024), expectedTracks: null, tracks: 0 }
  for (let times = 0; times < 40 && listeners.size === 2; times++) {
    for (const listener of listeners) {
      listener({ ...run, status: times % 2 === 0 ? 'running' : 'paused', gaps: times < 20 ? [gap] : [] })
    }
    await delay(100)
  }
  t.equal(listeners.size, 1)
  for (const listener of listeners) listener({ ...run, status: 'failed', finishedAt: run.createdAt })
  while (!read.includes('event: end')) await delay(10)
})

interface DiagnosisJson {
  token: { ok: boolean | null, checkedAt: string | null, ageSeconds: number | null }
  tier: string
  endpoints: Array<{ endpoint: string, status: number, pageSize: number, checkedAt: string, ageSeconds: number }>
}

const diagnosis = async (service: Service, query = ''): Promise<DiagnosisJson> =>
  (await call(service, 'GET', `/diagnose${query}`)).json<DiagnosisJson>()

t.test('GET /diagnose?refresh=true: what each tier can do, asked once a minute', async (t) => {
  const EXPECTED = {
    extended: {
      newReleases: [200, 50],
      search: [200, 50],
      album: [200, null],
      albums: [200, null],
      albumTracks: [200, null],
      artistAlbums: [200, 50],
    },
    development: {
      newReleases: [403, null],
      search: [200, 10],
      album: [200, null],
      albums: [403, null],
      albumTracks: [200, null],
      artistAlbums: [200, 10],
    },
  }
  for (const tier of ['extended', 'development'] as const) {
    const service = await startService(t, { sandbox: { tier } })
    const answer = await diagnosis(service, '?refresh=true')
    t.match(answer, {
      tier,
      token: { ok: true, checkedAt: /Z$/, ageSeconds: Number },
      pause: null,
      callsLast24Hours: Number,
    })
    t.strictSame(
      Object.fromEntries(answer.endpoints.map(({ endpoint, status, pageSize }) => [endpoint, [status, pageSize]])),
      EXPECTED[tier]
    )
    const { calls } = service.sandbox.sandbox.stats()
    await diagnosis(service, '?refresh=true')
    await diagnosis(service)
    t.equal(service.sandbox.sandbox.stats().calls, calls)
  }
  const wrong = await startService(t, { env: { SPOTIFY_CLIENT_SECRET: 'wrong' } })
  t.match(await diagnosis(wrong, '?refresh=true'), {
    tier: 'unknown',
    token: { ok: false, detail: /SPOTIFY_CLIENT_SECRET/ },
    endpoints: [],
  })
  t.equal((await call(wrong, 'GET', '/diagnose?refresh=maybe')).statusCode, 400)
})

t.test('GET /diagnose: what runs have learnt, with its age, without a call; after a day it is forgotten, and a ' +
  'change of tier is noticed by asking', {
  skip: skipOnReplicas('the clock that the test moves is not ' +
    'that of PostgreSQL')
}, async (t) => {
  const clock = createFakeClock()
  const service = await startService(t, { sandbox: { tier: 'development' }, dependencies: { clock } })
  t.match(await diagnosis(service), { tier: 'unknown', endpoints: [] }, 'nothing is known, and nothing is asked')
  t.equal(service.sandbox.sandbox.stats().calls, 0)
  await service.ingest({ limit: 5 })
  const { calls } = service.sandbox.sandbox.stats()
  clock.jump(3_600_000)
  const learnt = await diagnosis(service)
  t.match(learnt, { tier: 'development', token: { ok: true } })
  t.strictSame(
    learnt.endpoints.map(({ endpoint, status, ageSeconds }) => [
      endpoint,
      status,
      ageSeconds >= 3600 && ageSeconds < 3660,
    ]),
    [
      ['newReleases', 403, true],
      ['search', 200, true],
      ['album', 200, true],
      ['albums', 403, true],
      ['albumTracks', 200, true],
    ]
  )
  service.sandbox.sandbox.change({ tier: 'extended' })
  t.equal((await diagnosis(service)).tier, 'development', 'what is known')
  t.equal(service.sandbox.sandbox.stats().calls, calls)
  const asked = await diagnosis(service, '?refresh=true')
  t.match(asked, { tier: 'extended' })
  t.ok(asked.endpoints.every(({ ageSeconds }) => ageSeconds < 60))
  clock.jump(24 * 3_600_000)
  t.match(await diagnosis(service), { tier: 'unknown', endpoints: [] })
})

t.test('more requests than REQUESTS_PER_MINUTE are refused with when to come ' +
  'back; the probes are exempt', async (t) => {
  const service = await startService(t, { env: { REQUESTS_PER_MINUTE: '5', API_KEYS: 'one,two' } })
  const ask = async (key: string) => await call(service, 'GET', '/runs', { headers: { 'x-api-key': key } })
  for (let count = 0; count < 5; count++) t.equal((await ask('one')).statusCode, 200)
  const refused = await ask('one')
  t.equal(refused.statusCode, 429)
  t.match(refused.json(), { code: 'too_many_requests', requestId: String })
  t.ok(Number(refused.headers['retry-after']) > 0)
  t.equal((await ask('two')).statusCode, 200, 'another key has its own')
  for (let count = 0; count < 6; count++) await ask(`guess ${count}`)
  t.equal((await ask('guess')).statusCode, 429, 'guessing keys is limited by the address')
  for (let count = 0; count < 10; count++) t.equal((await call(service, 'GET', '/health/live')).statusCode, 200)
})

t.test('who was refused is answered a minute later, however the wall clock was set meanwhile', async (t) => {
  const clock = createFakeClock()
  const service = await startService(t, { env: { REQUESTS_PER_MINUTE: '2' }, dependencies: { clock } })
  for (const status of [200, 200, 429]) t.equal((await call(service, 'GET', '/runs')).statusCode, status)
  clock.jump(-3_600_000)
  await clock.pass(59_000)
  t.match(await call(service, 'GET', '/runs'), { statusCode: 429, headers: { 'retry-after': '1' } })
  await clock.pass(1000)
  t.equal((await call(service, 'GET', '/runs')).statusCode, 200)
})

t.test('each request leaves one line when it is over, also if its client goes away', async (t) => {
  const service = await startService(t, { sandbox: { latencyMs: 50 }, env: { LOG_LEVEL: 'info' } })
  const linesOf = (id: string): Json[] =>
    service
      .log()
      .split('\n')
      .filter((line) => line.includes(`"reqId":"${id}"`))
      .map((line) => JSON.parse(line) as Json)
  const over = async (id: string): Promise<Json[]> => {
    while (linesOf(id).length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    return linesOf(id)
  }
  const run = (await call(service, 'POST', '/ingest', { headers: { 'x-request-id': 'one' }, body: {} })).json<Run>()
  t.match(await over('one'), [
    { level: 30, method: 'POST', url: '/ingest', ip: '127.0.0.1', status: 202, ms: Number, msg: 'request completed' },
  ])
  const leaving = new AbortController()
  const left = request(`${service.url}/runs/${run.id}?wait=60`, {
    headers: { 'x-request-id': 'two' },
    signal: leaving.signal,
  })
  await once(service.app.server, 'request')
  leaving.abort()
  await t.rejects(left)
  t.match(await over('two'), [
    { level: 30, method: 'GET', url: `/runs/${run.id}?wait=60`, ms: Number, msg: 'request aborted' },
  ])
})

t.test('each answer has security headers and the id of its request, the ' +
  'client\'s own where it sends one', async (t) => {
  const service = await startService(t)
  const own = await call(service, 'GET', '/nowhere', { headers: { 'x-request-id': 'trace-42' } })
  t.match(own.headers, { 'x-request-id': 'trace-42', 'x-content-type-options': 'nosniff' })
  t.match(own.json<Problem>(), { requestId: 'trace-42' })
  t.match(service.log(), /"reqId":"trace-42"/)
  const unfit = await call(service, 'GET', '/runs', { headers: { 'x-request-id': 'a b {}' } })
  t.match(unfit.headers['x-request-id'], /^[0-9a-f-]{36}$/)
})
