import { PauseError, ServiceError, hasCode } from '../../../errors.ts'
import { abortable } from '../../abortable.ts'
import type { Clock } from '../../clock.ts'
import type { Log } from '../../log.ts'
import type { SpotifyResponse } from '../http/response.ts'
import type { ResponseBudget } from '../http/response-budget.ts'
import { type Outbound, send } from '../http/send.ts'
import { type RetryPolicy, parseRetryAfterMs, retryDelayMs, unnamedPauseMs } from '../http/retry-policy.ts'
import type { Pause } from '../pacing/pause.ts'
import { type PauseStore, type TokenPause, createTokenPause } from './token-pause.ts'
import { type Token, type TokenVerdict, credentials, judge } from './token-response.ts'
import { type Wait, waitForPause } from '../pacing/wait.ts'

export interface TokenManager {
  /** The present token, fetched or renewed first where needed. */
  get: (signal: AbortSignal) => Promise<string>
  /** The present token, while it may be used; null: there is none, and nobody is asked for one. */
  current: () => string | null
  /** The API answered a call with this token. */
  accepted: (value: string) => void
  /** Whether it is the present token, and no call was answered with it yet. */
  isNew: (value: string) => boolean
  /** A token other than `refused`, which the API did not accept. Many callers with the same one cause one request. */
  renew: (refused: string, signal: AbortSignal) => Promise<string>
  /**
   * The time before which there can be no token, if the token endpoint named one. While a token is good, nothing is
   * paused.
   */
  pause: () => Pause | null
  /** What those who wait for a token wait for; null while nobody has to, or a request is on its way. */
  waiting: () => Wait | null
  /** What the last attempt to get a token came to; null before the first one has ended. */
  lastOutcome: () => TokenOutcome | null
  /** Requests made to the token endpoint so far. */
  requests: () => number
  /** Stop a request under way. */
  close: () => void
}

/** `detail` says why there is no token. `atMs` is in epoch milliseconds. */
export interface TokenOutcome {
  ok: boolean
  detail: string | null
  atMs: number
}

interface TokenManagerOptions {
  clientId: string
  clientSecret: string
  tokenUrl: URL
  dispatcher: Outbound
  clock: Clock
  random: () => number
  retry: RetryPolicy
  timeoutMs: number
  answers: ResponseBudget
  /** Keeps the time that the token endpoint named. */
  pauses: PauseStore
  log: Log
}

/**
 * One token for the whole process by the client credentials flow, fetched once however many callers wait.
 * Source: https://developer.spotify.com/documentation/web-api/tutorials/client-credentials-flow
 * Throws `invalid_client` where the body says so (never retried), after the last try `upstream_unavailable` or, where
 * the answers are not a token endpoint's, `upstream_invalid`, or a `PauseError` when it names a time that is too far
 * for waiting.
 */
export function createTokenManager (options: TokenManagerOptions): TokenManager {
  const { clock, log } = options
  const closing = new AbortController()
  const pause = createTokenPause({ store: options.pauses, maxWaitMs: options.retry.maxWaitMs, clock, log })
  let token: Token | null = null
  let pending: Promise<Token> | null = null
  let requests = 0
  let wait: Wait | null = null
  let outcome: TokenOutcome | null = null

  /** Every caller waits for the same request; one that gives up does not stop it for the others. */
  function fetchOnce (): Promise<Token> {
    pending ??= fetchToken(
      options, pause, closing.signal, { onRequest: () => { requests++ }, onWait: (next) => { wait = next } }
    )
      .then((fresh) => {
        token = fresh
        outcome = { ok: true, detail: null, atMs: clock.now() }
        log.info(
          { renewAt: new Date(clock.now() + fresh.renewAtMs - clock.monotonic()).toISOString() }, 'token fetched'
        )
        return fresh
      }, (error: unknown) => {
        if (!(error instanceof ServiceError) || closing.signal.aborted) throw error
        outcome = { ok: false, detail: error.message, atMs: clock.now() }
        if (hasCode(error, 'invalid_client')) {
          log.error({ code: error.code, detail: error.message }, 'Spotify refuses the credentials')
        }
        throw error
      })
      .finally(() => {
        pending = null
        wait = null
      })
    return pending
  }

  async function get (signal: AbortSignal): Promise<string> {
    signal.throwIfAborted()
    const now = clock.monotonic()
    if (token === null || now >= token.endsAtMs) return (await abortable(fetchOnce(), signal)).value
    if (now >= token.renewAtMs && pending === null) renewEarly(token)
    return token.value
  }

  /** Nobody waits for this: the present token is good until its end. */
  function renewEarly (present: Token): void {
    fetchOnce().catch((error: unknown) => {
      present.renewAtMs = present.endsAtMs // what has failed now is not asked for by each call until then
      if (!closing.signal.aborted) log.warn({ err: error }, 'early token renewal failed; using the current token')
    })
  }

  async function renew (refused: string, signal: AbortSignal): Promise<string> {
    if (token?.value === refused) token = null
    return await get(signal)
  }

  function current (): string | null {
    return token !== null && clock.monotonic() < token.endsAtMs ? token.value : null
  }

  return {
    get,
    current,
    renew,
    accepted (value) {
      if (token?.value === value) token.isAccepted = true
    },
    isNew: (value) => token?.value === value && !token.isAccepted,
    pause: () => current() === null ? pause.current() : null,
    waiting: () => wait,
    lastOutcome: () => outcome,
    requests: () => requests,
    close: () =>
      closing.abort(new ServiceError('shutting_down', 'the service is shutting down', { affectsEveryCall: true })),
  }
}

