import { cp } from 'node:fs/promises'
import t from 'tap'
import type { Run } from '../src/schemas/run.ts'
import { createFakeClock } from './fake-clock.ts'
import { ended, skipOnReplicas, startService, temporaryFolder } from './service.ts'
import { matchesTruth } from './truth.ts'

const BAN_S = 48_925
/** A real pause of replicas that ends: see replicas.test.ts. */
const skip = skipOnReplicas('PostgreSQL counts the time of a pause, and the clock that the test moves is not its own')

t.test('a spent quota in the middle: paused until the named time, no call by anyone before, then ' +
  'complete and nothing twice', { skip }, async (t) => {
  for (const tier of ['development', 'extended'] as const) {
    const clock = createFakeClock()
    const endpoint = tier === 'extended' ? 'albums' : 'album'
    const service = await startService(t, {
      sandbox: {
        tier,
        faults: [{ kind: 'quota', endpoint, skip: tier === 'extended' ? 2 : 40, times: 1, retryAfter: String(BAN_S) }],
      },
      dependencies: { clock },
    })
    const { id } = await service.app.runs.start({})
    while (service.sandbox.sandbox.stats().faults.quota === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    const struckAtMs = performance.now()
    const run = await ended(service.app, id)
    t.ok(performance.now() - struckAtMs < 1000, 'within a second')
    t.match(run, {
      status: 'paused',
      complete: null,
      finishedAt: null,
      error: { code: 'quota_exceeded', detail: /QUOTA|Too many requests/ },
    })
    t.equal(run.resumeAt, new Date(clock.now() + BAN_S * 1000).toISOString(), 'the time that Spotify named')
    t.ok(run.progress.albumsFetched > 0 && run.progress.albumsFetched < 100)
    const waiting = await service.get(`/runs/${run.id}`)
    t.equal(waiting.statusCode, 202)
    t.equal(waiting.headers['retry-after'], String(BAN_S))
    await waiting.body.dump()

    const { calls, token } = service.sandbox.sandbox.stats()
    const quiet = (): boolean =>
      t.match(service.sandbox.sandbox.stats(), { calls, token }, 'not one call, not even for a token')
    const other = await service.ingest({ limit: 5 })
    t.match(
      other,
      { status: 'paused', resumeAt: run.resumeAt, error: { code: 'quota_exceeded' } },
      'another run waits too'
    )
    quiet()

    const copy = await temporaryFolder(t)
    await cp(service.dataDir, copy, { recursive: true, filter: (path) => !path.endsWith('.lock') })
    const afterCrash = await startService(t, { on: service, dataDir: copy, dependencies: { clock } })
    t.match(await afterCrash.app.runs.get(run.id), { status: 'paused', resumeAt: run.resumeAt })
    t.match(await afterCrash.ingest({ limit: 3 }), { status: 'paused' }, 'on the files as kill -9 would leave them')
    quiet()
    await afterCrash.app.close()

    await service.app.close()
    const restarted = await startService(t, { on: service, dataDir: service.dataDir, dependencies: { clock } })
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
    const wantedBy = (index: number): number => [100, 5, 7].filter((limit) => index < limit).length
    t.strictSame(
      document.albums.filter(({ id }, index) => (served[id] ?? 0) > wantedBy(index)).map(({ id }) => id),
      [],
      'no album was fetched twice by a run'
    )
    await restarted.app.close()
  }
})

/** A header, what it is, and how long it is waited for, to a second or two. */
const retryAfters = (): Array<[header: string | undefined, title: string, seconds: number]> => [
  [new Date(Date.now() + 45_000).toUTCString(), 'a date to come', 45], // first, while it is as far away
  ['3', 'three seconds', 3], [undefined, 'none', 1], ['0', 'zero', 1], ['-5', 'negative', 1], ['soon', 'rubbish', 1],
  ['', 'empty', 1], ['2.5', 'a fraction', 3],
  ['Wed, 21 Oct 2015 07:28:00 GMT', 'a date long past', 1],
]

t.test('a 429 with any Retry-After is waited for, by all callers ' +
  'together, and the run is complete', { skip }, async (t) => {
  for (const [header, title, seconds] of retryAfters()) {
    const clock = createFakeClock({ skipping: true, startMs: Date.now() })
    const service = await startService(t, {
      sandbox: {
        faults: [
          {
            kind: header === undefined ? 'rate-limit-no-retry-after' : 'rate-limit',
            endpoint: 'album',
            skip: 10,
            times: 1,
            ...(header === undefined ? {} : { retryAfter: header }),
          },
        ],
      },
      dependencies: { clock },
    })
    const run: Run = await service.ingest({ limit: 30 })
    t.match(run, { status: 'succeeded', complete: true, cost: { retries: 1 } }, title)
    const waitedMs = run.cost.throttledMs
    t.ok(waitedMs > (seconds - 2) * 1000 && waitedMs < (seconds + 2) * 1000, `${title}: waited ${waitedMs} ms`)
  }
})

t.test('Retry-After of 3 s in real time: not one call before, and the wait is in the cost', async (t) => {
  const service = await startService(t, {
    sandbox: { latencyMs: 5, faults: [{ kind: 'rate-limit', endpoint: 'album', skip: 20, times: 1, retryAfter: '3' }] },
  })
  const startedAtMs = performance.now()
  const run = await service.ingest()
  const tookMs = performance.now() - startedAtMs
  t.match(run, { status: 'succeeded', complete: true })
  t.ok(tookMs >= 3000 && tookMs < 30_000, `${Math.round(tookMs)} ms`)
  t.ok(run.cost.throttledMs >= 2500 && run.cost.throttledMs <= tookMs, `${run.cost.throttledMs} ms throttled`)
  t.equal(service.sandbox.sandbox.stats().calledWhileBlocked, 0)
})

t.test('a token endpoint that names a long time: it is asked for nothing before, also after a ' +
  'restart, and it shows until when', { skip }, async (t) => {
  const clock = createFakeClock()
  const service = await startService(t, {
    sandbox: { faults: [{ kind: 'rate-limit', endpoint: 'token', times: 1, retryAfter: '600' }] },
    dependencies: { clock },
  })
  const resumeAt = new Date(clock.now() + 600_000).toISOString()
  const run = await service.ingest({ limit: 5 })
  t.match(run, {
    status: 'paused',
    resumeAt,
    error: { code: 'rate_limited', detail: /the token endpoint answered 429/ },
  })
  await service.app.close()

  const restarted = await startService(t, { on: service, dataDir: service.dataDir, dependencies: { clock } })
  t.match(await restarted.ingest({ limit: 7 }), { status: 'paused', resumeAt })
  t.match(await (await restarted.get('/diagnose')).body.json(), {
    token: { ok: false },
    pause: { until: resumeAt, code: 'rate_limited', detail: /the token endpoint answered 429/ },
  })
  t.match(service.sandbox.sandbox.stats(), { calls: 0, token: 1 })
  const done = ended(restarted.app, run.id, false)
  await clock.pass(601_000)
  t.match(await done, { status: 'succeeded', complete: true })
  t.equal(service.sandbox.sandbox.stats().calledWhileBlocked, 0)
})

t.test('a Retry-After over SPOTIFY_MAX_WAIT_S pauses the run instead of holding it', { skip }, async (t) => {
  const clock = createFakeClock()
  const service = await startService(t, {
    sandbox: { faults: [{ kind: 'rate-limit', endpoint: 'search', skip: 4, times: 1, retryAfter: '61' }] },
    dependencies: { clock },
  })
  const run = await service.ingest()
  t.match(run, {
    status: 'paused',
    error: { code: 'rate_limited' },
    resumeAt: new Date(clock.now() + 61_000).toISOString(),
  })
  const done = ended(service.app, run.id, false)
  await clock.pass(61_500)
  t.match(await done, { status: 'succeeded', complete: true })
})

t.test('a pause ends in time, and a run in order, where the wall clock is ' +
  'set back by an hour meanwhile', { skip }, async (t) => {
  const clock = createFakeClock()
  const service = await startService(t, {
    sandbox: {
      tier: 'development',
      faults: [{ kind: 'quota', endpoint: 'album', skip: 5, times: 1, retryAfter: '120' }],
    },
    dependencies: { clock },
  })
  const paused = await service.ingest({ limit: 10 })
  t.match(paused, { status: 'paused', error: { code: 'quota_exceeded' } })
  while (clock.sleeping() === 0) await new Promise(setImmediate)
  clock.jump(-3_600_000)
  const resumed = ended(service.app, paused.id, false)
  await clock.pass(121_000)
  const run = await resumed
  t.match(run, { status: 'succeeded', complete: true })
  t.ok(
    run.createdAt <= (run.startedAt ?? '') && (run.startedAt ?? '') <= (run.finishedAt ?? ''),
    JSON.stringify([run.createdAt, run.startedAt, run.finishedAt])
  )
})
