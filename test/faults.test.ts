import t from 'tap'
import { TIERS, finished, mixture, runWith, serviceFor } from './fault-runs.ts'

t.test('the token endpoint down, broken or limited for a while costs only time', async (t) => {
  for (const kind of [
    'server-error-json',
    'server-error-html',
    'server-error-empty',
    'reset',
    'cut-body',
    'bad-json',
    'rate-limit',
  ] as const) {
    const { run } = await runWith(t, 'development', [{ kind, endpoint: 'token', times: 2 }])
    t.equal(run.status, 'succeeded', kind)
  }
})

t.test('the token endpoint down for good fails the run after one round of tries, not one per album', async (t) => {
  const { run, service } = await runWith(t, 'development', [{ kind: 'server-error-html', endpoint: 'token' }])
  t.match(run, {
    status: 'failed',
    error: { code: 'upstream_unavailable', detail: /token endpoint answered 50\d/ },
    cost: { calls: 0 },
  })
  t.ok(service.sandbox.sandbox.stats().token <= 6, 'three tries of the run, and three at the start of the service')
})

t.test('a lower page limit than any known is found and remembered', async (t) => {
  for (const tier of TIERS) {
    const service = await serviceFor(t, tier, [])
    service.sandbox.sandbox.change({ pageLimits: { newReleases: 5, search: 5 } })
    t.match(await finished(service, {}), { status: 'succeeded', complete: true }, tier)
    service.sandbox.sandbox.resetStats()
    await finished(service, { pagination: 'offset' })
    const { search, newReleases } = service.sandbox.sandbox.stats().byEndpoint
    t.notOk(search.byStatus['400'] ?? newReleases.byStatus['400'], 'no refused call in the next run')
  }
})

t.test('smaller pages of tracks and smaller batches than documented are found and remembered', async (t) => {
  for (const tier of TIERS) {
    const service = await serviceFor(t, tier, [])
    service.sandbox.sandbox.change({ pageLimits: { newReleases: 50, albumTracks: 20, albums: 5 } })
    t.match(await finished(service, {}), { status: 'succeeded', complete: true }, tier)
    service.sandbox.sandbox.resetStats()
    t.match(await finished(service, { refresh: true }), { status: 'succeeded', complete: true })
    const { albumTracks, albums } = service.sandbox.sandbox.stats().byEndpoint
    t.ok(albumTracks.total > 6, 'more pages than of 50')
    t.notOk(albumTracks.byStatus['400'] ?? albums.byStatus['400'], 'no refused call in the next run')
  }
})

t.test('Spotify down for good ends the run soon: the quota is not burnt on album after album', async (t) => {
  const { run, service } = await runWith(t, 'development', [{ kind: 'server-error-json', endpoint: 'album', skip: 10 }])
  t.match(run, { status: 'partial', progress: { albumsListed: 40 } })
  const { calls } = service.sandbox.sandbox.stats()
  t.ok(calls < 200, `${calls} calls`)
})

t.test('10 % resets, 10 % 5xx and 5 % cut bodies together: 4 seeds of 4 end complete', async (t) => {
  for (let seed = 1; seed <= 4; seed++) {
    const tier = seed % 2 === 0 ? 'extended' : 'development'
    const { run } = await runWith(t, tier, [
      { kind: 'reset', probability: 0.1 }, { kind: 'server-error-html', probability: 0.1 },
      { kind: 'cut-body', probability: 0.05 },
    ], { seed, attempts: 5 })
    t.match(run, { status: 'succeeded', complete: true }, `seed ${seed}, ${run.cost.retries} retries`)
  }
})

t.test('6 random mixtures of faults: each run ends by itself and never lies', async (t) => {
  for (let seed = 1; seed <= 6; seed++) {
    const tier = TIERS[seed % 2] ?? 'extended'
    const { run } = await runWith(t, tier, mixture(seed, tier), { seed })
    t.ok(run.finishedAt, `seed ${seed}: ${run.status}`)
  }
})
