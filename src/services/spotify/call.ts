import { type Dispatcher } from 'undici'
import { PauseError, ServiceError } from '../../errors.ts'
import { type Clock } from '../clock.ts'
import { type Log } from '../log.ts'
import { type Answer } from './answer.ts'
import { type AnswerBudget, type AnswerRoom } from './answer-budget.ts'
import { type Evidence, NO_EVIDENCE, NO_TRIES, type Tries, decide } from './call-policy.ts'
import { type Verdict, classify } from './classify.ts'
import { type Endpoint, ENDPOINT_NAMES, isListing } from './endpoint.ts'
import { createEndpointPauses } from './endpoint-pause.ts'
import { exchange } from './exchange.ts'
import { type Meter } from './meter.ts'
import { type Pacer, type Permit } from './pacer.ts'
import { type RetryPolicy } from './retry-policy.ts'
import { createSlots } from './slots.ts'
import { type TokenManager } from './token-manager.ts'
import { type Wait } from './wait.ts'

export interface CallOptions {
  dispatcher: Dispatcher
  tokens: TokenManager
  pacer: Pacer
  clock: Clock
  random: () => number
  retry: RetryPolicy
  timeoutMs: number
  answers: AnswerBudget
  /** Calls in flight at once, of all runs together. */
  maxConcurrency: number
  /** How long a run stops when one call was answered 429 as often as it may be tried. */
  maxWaitMs: number
  log: Log
}

/** Whom a call is made for: who may stop it, and whose cost it is. */
export interface CallContext {
  signal: AbortSignal
  /** Calls on the same meter are those of one run, and the calls of its listing go first among them: they tell what else to ask. */
  meter: Meter
  /** Called, and waited for, when something new may be known of an endpoint. */
  learned?: () => Promise<void>
}

/**
 * What is done with an answer while its call still holds its place among the calls in flight. What is stored here
 * keeps a promise: a crash costs no more calls than those that were in flight.
 */
export interface Receiver<T> {
  /** Gets the JSON body of a 200. It must make no call: that could wait for its own place. */
  answered: (body: unknown) => Promise<T>
  /** Told of a refusal before it is thrown; may throw another error instead. */
  refused?: (error: ServiceError) => Promise<void>
}

/** The receiver of one call, and what is known of the endpoint and of what is asked for when an answer is judged. */
export interface CallReceiver<T> extends Receiver<T> {
  evidence?: () => Evidence
}

/**
 * Get the JSON body of one call to its receiver, obeying whatever Spotify says on the way.
 * Throws `PauseError`; `upstream_unavailable` or `upstream_invalid` after the last try; a refusal by its code, once it was
 * asked as often as the evidence against it wants; `invalid_client`; the signal's reason; what the receiver throws.
 */
export type Call = <T>(endpoint: Endpoint, url: URL, context: CallContext, receiver: CallReceiver<T>) => Promise<T>

/** Tokens that live shorter than a turn is waited for are fetched in it after so many. */
const MOST_TURNS = 3

