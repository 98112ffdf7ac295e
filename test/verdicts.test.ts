import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import type { Fault, SandboxSettings } from '../src/sandbox/settings/settings.ts'
import { FACT_LIFETIME_MS } from '../src/services/spotify/capabilities.ts'
import { createFakeClock } from './fake-clock.ts'
import { createFastClock } from './fast-clock.ts'
import { type Service, ended, skipOnReplicas, startSandbox, startService } from './service.ts'
import { matchesTruth } from './truth.ts'

type Tier = SandboxSettings['tier']

// Most of their time is backoff, so they wait side by side.
t.jobs = 3
/** Side by side on a busy machine: nothing here is about time. */
const PATIENT = { SPOTIFY_TIMEOUT_MS: '15000' }

/** One of these answers, among many that succeed, costs another call and nothing else. */
const ONCE: Array<[Tier, Fault]> = [
  ['development', { kind: 'premium', endpoint: 'album', skip: 7, times: 1 }],
  ['development', { kind: 'premium', endpoint: 'search', skip: 3, times: 1 }],
  ['development', { kind: 'premium', times: 1 }],
  ['extended', { kind: 'premium', endpoint: 'albums', skip: 1, times: 1 }],
  ['development', { kind: 'not-found', endpoint: 'album', skip: 7, times: 1 }],
  ['development', { kind: 'not-found', endpoint: 'album', skip: 7, times: 1, status: 410 }],
  ['development', { kind: 'forbidden', endpoint: 'album', skip: 7, times: 1 }],
  ['development', { kind: 'forbidden', endpoint: 'albumTracks', times: 1 }],
  ['development', { kind: 'not-found', endpoint: 'albumTracks', times: 1 }],
  ['development', { kind: 'not-found', endpoint: 'search', times: 1 }],
  ['development', { kind: 'forbidden', endpoint: 'search', times: 1 }],
  ['development', { kind: 'not-found', endpoint: 'search', skip: 4, times: 1 }],
  ['extended', { kind: 'not-found', endpoint: 'newReleases', skip: 1, times: 1 }],
  ['extended', { kind: 'forbidden', endpoint: 'newReleases', skip: 1, times: 1 }],
  ['extended', { kind: 'forbidden', endpoint: 'newReleases', skip: 1, times: 1, retryAfter: '1' }],
  ['extended', { kind: 'not-found', endpoint: 'albums', skip: 2, times: 1 }],
  ['extended', { kind: 'forbidden', endpoint: 'albums', skip: 2, times: 1 }],
  ['extended', { kind: 'invalid-limit', endpoint: 'newReleases', skip: 1, times: 1 }],
  ['extended', { kind: 'invalid-limit', endpoint: 'albumTracks', times: 1 }],
]
for (const [tier, fault] of ONCE) {
  t.test(`${tier} tier, ${JSON.stringify(fault)}: one more call, the same source, all albums`, async (t) => {
    const service = await startService(t, {
      sandbox: { tier, faults: [fault] },
      dependencies: { clock: createFastClock(100) },
      env: PATIENT,
    })
    const run = await service.ingest()
    const isExtended = tier === 'extended'
    t.match(run, {
      status: 'succeeded',
      complete: true,
      gaps: [],
      cost: { retries: 1 },
      source: { used: isExtended ? 'new-releases' : 'search' },
    })
    t.equal(service.sandbox.sandbox.stats().faults[fault.kind], 1)
    matchesTruth(t, await service.document(run.id), service.sandbox, service.sandboxUrl)
    service.sandbox.sandbox.resetStats()
    const next = await service.ingest({ refresh: true })
    t.match(
      next,
      {
        status: 'succeeded',
        cost: { retries: 0, byEndpoint: isExtended ? { newReleases: 2, albums: 5, album: undefined } : { search: 10 } },
      },
      'nothing of it is remembered'
    )
  })
}

