import { PauseError, ServiceError } from '../../errors.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { SpotifyResponse } from './http/response.ts'
import { type Evidence, NO_EVIDENCE, NO_TRIES, type Tries, decide } from './call-policy.ts'
import { type Verdict, classify } from './http/classify.ts'
import { type Endpoint, ENDPOINT_NAMES } from './http/endpoint.ts'
import { createEndpointPauses } from './pacing/endpoint-pause.ts'
import { type Outbound, send } from './http/send.ts'
import type { CostCounter } from './cost.ts'
import type { Pacer, Permit } from './pacing/pacer.ts'
import type { RetryPolicy } from './http/retry-policy.ts'
import type { Slot } from './semaphore.ts'
import type { TokenManager } from './auth/token-manager.ts'
import type { Wait } from './pacing/wait.ts'

export interface CallOptions {
  dispatcher: Outbound
  tokens: TokenManager
  pacer: Pacer
  clock: Clock
  random: () => number
  retry: RetryPolicy
  timeoutMs: number
  log: Log
}

/** Whom calls are made for: who may stop them, and whose cost they are. */
export interface CallContext {
  signal: AbortSignal
  /** Calls on the same cost are those of one run. */
  cost: CostCounter
  /** Called, and waited for, when an endpoint or a page size turned out to be refused to this app. */
  onRefused?: () => Promise<void>
}

/** The context of one call, with the slot that it is made in. */
export interface SlotContext extends CallContext {
  slot: Slot
}

/**
 * Returns the JSON body of one call, obeying whatever Spotify says on the way. The slot is lent to others during
 * backoffs.
 * Throws `PauseError`; `upstream_unavailable` or `upstream_invalid` after the last try; a refusal by its code, once it
 * was asked as often as the evidence against it wants; `invalid_client`; the signal's reason.
 */
export type Call = (endpoint: Endpoint, url: URL, context: SlotContext, evidence?: () => Evidence) => Promise<unknown>

/** Tokens that live shorter than a turn is waited for are fetched in it after so many. */
const MOST_TURNS = 3