export function createCall (options: CallOptions): Call {
  const { dispatcher, tokens, pacer, clock, retry, random, timeoutMs, log } = options
  const inSlot = createSlots(options.maxConcurrency)
  const pauses = createEndpointPauses(options)

  /**
   * A token (none is asked for during a pause) and the pacer's permit, which is used at once or not at all: while a token is
   * fetched a pause may begin.
   */
  async function permission (endpoint: Endpoint, signal: AbortSignal, meter: Meter): Promise<{ permit: Permit, token: string }> {
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted()
      await pacer.throwIfHeld()
      await tokens.get(signal).finally(meter.wait(tokens.waiting))
      const permit = await pacer.take(signal, endpoint).finally(meter.hold(pacer.waiting))
      try {
        const token = tokens.current() ?? (tries < MOST_TURNS ? null : await tokens.get(signal))
        if (token !== null) return { permit, token }
      } catch (error) {
        permit.done(false)
        throw error
      }
      permit.done(false)
    }
  }

  /** One attempt: token and permit, the exchange, the verdict; null where the endpoint was paused before the call could be made. */
  async function attempt (endpoint: Endpoint, url: URL, { signal, meter }: CallContext, room: AnswerRoom): Promise<{ verdict: Verdict, token: string } | null> {
    const { permit, token } = await permission(endpoint, signal, meter)
    if (pauses.isPaused(endpoint)) {
      permit.done(false)
      return null
    }
    const startedMs = clock.monotonic()
    let answer: Answer
    try {
      const landed = meter.call(endpoint)
      answer = await exchange(dispatcher, { method: 'GET', url, headers: { authorization: `Bearer ${token}` } }, { signal, timeoutMs, room }).finally(landed)
    } catch (error) {
      permit.done(false)
      throw error
    }
    const verdict = classify(answer, clock.now(), [[token, 'token']])
    log.debug({ endpoint, status: answer.kind === 'response' ? answer.status : answer.reason, ms: Math.round(clock.monotonic() - startedMs) }, 'called Spotify')
    if (verdict.kind === 'limited') await pacer.limited(permit, verdict)
    else permit.done(answer.kind === 'response')
    if (verdict.kind === 'ok' || verdict.kind === 'refused') tokens.accepted(token)
    obeyRetryAfter(endpoint, verdict)
    return { verdict, token }
  }

  /** A long time on a refusal is not obeyed: it would pause a run where there may be a workaround. */
  function obeyRetryAfter (endpoint: Endpoint, verdict: Verdict): void {
    if ((verdict.kind !== 'retry' && verdict.kind !== 'refused') || verdict.retryAfterMs === null) return
    if (verdict.kind === 'retry' || verdict.retryAfterMs <= options.maxWaitMs) pauses.begin(endpoint, verdict.retryAfterMs, verdict.detail)
  }

  /** One attempt and, where it settles the call, what the receiver does with it: all of it in one place among the calls in flight. */
  async function attemptAndReceive<T> (endpoint: Endpoint, url: URL, context: CallContext, receiver: CallReceiver<T>, tries: Tries): Promise<Received<T>> {
    const room = options.answers.open()
    try {
      const attempted = await attempt(endpoint, url, context, room)
      return attempted === null ? { kind: 'paused' } : await receive(attempted, endpoint, receiver, tries)
    } finally {
      room.release()
    }
  }

  async function receive<T> ({ verdict, token }: { verdict: Verdict, token: string }, endpoint: Endpoint, receiver: CallReceiver<T>, tries: Tries): Promise<Received<T>> {
    if (verdict.kind === 'ok') return { kind: 'ok', value: await receiver.answered(verdict.value) }
    if (verdict.kind === 'retry') pauses.throwIfLong(endpoint)
    const decision = decide(verdict, tries, { evidence: receiver.evidence?.() ?? NO_EVIDENCE, isTokenNew: tokens.isNew(token) }, retry, random())
    if (decision.kind === 'again') return { ...decision, verdict, token }
    if (verdict.kind === 'limited') await pacer.throwIfHeld() // it knows better until when
    const error = finalError(endpoint, verdict, decision.tries, clock.now() + options.maxWaitMs)
    if (verdict.kind === 'refused') await receiver.refused?.(error)
    throw error
  }

  async function backOff (endpoint: Endpoint, waitMs: number, { detail }: Refused, tries: Tries, { meter, signal }: CallContext): Promise<void> {
    const attempt = triesSpent(tries)
    log.warn({ endpoint, attempt, waitMs: Math.round(waitMs), detail }, 'call failed, trying again')
    const wait: Wait = {
      for: 'retry',
      untilMs: Math.ceil(clock.now() + waitMs),
      detail: `attempt ${attempt + 1} of ${retry.maxAttempts}: ${ENDPOINT_NAMES[endpoint]} ${detail}`,
    }
    await clock.sleep(waitMs, signal).finally(meter.wait(() => wait))
  }

  return async function call<T> (endpoint: Endpoint, url: URL, context: CallContext, receiver: CallReceiver<T>): Promise<T> {
    const { meter, signal } = context
    let tries = NO_TRIES
    for (;;) {
      if (pauses.isPaused(endpoint)) await pauses.wait(endpoint, signal).finally(meter.hold(() => pauses.waiting(endpoint)))
      const seated = meter.wait(pacer.waiting) // the calls that have the slots are held back by the pacer, or in flight
      const received = await inSlot({ owner: meter, isUrgent: isListing(endpoint), signal }, async () => {
        seated()
        return await attemptAndReceive(endpoint, url, context, receiver, tries)
      }).finally(seated)
      if (received.kind === 'ok') return received.value
      if (received.kind === 'paused') continue
      const { verdict, token, waitMs } = received
      tries = received.tries
      if (waitMs > 0) await backOff(endpoint, waitMs, verdict, tries, context)
      if (verdict.kind === 'renew') await tokens.renew(token, signal).finally(meter.wait(tokens.waiting))
      meter.retry()
    }
  }
}

/** What became of an attempt that nothing was thrown for. */
type Received<T> =
  | { kind: 'ok', value: T }
  | { kind: 'paused' }
  | { kind: 'again', tries: Tries, waitMs: number, verdict: Refused, token: string }

type Refused = Exclude<Verdict, { kind: 'ok' }>

/** Tries that were followed by a backoff. */
function triesSpent ({ faults, refusals }: Tries): number {
  return Object.values(refusals).reduce((sum, asked) => sum + asked, faults)
}

/** What a call is over with, with its evidence. */
function finalError (endpoint: Endpoint, verdict: Refused, tries: Tries, resumeAtMs: number): ServiceError {
  const evidence = `${ENDPOINT_NAMES[endpoint]} ${verdict.detail}`
  switch (verdict.kind) {
    case 'renew':
      return new ServiceError('upstream_invalid', `${evidence} also with new tokens (${tries.renewals + tries.faults} tries): check that SPOTIFY_TOKEN_URL and SPOTIFY_API_URL belong together`)
    case 'limited':
      return new PauseError('rate_limited', `${evidence} ${tries.limits} times in a row: no call before ${new Date(resumeAtMs).toISOString()}`, resumeAtMs)
    case 'retry':
      return new ServiceError(verdict.code, `${evidence} (${tries.faults} tries): resume the run later`)
    case 'refused': {
      const asked = tries.refusals[verdict.code] ?? 1
      const detail = `${evidence}${asked > 1 ? ` (${asked} times)` : ''}${ADVICE[verdict.code] ?? ''}`
      return new ServiceError(verdict.code, detail, { affectsEveryCall: verdict.code === 'premium_required', upstreamStatus: verdict.status })
    }
  }
}

const ADVICE: Partial<Record<ServiceError['code'], string>> = {
  premium_required: ': the owner of the app needs Spotify Premium; after renewing it, it can take some hours',
  endpoint_unavailable: ': not available to this app',
}