t.test('Premium that stays away is a verdict: soon where nothing was answered, and in ' +
  'the middle after all tries', async (t) => {
  const { run, service } = await runUnder(t, 'development', [{ kind: 'premium' }])
  t.match(run, { status: 'failed', error: { code: 'premium_required', detail: /\(3 times\): the owner/ } })
  t.equal(service.sandbox.sandbox.stats().calls, 3)
  const { run: later } = await runUnder(t, 'development', [{ kind: 'premium', skip: 40 }])
  t.match(later, { status: 'failed', error: { code: 'premium_required', detail: /\(5 times\)/ } })
  t.ok(later.progress.albumsFetched > 0)
})

t.test('an album id that nobody has seen costs two calls', async (t) => {
  const { run, service } = await runUnder(t, 'development', [], {
    source: 'albums',
    albumIds: ['0000000000000000000000'],
  })
  t.match(run, { gaps: [{ code: 'album_unavailable' }] })
  t.equal(service.sandbox.sandbox.stats().byEndpoint.album.total, 2)
})

t.test('new-releases that goes away in the middle for good: the reason says what each source has listed', async (t) => {
  const { run } = await runUnder(t, 'extended', [{ kind: 'not-found', endpoint: 'newReleases', skip: 1 }])
  t.match(run, {
    status: 'succeeded',
    source: {
      used: 'search',
      reason: /new-releases answered 404.*\(3 times\).*it had listed the first 50 albums until then/,
    },
  })
})

t.test('a batch that is refused for one of its ids costs no other batch', async (t) => {
  const service = await startService(t, {
    sandbox: { tier: 'extended' },
    dependencies: { clock: createFastClock(100) },
  })
  const { sandbox } = service.sandbox
  const albumId = sandbox.catalogue.newReleases[30] ?? ''
  sandbox.change({ faults: [{ kind: 'forbidden', endpoint: 'albums', albumId }] })
  const run = await service.ingest()
  t.match(run, { status: 'succeeded', complete: true })
  t.match(sandbox.stats().byEndpoint, { albums: { byStatus: { 200: 4, 403: 3 } }, album: { total: 20 } })
})

t.test('a batch that is taken away in the life of the process is found out by two ' +
  'batches, and then remembered', async (t) => {
  const service = await startService(t, {
    sandbox: { tier: 'extended' },
    dependencies: { clock: createFastClock(100) },
    env: { ALBUM_CACHE_HOURS: '0' },
  })
  const { sandbox } = service.sandbox
  await service.ingest({ limit: 20 })
  sandbox.change({ faults: [{ kind: 'forbidden', endpoint: 'albums' }] })
  t.match(await service.ingest(), { status: 'succeeded', complete: true })
  sandbox.resetStats()
  t.match(await service.ingest(), { status: 'succeeded', cost: { byEndpoint: { albums: undefined, album: 100 } } })
})

t.test("one artist's 403 is the loss of that artist, not of the endpoint", async (t) => {
  const service = await startService(t, {
    sandbox: { tier: 'development', faults: [{ kind: 'forbidden', endpoint: 'artistAlbums', skip: 3, times: 3 }] },
    dependencies: { clock: createFastClock(100) },
  })
  const { catalogue } = service.sandbox.sandbox
  const artistIds = [...catalogue.artists()]
    .map(({ id }) => id)
    .filter((id) => isOnOnePage(catalogue.artistAlbums(id) ?? []))
    .slice(0, 2)
  const run = await service.ingest({ source: 'artists', artistIds })
  t.match(run, { status: 'partial', error: null, gaps: [{ code: 'listing_incomplete', detail: /artist .*403/ }] })
})

t.test('401 to every call for 3 s, whatever token: renewed, waited for, complete', async (t) => {
  const upstream = await startBehind(t, { tier: 'development' }, ({ url, isWithin }) =>
    url.startsWith('/v1/') && isWithin(3000)
      ? { status: 401, body: { error: { status: 401, message: 'Invalid access token' } } }
      : null
  )
  const run = await upstream.ingest({ limit: 30, pagination: 'offset' })
  t.match(run, { status: 'succeeded', complete: true })
})

