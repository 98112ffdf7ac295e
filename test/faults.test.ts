import t, { type Test } from 'tap'
import { type Run } from '../src/schemas/run.ts'
import { createRandom } from '../src/sandbox/random.ts'
import { type Fault, type FaultKind } from '../src/sandbox/settings.ts'
import { createFastClock } from './fast-clock.ts'
import { isHonest } from './honesty.ts'
import { type Document, type Service, ended, startService } from './service.ts'

/** Waits of seconds pass in milliseconds, for the service and the sandbox alike. */
const SPEED = 100
const TIERS = ['extended', 'development'] as const
type Tier = typeof TIERS[number]
type Endpoint = NonNullable<Fault['endpoint']>
type Stage = 'listing' | 'fetching'

/** The endpoints that a tier's runs really call, by stage. */
const ENDPOINTS: Record<Tier, Record<Stage, Array<Endpoint>>> = {
  extended: { listing: ['newReleases'], fetching: ['albums', 'albumTracks'] },
  development: { listing: ['search'], fetching: ['album', 'albumTracks'] },
}

/** What passes: the run gets over it and is complete. Each fires a few times in the middle. */
const PASSING: FaultKind[] = [
  'unauthorized', 'rate-limit', 'rate-limit-no-retry-after', 'rate-limit-text', 'quota',
  'server-error-json', 'server-error-html', 'server-error-empty', 'bad-json', 'reset', 'cut-body', 'stall', 'empty-page', 'next-null-early',
]

/** What stays or takes something away: the run ends by itself, and says what is missing. */
const LOSING: FaultKind[] = [
  'premium', 'forbidden', 'not-found', 'server-error-json', 'reset', 'stall', 'bad-json',
  'null-item', 'broken-item', 'odd-item', 'null-track', 'empty-page', 'shifting', 'wrong-total', 'next-null-early', 'next-repeated', 'next-foreign', 'next-past-cap',
]

for (const tier of TIERS) {
  for (const stage of ['listing', 'fetching'] as const) {
    t.test(`${tier} tier, ${stage}: after a fault that passes the run is complete`, async (t) => {
      for (const { kind, endpoint } of cases(PASSING, tier, stage)) {
        const { run } = await runWith(t, tier, [{ kind, endpoint, skip: 1, times: 2, ...retryAfterOf(kind) }])
        t.match(run, { status: 'succeeded', complete: true }, `${kind} on ${endpoint}`)
      }
    })

    t.test(`${tier} tier, ${stage}: with a fault that stays the run ends by itself and says what is missing`, async (t) => {
      for (const { kind, endpoint } of cases(LOSING, tier, stage)) {
        const { run } = await runWith(t, tier, [{ kind, endpoint, skip: 1 }])
        t.ok(run.finishedAt, `${kind} on ${endpoint}: ${run.status}`)
      }
    })
  }
}

t.test('the token endpoint down, broken or limited for a while costs only time', async (t) => {
  for (const kind of ['server-error-json', 'server-error-html', 'server-error-empty', 'reset', 'cut-body', 'bad-json', 'rate-limit'] as const) {
    const { run } = await runWith(t, 'development', [{ kind, endpoint: 'token', times: 2 }])
    t.equal(run.status, 'succeeded', kind)
  }
})

t.test('the token endpoint down for good fails the run after one round of tries, not one per album', async (t) => {
  const { run, service } = await runWith(t, 'development', [{ kind: 'server-error-html', endpoint: 'token' }])
  t.match(run, { status: 'failed', error: { code: 'upstream_unavailable', detail: /token endpoint answered 50\d/ }, cost: { calls: 0 } })
  t.ok(service.sandbox.sandbox.stats().token <= 3)
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

t.test('Spotify down for good ends the run soon: the quota is not burnt on album after album', async (t) => {
  const { run, service } = await runWith(t, 'development', [{ kind: 'server-error-json', endpoint: 'album', skip: 10 }])
  t.match(run, { status: 'partial', progress: { albumsListed: 40 } })
  const { calls } = service.sandbox.sandbox.stats()
  t.ok(calls < 200, `${calls} calls`)
})

t.test('10 % resets, 10 % 5xx and 5 % cut bodies together: 20 seeds of 20 end complete', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const tier = seed % 2 === 0 ? 'extended' : 'development'
    const { run } = await runWith(t, tier, [
      { kind: 'reset', probability: 0.1 }, { kind: 'server-error-html', probability: 0.1 }, { kind: 'cut-body', probability: 0.05 },
    ], { seed, attempts: 5 })
    t.match(run, { status: 'succeeded', complete: true }, `seed ${seed}, ${run.cost.retries} retries`)
  }
})