interface FetchHooks {
  onRequest: () => void
  /** Called with what the next request waits for, and with null when it is made. */
  onWait: (wait: Wait | null) => void
}

async function fetchToken (
  options: TokenManagerOptions, pause: TokenPause, signal: AbortSignal, { onRequest, onWait }: FetchHooks
): Promise<Token> {
  const { clock, retry, random, log } = options
  for (let attempt = 1; ; attempt++) {
    await untilAllowed(pause, clock, signal, onWait)
    onWait(null)
    const startedMs = clock.monotonic()
    onRequest()
    const response = await ask(options, signal)
    const verdict = judge(response, startedMs, options)
    if (verdict.kind === 'token') return verdict.token
    const namedMs = namedWaitMs(response, clock.now())
    const isLimit = verdict.code === 'rate_limited'
    const waitMs = namedMs ?? (isLimit ? unnamedPauseMs(attempt, false) : retryDelayMs(attempt, retry, random()))
    const isOver = attempt >= retry.maxAttempts || waitMs > retry.maxWaitMs
    const code = isLimit ? 'rate_limited' : 'upstream_unavailable'
    const named = namedMs === null
      ? null
      : await pause.begin({ leftMs: namedMs, isLong: isOver, code, detail: `the token endpoint ${verdict.detail}` })
    if (isOver && named !== null) throw pauseError(named)
    if (isOver) throw lastError(verdict, attempt)
    log.warn({ attempt, waitMs: Math.round(waitMs), detail: verdict.detail }, 'token request failed; retrying')
    if (named === null) {
      onWait({
        for: 'retry',
        untilMs: Math.ceil(clock.now() + waitMs),
        detail: `attempt ${attempt + 1} of ${retry.maxAttempts}: the token endpoint ${verdict.detail}`,
      })
    } else onWait(waitForPause(named))
    await clock.sleep(waitMs, signal)
  }
}

function lastError ({ code, detail }: TokenVerdict & { kind: 'again' }, tries: number): ServiceError {
  const evidence = `the token endpoint ${detail} (${tries} tries)`
  if (code === 'upstream_invalid') {
    return new ServiceError(
      code, `${evidence}: check SPOTIFY_TOKEN_URL, or try again later`, { affectsEveryCall: true }
    )
  }
  return new ServiceError('upstream_unavailable', `${evidence}: try again later`, { affectsEveryCall: true })
}

/** The end of the pause, whichever process was told of it; throws where it is too far for waiting. */
async function untilAllowed (
  pause: TokenPause, clock: Clock, signal: AbortSignal, onWait: FetchHooks['onWait']
): Promise<void> {
  for (let known; (known = await pause.read()) !== null;) {
    if (known.isLong) throw pauseError(known.pause)
    onWait(waitForPause(known.pause))
    await clock.sleep(known.leftMs, signal)
  }
}

function namedWaitMs (response: SpotifyResponse, nowMs: number): number | null {
  return response.kind === 'response' ? parseRetryAfterMs(response.retryAfter, nowMs) : null
}

function pauseError ({ code, detail, untilMs }: Pause): PauseError {
  return new PauseError(code, `${detail}: no request for a token before ${new Date(untilMs).toISOString()}`, untilMs)
}

/** Its answer is small: its room is free again as soon as it is parsed. */
async function ask (options: TokenManagerOptions, signal: AbortSignal): Promise<SpotifyResponse> {
  const room = options.answers.open()
  try {
    return await send(options.dispatcher, tokenRequest(options), { signal, timeoutMs: options.timeoutMs, room })
  } finally {
    room.release()
  }
}

function tokenRequest ({ clientId, clientSecret, tokenUrl }: TokenManagerOptions): Parameters<typeof send>[1] {
  return {
    method: 'POST',
    url: tokenUrl,
    headers: {
      authorization: `Basic ${credentials(clientId, clientSecret)}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  }
}