t.test('tokens that serve nine calls each: as many renewals as are needed, and a complete run', async (t) => {
  const served = new Map<string, number>()
  let tokens = 0
  const service = await startBehind(t, { tier: 'development' }, ({ url, token }) => {
    if (url.startsWith('/api/token')) tokens++
    if (!url.startsWith('/v1/')) return null
    const calls = (served.get(token) ?? 0) + 1
    served.set(token, calls)
    return calls > 9 ? { status: 401, body: { error: { status: 401, message: 'The access token expired' } } } : null
  })
  const run = await service.ingest({ limit: 60, pagination: 'offset' })
  t.match(run, { status: 'succeeded', complete: true })
  t.equal(tokens, served.size, 'one renewal for each token')
  t.ok(tokens < 15, `${tokens} tokens`)
})

const TOKEN_ANSWERS: Array<[string, Answered]> = [
  ['400 as HTML', { status: 400, body: '<html>Bad Request</html>' }],
  ['400 with nothing', { status: 400, body: '' }],
  ['400 server_error', { status: 400, body: { error: 'server_error' } }],
  ['401 as HTML', { status: 401, body: '<html>Unauthorized</html>' }],
  ['403', { status: 403, body: { error: 'access_denied' } }],
  ['404', { status: 404, body: 'Not Found' }],
  ['302', { status: 302, body: '', headers: { location: '/login' } }],
]
for (const [what, answered] of TOKEN_ANSWERS) {
  t.test(`the token endpoint answers ${what} once: the run is complete; for good: it says what was ` +
    'answered, and blames no credentials', async (t) => {
    let left = 1
    const service = await startBehind(t, { tier: 'development' }, ({ url }) =>
      url.startsWith('/api/token') && left-- > 0 ? answered : null
    )
    t.match(await service.ingest({ limit: 3 }), { status: 'succeeded', complete: true })
    const broken = await startBehind(t, { tier: 'development' }, ({ url }) =>
      url.startsWith('/api/token') ? answered : null
    )
    t.match(await broken.ingest({ limit: 3 }), {
      status: 'failed',
      error: { code: /upstream_(unavailable|invalid)/, detail: new RegExp(`answered ${answered.status}`) },
      cost: { calls: 0 },
    })
  })
}