export function createCall (options: CallOptions): Call {
  const { dispatcher, tokens, pacer, clock, retry, random, timeoutMs, log } = options
  const pauses = createEndpointPauses({ clock, maxWaitMs: retry.maxWaitMs })

  /**
   * A token (none is asked for during a pause) and the pacer's permit, which is used immediately or not at all: while a
   * token is fetched a pause may begin. With a token, the pacer itself says whether there is a pause.
   */
  async function permission (
    endpoint: Endpoint, { signal, cost }: CallContext
  ): Promise<{ permit: Permit, token: string }> {
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted()
      if (tokens.current() === null) await pacer.throwIfPaused()
      await tokens.get(signal).finally(cost.wait(tokens.waiting))
      const permit = await pacer.take(signal, endpoint).finally(cost.throttled(pacer.waiting))
      try {
        const token = tokens.current() ?? (tries < MOST_TURNS ? null : await tokens.get(signal))
        if (token !== null) return { permit, token }
      } catch (error) {
        permit.release()
        throw error
      }
      permit.release()
    }
  }

  /**
   * One attempt: token and permit, the request, the verdict; null where the endpoint was paused before the call could
   * be made.
   */
  async function attempt (
    endpoint: Endpoint, url: URL, context: SlotContext
  ): Promise<{ verdict: Verdict, token: string } | null> {
    const { signal, cost, slot } = context
    const { permit, token } = await permission(endpoint, context)
    if (pauses.isPaused(endpoint)) {
      permit.release()
      return null
    }
    const startedMs = clock.monotonic()
    const request = { method: 'GET', url, headers: { authorization: `Bearer ${token}` } } as const
    let response: SpotifyResponse
    try {
      response = await send(dispatcher, request, { signal, timeoutMs, room: slot.openRoom() }).finally(
        cost.call(endpoint)
      )
    } catch (error) {
      permit.done(false)
      throw error
    }
    const verdict = classify(response, clock.now(), [[token, 'token']])
    const status = response.kind === 'response' ? response.status : response.reason
    log.debug({ endpoint, status, ms: Math.round(clock.monotonic() - startedMs) }, 'called Spotify')
    if (verdict.kind === 'limited') {
      cost.limited()
      await pacer.limited(permit, verdict)
    } else permit.done(response.kind === 'response')
    if (verdict.kind === 'ok' || verdict.kind === 'refused') tokens.accepted(token)
    obeyRetryAfter(endpoint, verdict)
    return { verdict, token }
  }

  /** A long time on a refusal is not obeyed: it would pause a run where there may be a workaround. */
  function obeyRetryAfter (endpoint: Endpoint, verdict: Verdict): void {
    if ((verdict.kind !== 'retry' && verdict.kind !== 'refused') || verdict.retryAfterMs === null) return
    if (verdict.kind === 'refused' && verdict.retryAfterMs > retry.maxWaitMs) return
    pauses.begin(endpoint, verdict.retryAfterMs, verdict.detail)
  }

  async function backOff (
    endpoint: Endpoint, waitMs: number, { detail }: Refused, tries: Tries, context: CallContext
  ): Promise<void> {
    const attempt = triesSpent(tries)
    log.warn({ endpoint, attempt, waitMs: Math.round(waitMs), detail }, 'call failed; retrying')
    const wait: Wait = {
      for: 'retry',
      untilMs: Math.ceil(clock.now() + waitMs),
      detail: `attempt ${attempt + 1} of ${retry.maxAttempts}: ${ENDPOINT_NAMES[endpoint]} ${detail}`,
    }
    await clock.sleep(waitMs, context.signal).finally(context.cost.wait(() => wait))
  }

  return async function call (endpoint, url, context, evidence) {
    const { cost, signal, slot } = context
    let tries = NO_TRIES
    for (;;) {
      if (pauses.isPaused(endpoint)) {
        await slot.lend(
          async () => await pauses.wait(endpoint, signal).finally(cost.throttled(() => pauses.waiting(endpoint)))
        )
      }
      const attempted = await attempt(endpoint, url, context)
      if (attempted === null) continue
      const { verdict, token } = attempted
      if (verdict.kind === 'ok') return verdict.value
      if (verdict.kind === 'retry') pauses.throwIfLong(endpoint)
      const decision = decide(
        verdict, tries, { evidence: evidence?.() ?? NO_EVIDENCE, isTokenNew: tokens.isNew(token) }, retry, random()
      )
      if (decision.kind === 'over') {
        if (verdict.kind === 'limited') await pacer.throwIfPaused() // it knows better until when
        throw finalError(endpoint, verdict, decision.tries, clock.now() + retry.maxWaitMs)
      }
      const { waitMs } = decision
      tries = decision.tries
      await slot.lend(async () => {
        if (waitMs > 0) await backOff(endpoint, waitMs, verdict, tries, context)
        if (verdict.kind === 'renew') await tokens.renew(token, signal).finally(cost.wait(tokens.waiting))
      })
      cost.retry()
    }
  }
}

type Refused = Exclude<Verdict, { kind: 'ok' }>

/** Tries that were followed by a backoff. */
function triesSpent ({ faults, refusals }: Tries): number {
  return Object.values(refusals).reduce((sum, asked) => sum + asked, faults)
}

/** Returns the error with which a call ends, with its evidence. */
function finalError (endpoint: Endpoint, verdict: Refused, tries: Tries, resumeAtMs: number): ServiceError {
  const evidence = `${ENDPOINT_NAMES[endpoint]} ${verdict.detail}`
  switch (verdict.kind) {
    case 'renew':
      return new ServiceError('upstream_invalid', `${evidence} also with new tokens (${tries.renewals +
        tries.faults} tries): check that SPOTIFY_TOKEN_URL and SPOTIFY_API_URL belong together`)
    case 'limited':
      return new PauseError(
        'rate_limited',
        `${evidence} ${tries.limits} times in a row: no call before ${new Date(resumeAtMs).toISOString()}`,
        resumeAtMs
      )
    case 'retry':
      return new ServiceError(verdict.code, `${evidence} (${tries.faults} tries): resume the run later`)
    case 'refused': {
      const asked = tries.refusals[verdict.code] ?? 1
      const detail = `${evidence}${asked > 1 ? ` (${asked} times)` : ''}${ADVICE[verdict.code] ?? ''}`
      return new ServiceError(
        verdict.code, detail, { affectsEveryCall: verdict.code === 'premium_required', upstreamStatus: verdict.status }
      )
    }
  }
}

const ADVICE: Partial<Record<ServiceError['code'], string>> = {
  premium_required: ': the owner of the app needs Spotify Premium; after renewing it, it can take some hours',
  endpoint_unavailable: ': not available to this app',
}