t.test('30 random mixtures of faults: each run ends by itself and never lies', async (t) => {
  for (let seed = 1; seed <= 30; seed++) {
    const tier = TIERS[seed % 2] ?? 'extended'
    const { run } = await runWith(t, tier, mixture(seed, tier), { seed })
    t.ok(run.finishedAt, `seed ${seed}: ${run.status}`)
  }
})

function cases (kinds: FaultKind[], tier: Tier, stage: Stage): Array<{ kind: FaultKind, endpoint: Endpoint }> {
  return kinds.flatMap((kind) => ENDPOINTS[tier][stage].filter((endpoint) => makesSense(kind, endpoint)).map((endpoint) => ({ kind, endpoint })))
}

/** The sandbox refuses settings of faults that an endpoint cannot show. */
function makesSense (kind: FaultKind, endpoint: Endpoint): boolean {
  const isListing = endpoint === 'newReleases' || endpoint === 'search'
  if (['empty-page', 'shifting', 'wrong-total'].includes(kind) || kind.startsWith('next-')) return isListing
  if (['null-item', 'broken-item', 'odd-item'].includes(kind)) return isListing || endpoint === 'albums'
  if (kind === 'null-track') return !isListing
  return true
}

function retryAfterOf (kind: FaultKind): { retryAfter?: string } {
  if (kind === 'quota') return { retryAfter: '90' }
  return kind === 'rate-limit' ? { retryAfter: '3' } : {}
}

function mixture (seed: number, tier: Tier): Fault[] {
  const random = createRandom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const all = [...cases([...PASSING, ...LOSING.filter((kind) => kind !== 'premium')], tier, 'listing'), ...cases([...PASSING, ...LOSING.filter((kind) => kind !== 'premium')], tier, 'fetching')]
  return Array.from({ length: 2 + Math.floor(random() * 3) }, () => {
    const { kind, endpoint } = pick(all)
    return { kind, endpoint, probability: 0.02 + random() * 0.18, ...retryAfterOf(kind) }
  })
}

interface RunOptions { seed?: number, attempts?: number }

async function serviceFor (t: Test, tier: Tier, faults: Fault[], { seed = 1, attempts = 3 }: RunOptions = {}): Promise<Service> {
  return await startService(t, {
    sandbox: { tier, seed, faults, pageLimits: { newReleases: 10 } },
    env: { SPOTIFY_TIMEOUT_MS: '100', SPOTIFY_MAX_ATTEMPTS: String(attempts), LOG_LEVEL: 'info' },
    parts: { clock: createFastClock(SPEED), retryBaseMs: 500 },
  })
}

async function finished (service: Service, body: object): Promise<Run> {
  const { id } = await service.app.runs.start(body)
  return await ended(service.app, id, false)
}

/** One run of 40 albums, listed on four pages, under faults; whatever becomes of it, it must not lie. */
async function runWith (t: Test, tier: Tier, faults: Fault[], options: RunOptions = {}): Promise<{ run: Run, service: Service }> {
  const service = await serviceFor(t, tier, faults, options)
  const run = await finished(service, { limit: 40 })
  const document: Document = await service.document(run.id)
  const title = faults.map(({ kind, endpoint }) => `${kind} on ${endpoint ?? 'every endpoint'}`).join(', ')
  isHonest(t, run, document, service.sandbox, service.sandboxUrl, `${title}: no lie`)
  return { run, service }
}
