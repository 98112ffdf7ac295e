import { type Dispatcher } from 'undici'
import { PauseError, ServiceError } from '../../errors.ts'
import { type Clock } from '../clock.ts'
import { type Log } from '../log.ts'
import { type Answer } from './answer.ts'
import { type Verdict, classify } from './classify.ts'
import { type Endpoint, isListing } from './endpoint.ts'
import { exchange } from './exchange.ts'
import { type Meter } from './meter.ts'
import { type Pacer, type Permit } from './pacer.ts'
import { type RetryPolicy, retryDelayMs } from './retry-policy.ts'
import { createSlots } from './slots.ts'
import { type TokenManager } from './token-manager.ts'

export interface CallOptions {
  dispatcher: Dispatcher
  tokens: TokenManager
  pacer: Pacer
  clock: Clock
  random: () => number
  retry: RetryPolicy
  timeoutMs: number
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

/**
 * Get the JSON body of one call to its receiver, obeying whatever Spotify says on the way.
 * Throws `PauseError`; `upstream_unavailable` or `upstream_invalid` after the last try; what `classify`
 * calls a refusal, by its code; `invalid_client`; the signal's reason; what the receiver throws.
 */
export type Call = <T>(endpoint: Endpoint, url: URL, context: CallContext, receiver: Receiver<T>) => Promise<T>

/** Tokens that live shorter than a turn is waited for are fetched in it after so many. */
const MOST_TURNS = 3

export function createCall (options: CallOptions): Call {
  const { dispatcher, tokens, pacer, clock, retry, random, timeoutMs, log } = options
  const inSlot = createSlots(options.maxConcurrency)

  /**
   * A token (none is asked for during a pause) and the pacer's permit, which is used at once or not at all: while a token is
   * fetched a pause may begin.
   */
  async function permission (signal: AbortSignal, meter: Meter): Promise<{ permit: Permit, token: string }> {
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted()
      await pacer.throwIfHeld()
      await tokens.get(signal)
      const resume = meter.hold()
      const permit = await pacer.take(signal).finally(resume)
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

  /** One attempt: token and permit, the exchange, the verdict. */
  async function attempt (endpoint: Endpoint, url: URL, { signal, meter }: CallContext): Promise<{ verdict: Verdict, token: string }> {
    const { permit, token } = await permission(signal, meter)
    const startedMs = clock.monotonic()
    let answer: Answer
    try {
      meter.call(endpoint)
      answer = await exchange(dispatcher, { method: 'GET', url, headers: { authorization: `Bearer ${token}` } }, { signal, timeoutMs })
    } catch (error) {
      permit.done(false)
      throw error
    }
    const verdict = withoutToken(classify(answer, clock.now()), token)
    log.debug({ endpoint, status: answer.kind === 'response' ? answer.status : answer.reason, ms: Math.round(clock.monotonic() - startedMs) }, 'called Spotify')
    if (verdict.kind === 'limited') await pacer.limited(permit, verdict)
    else permit.done(answer.kind === 'response')
    return { verdict, token }
  }

  /** One attempt and, where it settles the call, what the receiver does with it: all of it in one place among the calls in flight. */
  async function attemptAndReceive<T> (endpoint: Endpoint, url: URL, context: CallContext, receiver: Receiver<T>): Promise<Received<T>> {
    const { verdict, token } = await attempt(endpoint, url, context)
    if (verdict.kind === 'ok') return { kind: 'ok', value: await receiver.answered(verdict.value) }
    if (verdict.kind !== 'refused') return { ...verdict, token }
    const error = new ServiceError(verdict.code, `${NAMES[endpoint]} ${verdict.detail}${ADVICE[verdict.code] ?? ''}`, { affectsEveryCall: verdict.code === 'premium_required', upstreamStatus: verdict.status })
    await receiver.refused?.(error)
    throw error
  }

  return async function call<T> (endpoint: Endpoint, url: URL, context: CallContext, receiver: Receiver<T>): Promise<T> {
    let renewals = 0
    let limits = 0
    let faults = 0
    for (;;) {
      const { meter: owner, signal } = context
      const verdict = await inSlot({ owner, isUrgent: isListing(endpoint), signal }, async () => await attemptAndReceive(endpoint, url, context, receiver))
      switch (verdict.kind) {
        case 'ok':
          return verdict.value
        case 'renew':
          if (++renewals > 1) throw new ServiceError('upstream_invalid', `${NAMES[endpoint]} ${verdict.detail} also with a new token: check that SPOTIFY_TOKEN_URL and SPOTIFY_API_URL belong together`)
          await tokens.renew(verdict.token, context.signal)
          break
        case 'limited':
          if (++limits >= retry.maxAttempts) {
            await pacer.throwIfHeld() // it knows better until when
            throw new PauseError('rate_limited', `${NAMES[endpoint]} ${verdict.detail} ${limits} times in a row: the run goes on later by itself`, clock.now() + options.maxWaitMs)
          }
          break
        case 'retry': {
          if (++faults >= retry.maxAttempts) throw new ServiceError(verdict.code, `${NAMES[endpoint]} ${verdict.detail} (${faults} tries): resume the run later`)
          const waitMs = retryDelayMs(faults, retry, random())
          log.warn({ endpoint, attempt: faults, waitMs: Math.round(waitMs), detail: verdict.detail }, 'call failed, trying again')
          await clock.sleep(waitMs, context.signal)
          break
        }
      }
      context.meter.retry()
    }
  }
}

/** What became of an attempt that nothing was thrown for. */
type Received<T> = { kind: 'ok', value: T } | Exclude<Verdict, { kind: 'ok' | 'refused' }> & { token: string }

/** Some proxies send back what they were sent: the token must not get into errors and logs by that way. */
function withoutToken (verdict: Verdict, token: string): Verdict {
  return 'detail' in verdict ? { ...verdict, detail: verdict.detail.replaceAll(token, '[token]') } : verdict
}

/** How a sentence calls an endpoint. */
const NAMES: Record<Endpoint, string> = {
  newReleases: 'new-releases',
  search: 'search',
  album: 'the album',
  albums: 'the batch of albums',
  albumTracks: "the album's tracks",
  artistAlbums: "the artist's albums",
}

const ADVICE: Partial<Record<ServiceError['code'], string>> = {
  premium_required: ': the owner of the app needs Spotify Premium; after renewing it, it can take some hours',
  endpoint_unavailable: ': not available to this app',
}
