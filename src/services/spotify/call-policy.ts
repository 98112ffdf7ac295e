import type { CallErrorCode, RunErrorCode } from '../../error-codes.ts'
import type { Verdict } from './http/classify.ts'
import { type RetryPolicy, retryDelayMs } from './http/retry-policy.ts'

/** What speaks against believing a refusal at its first time. */
export interface Evidence {
  /** Some call of this app was answered. */
  hasServed: boolean
  /** The endpoint has answered this app, or is documented for every tier. */
  isExpected: boolean
  /** Whether Spotify has shown the item that is asked for; null: no single item is asked for. */
  item: 'shown' | 'unseen' | null
  /** As many at once were answered before, or are documented for every tier. */
  isSizeExpected: boolean
}

export const NO_EVIDENCE: Evidence = { hasServed: false, isExpected: false, item: null, isSizeExpected: false }

/** How a call has fared so far. */
export interface Tries {
  /** Passing faults, and 401s of tokens with which no call was answered. */
  faults: number
  /** 429s. */
  limits: number
  /** 401s of tokens with which other calls were answered. */
  renewals: number
  /** Refusals by their code. */
  refusals: Partial<Record<RefusalCode, number>>
}

export const NO_TRIES: Tries = { faults: 0, limits: 0, renewals: 0, refusals: {} }

/** What the caller does about an answer that is not the wanted one. */
export type Decision =
  | { kind: 'again', tries: Tries, waitMs: number }
  /** The answer is believed, or may be tried no more. */
  | { kind: 'over', tries: Tries }

interface Circumstances {
  evidence: Evidence
  /** No call was answered with the token of this one. */
  isTokenNew: boolean
}

type RefusalCode = RunErrorCode | CallErrorCode

/** How often a refusal is asked that contradicts what is known of the endpoint or the item. */
const ASKS_IF_CONTRADICTED = 3
/** How often one is asked that nothing contradicts and nothing supports. */
const ASKS_IF_UNSUPPORTED = 2
/** How often Premium is asked where nothing has been answered: a lapsed owner costs few calls. */
const ASKS_BEFORE_PREMIUM = 3

/** Returns how many tries of one call must be refused with this code before it counts. */
export function asksToBelieve (code: RefusalCode, evidence: Evidence, maxAttempts: number): number {
  return Math.min(maxAttempts, asksWanted(code, evidence, maxAttempts))
}

function asksWanted (
  code: RefusalCode, { hasServed, isExpected, item, isSizeExpected }: Evidence, maxAttempts: number
): number {
  switch (code) {
    case 'premium_required': return hasServed ? maxAttempts : ASKS_BEFORE_PREMIUM
    case 'invalid_limit': return isSizeExpected ? ASKS_IF_CONTRADICTED : 1
    case 'endpoint_unavailable': return isExpected ? ASKS_IF_CONTRADICTED : 1
    case 'not_found':
      if (item !== null) return item === 'shown' ? ASKS_IF_CONTRADICTED : ASKS_IF_UNSUPPORTED
      return isExpected ? ASKS_IF_CONTRADICTED : 1
    default: return ASKS_IF_UNSUPPORTED
  }
}

/** Decide whether a call is tried again after this verdict, and how long it waits. */
export function decide (
  verdict: Exclude<Verdict, { kind: 'ok' }>,
  tries: Tries,
  { evidence, isTokenNew }: Circumstances,
  policy: RetryPolicy,
  random: number
): Decision {
  switch (verdict.kind) {
    case 'renew': {
      const renewals = tries.renewals + 1
      if (isTokenNew || renewals > policy.maxAttempts) return afterFault(tries, policy, random)
      return { kind: 'again', tries: { ...tries, renewals }, waitMs: 0 }
    }
    case 'limited': {
      const limits = tries.limits + 1
      return limits >= policy.maxAttempts
        ? { kind: 'over', tries: { ...tries, limits } }
        : { kind: 'again', tries: { ...tries, limits }, waitMs: 0 }
    }
    case 'retry':
      return afterFault(tries, policy, random)
    case 'refused': {
      const refusals = (tries.refusals[verdict.code] ?? 0) + 1
      const now = { ...tries, refusals: { ...tries.refusals, [verdict.code]: refusals } }
      const asks = asksToBelieve(
        verdict.code, verdict.retryAfterMs === null ? evidence : { ...evidence, isExpected: true }, policy.maxAttempts
      )
      if (refusals >= asks) return { kind: 'over', tries: now }
      return { kind: 'again', tries: now, waitMs: retryDelayMs(refusals, policy, random) }
    }
  }
}

function afterFault (tries: Tries, policy: RetryPolicy, random: number): Decision {
  const faults = tries.faults + 1
  if (faults >= policy.maxAttempts) return { kind: 'over', tries: { ...tries, faults } }
  return { kind: 'again', tries: { ...tries, faults }, waitMs: retryDelayMs(faults, policy, random) }
}
