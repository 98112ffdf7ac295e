import t from 'tap'
import { type Run } from '../src/schemas/run.ts'
import { createFakeClock } from './fake-clock.ts'
import { ended, startService } from './service.ts'
import { matchesTruth } from './truth.ts'

const BAN_S = 48_925

t.test('a spent quota in the middle: paused until the named time, no call by anyone before, then complete and nothing twice', async (t) => {
  for (const tier of ['development', 'extended'] as const) {
    const clock = createFakeClock()
    const endpoint = tier === 'extended' ? 'albums' : 'album'
    const service = await startService(t, {
      sandbox: { tier, faults: [{ kind: 'quota', endpoint, skip: tier === 'extended' ? 2 : 40, times: 1, retryAfter: String(BAN_S) }] },
      parts: { clock },
    })
    const startedAtMs = performance.now()
    const run = await service.ingest()
    t.ok(performance.now() - startedAtMs < 1000, 'within a second')
    t.match(run, { status: 'paused', complete: null, finishedAt: null, error: { code: 'quota_exceeded', detail: /QUOTA|Too many requests/ } })
    t.equal(run.resumeAt, new Date(clock.now() + BAN_S * 1000).toISOString(), 'the time that Spotify named')
    t.ok(run.progress.albumsFetched > 0 && run.progress.albumsFetched < 100)
    const waiting = await service.get(`/runs/${run.id}`)
    t.equal(waiting.statusCode, 202)
    t.equal(waiting.headers['retry-after'], String(BAN_S))
    await waiting.body.dump()

    const { calls, token } = service.sandbox.sandbox.stats()
    const quiet = (): boolean => t.match(service.sandbox.sandbox.stats(), { calls, token }, 'not one call, not even for a token')
    const other = await service.ingest({ limit: 5 })
    t.match(other, { status: 'paused', resumeAt: run.resumeAt, error: { code: 'quota_exceeded' } }, 'another run waits too')
    quiet()

    await service.app.close()
    const restarted = await startService(t, { on: service, dataDir: service.dataDir, parts: { clock } })
    t.match(await restarted.app.runs.get(run.id), { status: 'paused', resumeAt: run.resumeAt })
    await clock.pass(BAN_S * 1000 - 60_000)
    t.match(await restarted.ingest({ limit: 7 }), { status: 'paused' }, 'a minute before the time')
    quiet()

    const resumed = ended(restarted.app, run.id, false)
    await clock.pass(61_000)
    t.match(await resumed, { id: run.id, status: 'succeeded', complete: true, resumeAt: null, error: null })
    matchesTruth(t, await restarted.document(run.id), service.sandbox, service.sandboxUrl)
    const { served, calledWhileBlocked } = service.sandbox.sandbox.stats()
    const document = await restarted.document(run.id)
    t.equal(calledWhileBlocked, 0)
    t.match(await ended(restarted.app, other.id, false), { status: 'succeeded' })
    t.strictSame(document.albums.slice(7).filter(({ id }) => (served[id] ?? 0) > 1).map(({ id }) => id), [], 'no album was fetched twice by the run')
    await restarted.app.close()
  }
})

const retryAfters = (): Array<[header: string | undefined, title: string]> => [
  ['3', 'three seconds'], [undefined, 'none'], ['0', 'zero'], ['-5', 'negative'], ['soon', 'rubbish'], ['', 'empty'], ['2.5', 'a fraction'],
  [new Date(Date.now() + 45_000).toUTCString(), 'a date to come'], ['Wed, 21 Oct 2015 07:28:00 GMT', 'a date long past'],
]

t.test('a 429 with any Retry-After is waited for, by all callers together, and the run is complete', async (t) => {
  for (const [header, title] of retryAfters()) {
    const clock = createFakeClock({ skipping: true, startMs: Date.now() })
    const service = await startService(t, {
      sandbox: { faults: [{ kind: header === undefined ? 'rate-limit-no-retry-after' : 'rate-limit', endpoint: 'album', skip: 10, times: 1, ...header === undefined ? {} : { retryAfter: header } }] },
      parts: { clock },
    })
    const run: Run = await service.ingest({ limit: 30 })
    t.match(run, { status: 'succeeded', complete: true, cost: { retries: 1 } }, title)
    t.ok(clock.slept.some((ms) => ms > 900), `${title}: waited ${Math.max(...clock.slept)} ms`)
  }
})

t.test('Retry-After of 3 s in real time: not one call before, and the wait is in the cost', async (t) => {
  const service = await startService(t, { sandbox: { latencyMs: 5, faults: [{ kind: 'rate-limit', endpoint: 'album', skip: 20, times: 1, retryAfter: '3' }] } })
  const startedAtMs = performance.now()
  const run = await service.ingest()
  const tookMs = performance.now() - startedAtMs
  t.match(run, { status: 'succeeded', complete: true })
  t.ok(tookMs >= 3000 && tookMs < 10_000, `${Math.round(tookMs)} ms`)
  t.ok(run.cost.throttledMs >= 2500 && run.cost.throttledMs <= tookMs, `${run.cost.throttledMs} ms throttled`)
  t.equal(service.sandbox.sandbox.stats().calledWhileBlocked, 0)
})

t.test('a Retry-After over SPOTIFY_MAX_WAIT_S pauses the run instead of holding it', async (t) => {
  const clock = createFakeClock()
  const service = await startService(t, {
    sandbox: { faults: [{ kind: 'rate-limit', endpoint: 'search', skip: 4, times: 1, retryAfter: '61' }] },
    parts: { clock },
  })
  const run = await service.ingest()
  t.match(run, { status: 'paused', error: { code: 'rate_limited' }, resumeAt: new Date(clock.now() + 61_000).toISOString() })
  const done = ended(service.app, run.id, false)
  await clock.pass(61_500)
  t.match(await done, { status: 'succeeded', complete: true })
})
