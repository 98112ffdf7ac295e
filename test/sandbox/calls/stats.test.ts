import t from 'tap'
import { createStats } from '../../../src/sandbox/calls/stats.ts'
import { handClock, startClient } from '../client.ts'

t.test('calls are counted by endpoint and outcome, albums by how often they were served whole', async (t) => {
  const client = await startClient(t, {
    tier: 'extended',
    faults: [{ kind: 'reset', endpoint: 'albumTracks' }, { kind: 'cut-body', endpoint: 'album', skip: 1, times: 1 }],
  })
  const { ids } = client.app.sandbox.catalogue
  await client.get(`/albums/${ids[0]}`)
  await client.get('/albums/unknown')
  await t.rejects(client.get(`/albums/${ids[1]}`))
  await client.get(`/albums?ids=${ids[0]},${ids[2]}`)
  await t.rejects(client.get(`/albums/${ids[0]}/tracks`))
  await client.get('/search?type=album')
  const { byEndpoint, ...stats } = client.app.sandbox.stats()
  t.strictSame(stats, {
    calls: 6,
    token: 1,
    tokensIssued: 1,
    peakInFlight: 1,
    peakPer30s: 6,
    calledWhileBlocked: 0,
    served: { [ids[0] ?? '']: 2, [ids[2] ?? '']: 1 },
    faults: { reset: 1, 'cut-body': 1 },
  })
  t.strictSame(byEndpoint, {
    token: { total: 1, byStatus: { 200: 1 } },
    newReleases: { total: 0, byStatus: {} },
    search: { total: 1, byStatus: { 400: 1 } },
    album: { total: 3, byStatus: { 200: 1, 400: 1, cut: 1 } },
    albums: { total: 1, byStatus: { 200: 1 } },
    albumTracks: { total: 1, byStatus: { reset: 1 } },
    artistAlbums: { total: 0, byStatus: {} },
  })

  t.strictSame((await client.send('GET', '/sandbox/stats')).body, client.app.sandbox.stats(), 'the same over HTTP')
  t.equal((await client.send('DELETE', '/sandbox/stats')).status, 204)
  t.match(client.app.sandbox.stats(), {
    calls: 0,
    token: 0,
    served: {},
    peakPer30s: 0,
    byEndpoint: { album: { total: 0 } },
  })
})

t.test('an item that a fault took out of a batch was not served', async (t) => {
  const client = await startClient(t, { tier: 'extended', faults: [{ kind: 'null-item', endpoint: 'albums' }] })
  const { ids } = client.app.sandbox.catalogue
  await client.get(`/albums?ids=${ids.slice(0, 3).join(',')}`)
  t.strictSame(Object.keys(client.app.sandbox.stats().served), [ids[0], ids[2]])
})

t.test('calls in flight are those that wait for their answer; ending one twice ends it once', async (t) => {
  const recorder = createStats(handClock().now)
  const calls = ['search', 'album', 'album', 'token'].map((endpoint) =>
    recorder.arrive(endpoint as 'search' | 'album' | 'token')
  )
  for (const call of calls) for (const outcome of ['200', 'stall']) call.end(outcome)
  recorder.arrive('search').end('200')
  t.equal(recorder.snapshot().peakInFlight, 3)
  t.strictSame(recorder.snapshot().byEndpoint.album.byStatus, { 200: 2 })
})

t.test('peakPer30s is the fullest half minute', async (t) => {
  const clock = handClock()
  const recorder = createStats(clock.now)
  for (const wait of [0, 10_000, 10_000, 10_000, 1, 40_000, 0, 0]) {
    clock.pass(wait)
    recorder.arrive('search').end('200')
  }
  t.equal(recorder.snapshot().peakPer30s, 4)
})

/** When a Retry-After was named at 0 ms: which calls come too soon. */
const CALLS: Array<[number, number, string, number?]> = [
  [1000, 0, 'it was on its way'],
  [1001, 1, 'it could have known'],
  [9_989, 1, 'it is early'],
  [9_991, 0, 'a timer may be a little early'],
  [10_000, 0, 'it waited'],
  [400, 0, 'it was on its way', 1],
  [401, 1, 'it could have known', 1],
]
for (const [time, expected, reason, seconds = 10] of CALLS) {
  t.test(`a call ${time} ms after a Retry-After of ${seconds} s: ${reason}`, async (t) => {
    const clock = handClock()
    const recorder = createStats(clock.now)
    recorder.retryAfterNamed(seconds)
    clock.pass(time)
    recorder.arrive('album').end('200')
    t.equal(recorder.snapshot().calledWhileBlocked, expected)
  })
}

t.test('blocked time: only API calls count, a later and shorter Retry-After does not ' +
  'shorten it, new settings end it', async (t) => {
  const clock = handClock()
  const recorder = createStats(clock.now)
  const call = (endpoint: 'token' | 'album') => recorder.arrive(endpoint).end('200')
  recorder.retryAfterNamed(10)
  clock.pass(1000)
  call('token')
  recorder.retryAfterNamed(1)
  clock.pass(5000)
  call('album')
  t.equal(recorder.snapshot().calledWhileBlocked, 1)
  recorder.forgetBlock()
  call('album')
  t.equal(recorder.snapshot().calledWhileBlocked, 1)
})

for (const retryAfter of ['1', new Date(Date.now() + 3_600_000).toUTCString()]) {
  t.test(`any 429 that names a time counts, here Retry-After: ${retryAfter}`, async (t) => {
    const clock = handClock()
    const client = await startClient(t, { faults: [{ kind: 'rate-limit', retryAfter, times: 1 }] }, { now: clock.now })
    await client.get('/search?q=tag:new&type=album')
    clock.pass(retryAfter === '1' ? 500 : 1500)
    await client.get('/search?q=tag:new&type=album')
    t.equal(client.app.sandbox.stats().calledWhileBlocked, 1)
  })
}
