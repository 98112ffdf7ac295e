import t from 'tap'
import { request } from 'undici'
import type { Run } from '../src/schemas/run.ts'
import { type Service, ended, skipOnReplicas, startService } from './service.ts'
import { watchEvents } from './watch-events.ts'

async function start (service: Service, body: object): Promise<Run> {
  return await (await service.post(body)).body.json() as Run
}

async function status (service: Service, id: string): Promise<Run> {
  return await (await service.get(`/runs/${id}/status`)).body.json() as Run
}

const second = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve, 1000))

t.test('a run that waits for the pace says so in its status, its events and ' +
  'the list, and its times go on', async (t) => {
  const service = await startService(t, { sandbox: { tier: 'development' }, env: { SPOTIFY_CALLS_PER_30S: '12' } })
  const { id } = await start(service, { limit: 30 })
  const { events, until } = await watchEvents(t, service, id)
  const first = await until(({ waiting }) => waiting !== null && waiting.for !== 'queue')
  t.match(first, { status: 'running', waiting: { for: 'pace', detail: '12 of 12 calls in 30 s' } })
  const untilMs = Date.parse(first.waiting?.until ?? '') - Date.now()
  t.ok(untilMs > 20_000 && untilMs <= 30_500, `${untilMs} ms until the next permit`)
  const statuses = [await status(service, id)]
  for (let look = 0; look < 2; look++) {
    await second()
    statuses.push(await status(service, id))
  }
  for (const [place, { waiting, cost }] of statuses.entries()) {
    t.equal(waiting?.for, 'pace')
    const before = statuses[place - 1]
    if (before !== undefined) {
      t.ok(
        cost.throttledMs - before.cost.throttledMs > 700,
        `throttled for ${cost.throttledMs - before.cost.throttledMs} ms more`
      )
    }
  }
  const list = await (await service.get('/runs')).body.json() as { runs: Run[] }
  t.match(list.runs[0], { id, waiting: { for: 'pace' } })
  const pending = await (await service.get(`/runs/${id}`)).body.json() as Run
  t.equal(pending.waiting?.for, 'pace', 'the answer instead of the document')
  const waits = events.filter(({ run }) => run.waiting?.for === 'pace')
  for (const [place, { atMs }] of waits.entries()) {
    if (place > 0) t.ok(atMs - (waits[place - 1]?.atMs ?? 0) < 1500, 'an event at least once a second')
  }
  await request(`${service.url}/runs/${id}/cancel`, { method: 'POST' })
  const last = await until(({ finishedAt }) => finishedAt !== null)
  t.match(last, { status: 'canceled', waiting: null })
  t.equal((await service.document(id)).waiting, null)
})

t.test('what waits behind the run says how many runs are before it, ' +
  'and is told when that changes', { skip: skipOnReplicas('its replica counts by age') }, async (t) => {
  const service = await startService(t, { sandbox: { tier: 'development' }, env: { SPOTIFY_CALLS_PER_30S: '12' } })
  const first = await start(service, { limit: 30 })
  await (await watchEvents(t, service, first.id)).until(({ waiting }) => waiting?.for === 'pace')
  const second = await start(service, { limit: 29 })
  const third = await start(service, { limit: 28 })
  t.strictSame(second.waiting, { for: 'queue', until: null, detail: '1 run before it' })
  t.strictSame(third.waiting, { for: 'queue', until: null, detail: '2 runs before it' })
  t.strictSame((await status(service, third.id)).waiting, third.waiting)
  const { until } = await watchEvents(t, service, third.id)
  await request(`${service.url}/runs/${second.id}/cancel`, { method: 'POST' })
  t.equal((await until(({ waiting }) => waiting?.detail === '1 run before it')).status, 'queued')
  await request(`${service.url}/runs/${first.id}/cancel`, { method: 'POST' })
  t.equal(
    (await until(({ waiting }) => waiting?.for === 'pace')).status,
    'running',
    'it is executed, and meets the same pace'
  )
})

t.test('a run whose calls are all in backoff says which one is tried next, when, and why', async (t) => {
  const service = await startService(t, {
    sandbox: { tier: 'development', faults: [{ kind: 'server-error-html', endpoint: 'search', times: 3 }] },
    dependencies: { retryBaseMs: 1500, random: () => 0.99 },
  })
  const { id } = await start(service, { limit: 5 })
  const { events, until } = await watchEvents(t, service, id)
  const waiting = (await until((run) => run.waiting?.for === 'retry')).waiting
  t.match(waiting?.detail, /^attempt 2 of 5: search answered 502 with ".*502 Bad gateway/)
  t.ok(Math.abs(Date.parse(waiting?.until ?? '') - Date.now()) < 2000)
  t.match((await until((run) => run.waiting?.detail.startsWith('attempt 4') === true)).waiting, { for: 'retry' })
  t.match(await until(({ finishedAt }) => finishedAt !== null), { status: 'succeeded', waiting: null })
  const sent = service
    .log()
    .split('\n')
    .filter((line) => line.includes('call failed; retrying'))
    .map((line) => (JSON.parse(line) as { time: number }).time)
  const seen = events.find(({ run }) => run.waiting?.for === 'retry')
  t.ok(
    performance.timeOrigin + (seen?.atMs ?? Infinity) - (sent[0] ?? 0) < 500,
    'within half a second of its beginning'
  )
})

t.test('a run that waits for a token says what the token endpoint answered', async (t) => {
  const service = await startService(t, {
    sandbox: { tier: 'development', faults: [{ kind: 'server-error-html', endpoint: 'token', times: 2 }] },
    dependencies: { retryBaseMs: 1000, random: () => 0.99 },
  })
  const { id } = await start(service, { limit: 5 })
  const { until } = await watchEvents(t, service, id)
  t.match(
    (await until((run) => run.waiting?.for === 'retry')).waiting?.detail,
    /^attempt 2 of 5: the token endpoint answered 502/
  )
  t.match(await until(({ finishedAt }) => finishedAt !== null), { status: 'succeeded', waiting: null })
})

t.test("a run that waits for Spotify's pause says until when, and so does one that is paused", async (t) => {
  const service = await startService(t, {
    sandbox: {
      tier: 'development',
      faults: [{ kind: 'rate-limit', endpoint: 'album', skip: 3, times: 1, retryAfter: '2' }],
    },
  })
  const short = await start(service, { limit: 10 })
  const watched = await watchEvents(t, service, short.id)
  const { waiting } = await watched.until((run) => run.waiting?.for === 'pause')
  t.match(waiting, { detail: /^answered 429/ })
  t.ok(Date.parse(waiting?.until ?? '') - Date.now() <= 2000)
  t.match(await watched.until(({ finishedAt }) => finishedAt !== null), { status: 'succeeded', waiting: null })

  service.sandbox.sandbox.change({ faults: [{ kind: 'quota', endpoint: 'album', times: 1, retryAfter: '600' }] })
  const long = await start(service, { limit: 12, refresh: true })
  const paused = await ended(service.app, long.id)
  t.match(paused, { status: 'paused', waiting: { for: 'pause', until: paused.resumeAt, detail: paused.error?.detail } })
  t.match(await status(service, long.id), { waiting: { for: 'pause', until: paused.resumeAt } })
})
