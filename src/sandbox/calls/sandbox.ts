import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { createCatalogue, type Catalogue } from '../catalogue/catalogue.ts'
import { checkSettings } from '../settings/check-settings.ts'
import { createFaults, type Faults } from '../faults/faults.ts'
import { createQuota, type Quota } from '../limits/quota.ts'
import { createRandom, mix } from '../catalogue/random.ts'
import { createRateLimit, type RateLimit } from '../limits/rate-limit.ts'
import { DEFAULT_SETTINGS, type SandboxSettings } from '../settings/settings.ts'
import { createStats, type SandboxStats, type StatsRecorder } from './stats.ts'
import { createTokens, type Tokens } from '../limits/tokens.ts'

/** The sandbox as tests and the control routes use it. */
export interface Sandbox {
  readonly settings: SandboxSettings
  readonly catalogue: Catalogue
  /**
   * Changes settings immediately. Catalogue, rate limit, quota and faults start again if they depend on a changed one.
   * @throws SettingsError
   */
  change (patch: Partial<SandboxSettings>): void
  /** Restores the settings of the start and revokes all tokens. */
  reset (): void
  stats (): SandboxStats
  resetStats (): void
}

/** The sandbox as its endpoints use it. */
export interface World extends Sandbox {
  readonly now: () => number
  readonly recorder: StatsRecorder
  readonly tokens: Tokens
  readonly rateLimit: RateLimit
  readonly quota: Quota
  readonly faults: Faults
  /** Waits until the latency of a call that arrived then (`performance` clock) is over, time to compute included. */
  delay (arrivedAtMs: number): Promise<void>
}

const JITTER_STREAM = 7

/**
 * Creates a sandbox with the given settings over the defaults.
 * @throws SettingsError
 */
export function createWorld (initial: Partial<SandboxSettings>, now: () => number = () => performance.now()): World {
  const first: SandboxSettings = { ...DEFAULT_SETTINGS, ...checkSettings(initial) }
  let settings = first
  const invent = () => createCatalogue(settings.seed, settings.albums, settings.day, settings.dayZero)
  let catalogue = invent()
  let rateLimit = createRateLimit(settings.rateLimit)
  let quota = createQuota(settings.quota)
  let faults = createFaults(settings.faults, settings.seed, now)
  const jitter = createRandom(mix(settings.seed, JITTER_STREAM))
  const recorder = createStats(now)
  const tokens = createTokens(now, () => settings.tokenCalls)

  function change (patch: Partial<SandboxSettings>): void {
    const names = Object.keys(checkSettings(patch))
    const touches = (...fields: Array<keyof SandboxSettings>) => fields.some((field) => names.includes(field))
    settings = { ...settings, ...patch }
    if (touches('seed', 'albums', 'day', 'dayZero')) catalogue = invent()
    if (touches('rateLimit')) rateLimit = createRateLimit(settings.rateLimit)
    if (touches('quota')) quota = createQuota(settings.quota)
    if (touches('faults', 'seed')) faults = createFaults(settings.faults, settings.seed, now)
    if (touches('rateLimit', 'quota', 'faults')) recorder.forgetBlock()
  }

  return {
    get settings () { return settings },
    get catalogue () { return catalogue },
    get rateLimit () { return rateLimit },
    get quota () { return quota },
    get faults () { return faults },
    now,
    recorder,
    tokens,
    async delay (arrivedAtMs) {
      await until(arrivedAtMs + settings.latencyMs + Math.round(jitter() * settings.jitterMs))
    },
    change,
    reset () {
      change(first)
      tokens.revoke()
    },
    stats: () => recorder.snapshot(),
    resetStats: () => recorder.reset(),
  }
}

/** How late a timer may be: it is set for earlier, and the rest is waited for in turns of the event loop. */
const TIMER_LATENESS_MS = 2

/** Waits until a time on the `performance` clock, to a tenth of a millisecond on an idle machine. */
async function until (timeMs: number): Promise<void> {
  const sleepMs = Math.floor(timeMs - performance.now()) - TIMER_LATENESS_MS
  if (sleepMs > 0) await sleep(sleepMs, undefined, { ref: false })
  while (performance.now() < timeMs) await nextTurn()
}
