import type { Test } from 'tap'
import { type FaultKind, faultMeets } from '../src/sandbox/settings/fault-kinds.ts'
import { createRandom } from '../src/sandbox/catalogue/random.ts'
import type { Fault } from '../src/sandbox/settings/settings.ts'
import type { Run } from '../src/schemas/run.ts'
import { createFastClock } from './fast-clock.ts'
import { isHonest } from './honesty.ts'
import { type Document, type Service, ended, startService } from './service.ts'

/** Waits of seconds pass in milliseconds, for the service and the sandbox alike. */
const SPEED = 100
export const TIERS = ['extended', 'development'] as const
export type Tier = typeof TIERS[number]
type Endpoint = Exclude<NonNullable<Fault['endpoint']>, '*'>
export type Stage = 'listing' | 'fetching'

/** The endpoints that a tier's runs really call, by stage. */
const ENDPOINTS: Record<Tier, Record<Stage, Array<Endpoint>>> = {
  extended: { listing: ['newReleases'], fetching: ['albums', 'albumTracks'] },
  development: { listing: ['search'], fetching: ['album', 'albumTracks'] },
}

/** They pass wherever they strike a few times. */
const SHORT: FaultKind[] = [
  'unauthorized', 'rate-limit', 'rate-limit-no-retry-after', 'rate-limit-text', 'quota', 'invalid-limit',
  'server-error-json', 'server-error-html', 'server-error-empty', 'bad-json', 'reset', 'cut-body', 'stall',
  'empty-page', 'next-null-early', 'next-past-cap', 'shifting',
]

/** What passes: the run gets over it and is complete. Each fires a few times. */
export const PASSING: Record<Stage, FaultKind[]> = {
  listing: [...SHORT, 'odd-item', 'wrong-total'],
  fetching: [...SHORT, 'next-repeated', 'next-foreign', 'null-item', 'broken-item', 'null-track'],
}

/** What stays or takes something away: the run ends by itself, and says what is missing. */
export const LOSING: FaultKind[] = [
  'unauthorized', 'premium', 'forbidden', 'not-found', 'invalid-limit', 'server-error-json', 'reset', 'stall',
  'bad-json', 'cut-body',
  'null-item', 'broken-item', 'odd-item', 'null-track', 'empty-page', 'shifting', 'wrong-total', 'next-null-early',
  'next-repeated', 'next-foreign', 'next-past-cap',
]

/** Answers that no honest server sends and that pass when they strike a few times: the run is complete all the same. */
export const HOSTILE_PASSING: Record<Stage, FaultKind[]> = {
  listing: [
    'unauthorized-html', 'premium-json', 'bad-request-html', 'bad-request-empty', 'redirect', 'control-characters',
    'gzip-bomb', 'gzip-label',
    'deep-nesting', 'null-name', 'null-number', 'artists-null', 'artists-text', 'big-number', 'huge-total',
    'endless-next',
  ],
  fetching: [
    'unauthorized-html', 'premium-json', 'bad-request-html', 'bad-request-empty', 'redirect', 'control-characters',
    'gzip-bomb', 'gzip-label',
    'deep-nesting', 'null-name', 'null-number', 'artists-null', 'artists-text', 'big-number', 'other-album',
    'same-place', 'restarting-numbers',
  ],
}

/** Such answers for good, of which each listing and fetching endpoint knows some. */
export const HOSTILE: FaultKind[] = [...new Set([...HOSTILE_PASSING.listing, ...HOSTILE_PASSING.fetching])]

/** The same where a token is asked for. */
export const HOSTILE_TOKENS: FaultKind[] = [
  'bad-request-html', 'bad-request-empty', 'token-server-error', 'unauthorized-html', 'premium-json', 'forbidden',
  'not-found', 'redirect',
  'control-characters', 'token-expires-huge',
]

export function cases (kinds: FaultKind[], tier: Tier, stage: Stage): Array<{ kind: FaultKind, endpoint: Endpoint }> {
  return kinds.flatMap((kind) =>
    ENDPOINTS[tier][stage].filter((endpoint) => isJudged(kind, endpoint)).map((endpoint) => ({ kind, endpoint }))
  )
}

/**
 * Whether the fault meets the endpoint, and what the sandbox holds is what should be in the document then: it has no
 * odd tracks.
 */
function isJudged (kind: FaultKind, endpoint: Endpoint): boolean {
  return faultMeets(kind, endpoint) && !(kind === 'odd-item' && endpoint === 'albumTracks')
}

export function retryAfterOf (kind: FaultKind): { retryAfter?: string } {
  if (kind === 'quota') return { retryAfter: '90' }
  return kind === 'rate-limit' ? { retryAfter: '3' } : {}
}

function usual (stage: Stage): FaultKind[] {
  return [...PASSING[stage], ...LOSING.filter((kind) => kind !== 'premium')] // which ends a run at once
}

/** Two to four faults of the kinds that `kindsOf` gives for each stage, each by chance. */
export function mixture (seed: number, tier: Tier, kindsOf: (stage: Stage) => FaultKind[] = usual): Fault[] {
  const random = createRandom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const all = (['listing', 'fetching'] as const).flatMap((stage) => cases(kindsOf(stage), tier, stage))
  return Array.from({ length: 2 + Math.floor(random() * 3) }, () => {
    const { kind, endpoint } = pick(all)
    return { kind, endpoint, probability: 0.02 + random() * 0.18, ...retryAfterOf(kind) }
  })
}

interface RunOptions { seed?: number, attempts?: number }

export async function serviceFor (
  t: Test,
  tier: Tier,
  faults: Fault[],
  { seed = 1, attempts = 3 }: RunOptions = {}
): Promise<Service> {
  return await startService(t, {
    sandbox: { tier, seed, faults, pageLimits: { newReleases: 10 } },
    env: { SPOTIFY_TIMEOUT_MS: '500', SPOTIFY_MAX_ATTEMPTS: String(attempts), LOG_LEVEL: 'info' },
    dependencies: { clock: createFastClock(SPEED), retryBaseMs: 500 },
  })
}

export async function finished (service: Service, body: object): Promise<Run> {
  const { id } = await service.app.runs.start(body)
  return await ended(service.app, id, false)
}

/** One run of 40 albums, listed on four pages, under faults; whatever becomes of it, it must not lie. */
export async function runWith (
  t: Test,
  tier: Tier,
  faults: Fault[],
  options: RunOptions = {}
): Promise<{ run: Run, service: Service }> {
  const service = await serviceFor(t, tier, faults, options)
  const run = await finished(service, { limit: 40 })
  const document: Document = await service.document(run.id)
  const title = faults.map(({ kind, endpoint }) => `${kind} on ${endpoint ?? 'every endpoint'}`).join(', ')
  isHonest(t, run, document, service.sandbox, service.sandboxUrl, `${title}: no lie`)
  return { run, service }
}

/** A run under a fault that really strikes. */
export async function runUnder (t: Test, tier: Tier, fault: Fault): Promise<Run> {
  const { run, service } = await runWith(t, tier, [fault])
  t.ok(service.sandbox.sandbox.stats().faults[fault.kind], `${fault.kind} has struck`)
  return run
}