t.test('503 with Retry-After: that endpoint gets no further call in the named time, the others do', async (t) => {
  const service = await startService(t, {
    sandbox: {
      tier: 'development',
      faults: [{ kind: 'server-error-json', status: 503, endpoint: 'album', skip: 5, times: 1, retryAfter: '2' }],
    },
  })
  const { sandbox } = service.sandbox
  const { id } = await service.app.runs.start({ limit: 60 })
  while (sandbox.stats().faults['server-error-json'] === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const before = sandbox.stats()
  const struckAtMs = performance.now()
  const arrivals: number[] = []
  let listed = 0
  for (let album = before.byEndpoint.album.total; (await service.app.runs.get(id)).finishedAt === null;) {
    const { byEndpoint } = sandbox.stats()
    const sinceMs = performance.now() - struckAtMs
    for (; album < byEndpoint.album.total; album++) arrivals.push(sinceMs)
    if (sinceMs < 1500) listed = byEndpoint.search.total
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  t.match(await service.app.runs.get(id), { status: 'succeeded', complete: true, cost: { retries: 1 } })
  t.ok(arrivals.filter((ms) => ms < 1900).length <= 10, 'at most those that were in flight')
  t.equal(listed, 8, 'the listing went on to its end: two refused sizes and six pages')
})

t.test('503 with a longer Retry-After than is waited for pauses the ' +
  'run, and it resumes by itself', {
  skip: skipOnReplicas('the clock that the test moves is not ' +
    'that of PostgreSQL')
}, async (t) => {
  const clock = createFakeClock()
  const service = await startService(t, {
    sandbox: {
      tier: 'development',
      faults: [{ kind: 'server-error-json', status: 503, endpoint: 'album', skip: 5, times: 1, retryAfter: '600' }],
    },
    dependencies: { clock },
  })
  const run = await service.ingest({ limit: 20 })
  t.match(run, {
    status: 'paused',
    error: { code: 'upstream_unavailable', detail: /the album answered 503.*no call to it before/ },
  })
  t.equal(run.resumeAt, new Date(clock.now() + 600_000).toISOString())
  const { total } = service.sandbox.sandbox.stats().byEndpoint.album
  t.match(
    await service.ingest({ limit: 3, refresh: true }),
    { status: 'paused', resumeAt: run.resumeAt },
    'another run waits too'
  )
  t.equal(service.sandbox.sandbox.stats().byEndpoint.album.total, total)
  const done = ended(service.app, run.id, false)
  await clock.pass(601_000)
  t.match(await done, { status: 'succeeded', complete: true })
})

t.test('a second process asks nothing that the first one knows, until that is a day ' +
  'old; a success sets it right', {
  skip: skipOnReplicas('the clock that the test moves is not ' +
    'that of PostgreSQL')
}, async (t) => {
  const clock = createFakeClock({ skipping: true })
  const env = { ALBUM_CACHE_HOURS: '0', RETENTION_DAYS: '0' }
  const first = await startService(t, { sandbox: { tier: 'development' }, env, dependencies: { clock } })
  const { sandbox } = first.sandbox
  await first.ingest({ limit: 30 })
  const again = async (title: string, expected: object): Promise<void> => {
    sandbox.resetStats()
    const service = await startService(t, { on: first, dataDir: first.dataDir, env, dependencies: { clock } })
    t.match(await service.ingest({ limit: 30 }), { status: 'succeeded', cost: { byEndpoint: expected } }, title)
    await service.app.close()
  }
  await first.app.close()
  await again('at once', { newReleases: undefined, search: 3, albums: undefined, album: 30 })
  await clock.sleep(FACT_LIFETIME_MS - 600_000)
  await again('just before a day has passed', { newReleases: undefined, search: 3, albums: undefined, album: 30 })
  sandbox.change({ tier: 'extended' })
  await clock.sleep(1_200_000)
  await again('after it', { newReleases: 1, search: undefined, albums: 2, album: undefined })
  await again('and what works now is known', { newReleases: 1, albums: 2 })
})

function isOnOnePage (albums: ReadonlyArray<{ group: string }>): boolean {
  return albums.length < 10 && albums.some(({ group }) => group === 'album' || group === 'single')
}

async function runUnder (
  t: Test,
  tier: Tier,
  faults: Fault[],
  body: object = {}
): Promise<{ run: Awaited<ReturnType<Service['ingest']>>, service: Service }> {
  const service = await startService(t, { sandbox: { tier, faults }, dependencies: { clock: createFastClock(100) } })
  return { run: await service.ingest(body), service }
}

interface Answered {
  status: number
  body: unknown
  headers?: Record<string, string>
}

interface Asked {
  url: string
  token: string
  /** Whether less than this time has passed since the first call of the API. */
  isWithin: (ms: number) => boolean
}

/** A service on a sandbox behind a proxy that answers some requests itself. */
async function startBehind (
  t: Test,
  settings: Partial<SandboxSettings>,
  answer: (asked: Asked) => Answered | null
): Promise<Service> {
  const { sandbox, sandboxUrl } = await startSandbox(t, settings)
  let firstAtMs: number | null = null
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const url = request.url ?? ''
    if (url.startsWith('/v1/')) firstAtMs ??= performance.now()
    const answered = answer({
      url,
      token: request.headers.authorization ?? '',
      isWithin: (ms) => performance.now() - (firstAtMs ?? 0) < ms,
    })
    if (answered === null) {
      forward(sandboxUrl, request, response).catch(() => response.destroy())
      return
    }
    request.resume()
    response.writeHead(answered.status, { 'content-type': 'text/plain', ...answered.headers })
    response.end(typeof answered.body === 'string' ? answered.body : JSON.stringify(answered.body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { server.closeAllConnections(); server.close() })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return await startService(t, {
    on: { sandbox, sandboxUrl },
    env: { SPOTIFY_API_URL: `${url}/v1`, SPOTIFY_TOKEN_URL: `${url}/api/token` },
    dependencies: { retryBaseMs: 500 },
  })
}

async function forward (sandboxUrl: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const { authorization = '', 'content-type': type = '' } = request.headers
  const answer = await fetch(sandboxUrl + request.url, {
    method: request.method ?? 'GET',
    headers: { authorization, ...type === '' ? {} : { 'content-type': type } },
    ...chunks.length === 0 ? {} : { body: Buffer.concat(chunks) },
  })
  response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' })
  response.end(Buffer.from(await answer.arrayBuffer()))
}
