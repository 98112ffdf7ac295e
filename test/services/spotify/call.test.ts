import t, { type Test } from 'tap'
import { type ServiceError, PauseError } from '../../../src/errors.ts'
import { createResponseBudget } from '../../../src/services/spotify/http/response-budget.ts'
import { type CallContext, type CallOptions, createCall } from '../../../src/services/spotify/call.ts'
import type { Evidence } from '../../../src/services/spotify/call-policy.ts'
import { type Endpoint, isListing } from '../../../src/services/spotify/http/endpoint.ts'
import { createCostCounter } from '../../../src/services/spotify/cost.ts'
import type { Pacer } from '../../../src/services/spotify/pacing/pacer.ts'
import { createSemaphore } from '../../../src/services/spotify/semaphore.ts'
import type { Limit } from '../../../src/services/spotify/pacing/throttle.ts'
import type { TokenManager } from '../../../src/services/spotify/auth/token-manager.ts'
import { type FakeClock, START_MS, createFakeClock, settle } from '../../fake-clock.ts'
import { never } from '../../never.ts'
import { createGate } from '../gate.ts'
import { createRecordingLog } from '../recording-log.ts'
import { openMemory, startPacer } from './pacing/pacer-process.ts'
import { type Scripted, type Sent, createScriptedDispatcher, inTurn } from './scripted-dispatcher.ts'

const ALBUM = new URL('https://api.spotify.com/v1/albums/4aawyAB9vmqN3uQ7FjRGTy')

/** Tokens by number; a refused one gives the next. */
function createTokens () {
  let number = 1
  let accepted = ''
  const refused: string[] = []
  const tokens: TokenManager = {
    get: async () => `secret-token-${number}`,
    current: () => `secret-token-${number}`,
    accepted (value) { accepted = value },
    isNew: (value) => value === `secret-token-${number}` && value !== accepted,
    async renew (value) {
      refused.push(value)
      if (value === `secret-token-${number}`) number++
      return await tokens.get(never)
    },
    pause: () => null,
    waiting: () => null,
    lastOutcome: () => null,
    requests: () => number,
    close: () => {},
  }
  return { tokens, refused, rotate: () => { number++ } }
}

/** A gate that lets everybody through at once, and remembers what it was told. */
function createOpenPacer () {
  const told: string[] = []
  const limits: Limit[] = []
  const pacer: Pacer = {
    throwIfPaused: async () => {},
    async take (signal) {
      signal.throwIfAborted()
      told.push('take')
      return {
        givenAtMs: 0,
        done: (answered) => {
          told.push(`done ${answered}`)
        },
        release: () => {
          told.push('release')
        },
      }
    },
    async limited (permit, limit) {
      told.push('limited')
      limits.push(limit)
      permit.done(false)
    },
    waiting: () => null,
    state: async () => ({ pause: null, pace: 1, callsLast24Hours: 0 }),
    close: async () => {},
  }
  return { pacer, told, limits }
}

interface Setup extends Partial<CallOptions> {
  maxAttempts?: number
  maxConcurrency?: number
}

interface Whatever<T> {
  evidence?: () => Evidence
  use?: (body: unknown) => Promise<T>
}

function create (response: (sent: Sent, place: number) => Scripted | Promise<Scripted>, setup: Setup = {}) {
  const { dispatcher, sent } = createScriptedDispatcher(response)
  const clock = setup.clock as FakeClock | undefined ?? createFakeClock({ skipping: true })
  const log = createRecordingLog()
  const cost = createCostCounter(clock.monotonic)
  const { tokens, refused, rotate } = createTokens()
  const { pacer, told, limits } = createOpenPacer()
  const callInSlot = createCall({
    dispatcher,
    tokens,
    pacer,
    random: () => 1,
    retry: { maxAttempts: setup.maxAttempts ?? 5, baseMs: 500, capMs: 30_000, maxWaitMs: 60_000 },
    timeoutMs: 15_000,
    log,
    ...setup,
    clock,
  })
  const semaphore = createSemaphore({
    slots: setup.maxConcurrency ?? 10,
    answers: createResponseBudget(),
    waiting: (setup.pacer ?? pacer).waiting,
  })
  /** Makes a call, and does something with its answer, in one slot. */
  async function call<T = unknown> (
    endpoint: Endpoint,
    url: URL,
    context: CallContext,
    { evidence, use = async (body) => body as T }: Whatever<T> = {}
  ): Promise<T> {
    using slot = await semaphore.acquire(context, isListing(endpoint))
    return await use(await callInSlot(endpoint, url, { ...context, slot }, evidence))
  }
  const get = async (signal = never): Promise<unknown> => await call('album', ALBUM, { signal, cost })
  return { get, call, sent, clock, log, cost, refused, rotate, told, limits }
}

const ok: Scripted = { body: { id: 'x' } }
const expired: Scripted = { status: 401, body: { error: { status: 401, message: 'The access token expired' } } }
const limited: Scripted = { status: 429, headers: { 'retry-after': '7' }, body: 'Too many requests' }
const quota: Scripted = {
  status: 429,
  headers: { 'retry-after': '48925' },
  body: { error: { status: 429, message: 'Too many requests', reason: 'QUOTA_EXCEEDED' } },
}
const error = (status: number, message: string): Scripted => ({ status, body: { error: { status, message } } })

t.test('a call is one GET with the token, and gives the JSON', async (t) => {
  const { get, sent, told, cost } = create(() => ok)
  t.same(await get(), { id: 'x' })
  t.match(sent, [{ method: 'GET', url: ALBUM.href, headers: { authorization: 'Bearer secret-token-1' }, body: null }])
  t.same(told, ['take', 'done true'])
  t.match(cost.read(), { calls: 1, retries: 0, byEndpoint: { album: 1 } })
})

t.test('a 401 of a token that has served renews it without a wait', async (t) => {
  const { get, sent, refused, cost, clock } = create(inTurn(ok, expired, ok))
  t.same(await get(), { id: 'x' })
  t.same(await get(), { id: 'x' })
  t.same(
    sent.map(({ headers }) => headers['authorization']),
    ['Bearer secret-token-1', 'Bearer secret-token-1', 'Bearer secret-token-2']
  )
  t.same(refused, ['secret-token-1'])
  t.same(clock.slept, [])
  t.match(cost.read(), { calls: 3, retries: 1 })
})

t.test('401s of new tokens are tried again like a 5xx, each with another token, and then they count', async (t) => {
  const { get, sent, refused, clock } = create(() => expired)
  await t.rejects(get(), {
    code: 'upstream_invalid',
    affectsEveryCall: false,
    message: /401.*also with new tokens \(5 tries\).*SPOTIFY_TOKEN_URL and SPOTIFY_API_URL/,
  })
  t.equal(sent.length, 5)
  t.same(refused, [1, 2, 3, 4].map((number) => `secret-token-${number}`))
  t.same(clock.slept, [500, 1000, 2000, 4000])
})

t.test('tokens that serve only a few calls each are renewed as often as they are spent', async (t) => {
  const served = new Map<string, number>()
  const { get, refused, clock } = create(({ headers }) => {
    const token = headers['authorization'] ?? ''
    served.set(token, (served.get(token) ?? 0) + 1)
    return (served.get(token) ?? 0) > 9 ? expired : ok
  })
  await Promise.all(Array.from({ length: 100 }, () => get()))
  t.equal(new Set(refused).size, 11)
  t.same(clock.slept, [], 'each token was progress')
})

t.test('a 401 of a token that has served spends no try of the others', async (t) => {
  const { get } = create(inTurn(ok, { status: 503 }, expired, { status: 503 }, ok), { maxAttempts: 3 })
  await get()
  t.same(await get(), { id: 'x' })
})

const PASSING: Array<[string, Scripted]> = [
  ['500', { status: 500 }],
  ['502 as HTML', { status: 502, body: '<html></html>' }],
  ['503', { status: 503, body: 'x' }],
  ['504', { status: 504 }],
  ['408', { status: 408 }],
  ['425', { status: 425 }],
  ['a redirect', { status: 302, headers: { location: 'https://evil.example' } }],
  ['204', { status: 204 }],
  ['200 with an error object', { body: { error: { status: 502, message: 'Bad gateway' } } }],
  ['a reset', new Error('socket hang up')],
  ['200 with nothing', { status: 200 }],
  ['200 with HTML', { status: 200, body: '<html></html>' }],
]
for (const [what, answer] of PASSING) {
  t.test(`${what} is tried again after a backoff that doubles`, async (t) => {
    const { get, sent, clock, cost } = create(inTurn(answer, answer, answer, answer, ok))
    t.same(await get(), { id: 'x' })
    t.equal(sent.length, 5)
    t.same(clock.slept, [500, 1000, 2000, 4000])
    t.match(cost.read(), { calls: 5, retries: 4 })
  })
}

t.test('the backoff has full jitter', async (t) => {
  const { get, clock } = create(inTurn({ status: 503 }, { status: 503 }, ok), { random: () => 0.25 })
  await get()
  t.same(clock.slept, [125, 250])
})

t.test('after the last try the call fails with what it got', async (t) => {
  const { get, sent, clock } = create(() => ({ status: 503, body: 'no healthy upstream' }))
  await t.rejects(get(), {
    code: 'upstream_unavailable',
    affectsEveryCall: false,
    message: /the album answered 503 with "no healthy upstream" \(5 tries\)/,
  })
  t.equal(sent.length, 5)
  t.equal(clock.slept.length, 4)
})

t.test('one try means one try', async (t) => {
  const { get, sent } = create(() => ({ status: 503 }), { maxAttempts: 1 })
  await t.rejects(get(), { code: 'upstream_unavailable' })
  t.equal(sent.length, 1)
})

t.test('the code of the last try counts', async (t) => {
  const { get } = create(inTurn({ status: 503 }, { status: 200, body: '<html>' }), { maxAttempts: 2 })
  await t.rejects(get(), { code: 'upstream_invalid' })
})

const PREMIUM: Scripted = { status: 403, body: 'Active premium subscription required for the owner of the app.' }
const REFUSED: Array<[string, Scripted, string, boolean, number]> = [
  ['404', error(404, 'Resource not found'), 'not_found', false, 1],
  ['403', error(403, 'Forbidden'), 'endpoint_unavailable', false, 1],
  ['403 for want of Premium', PREMIUM, 'premium_required', true, 3],
  ['400 Invalid limit', error(400, 'Invalid limit'), 'invalid_limit', false, 1],
  ['400', error(400, 'Invalid base62 id'), 'request_refused', false, 2],
  ['400 with nothing', { status: 400 }, 'request_refused', false, 2],
]
for (const [what, answer, code, affectsEveryCall, asked] of REFUSED) {
  t.test(`${what}, where nothing is known, is asked ${asked} times and is ${code}`, async (t) => {
    const { get, sent, clock } = create(() => answer)
    await t.rejects(get(), { code, affectsEveryCall, message: asked > 1 ? new RegExp(`\\(${asked} times\\)`) : /./ })
    t.equal(sent.length, asked)
    t.equal(clock.slept.length, asked - 1)
  })
}

const EVIDENCE = { hasServed: true, isExpected: true, item: 'shown', isSizeExpected: true } as const
for (const [what, answer, code] of [
  ...REFUSED,
  ['403 for want of Premium as JSON', error(403, 'Premium required'), 'premium_required'] as const,
]) {
  t.test(`${what} once, against the evidence, costs one more call; only when it stays so it is ${code}`, async (t) => {
    const once = create(inTurn(answer, ok))
    const evidence = () => EVIDENCE
    t.same(await once.call('album', ALBUM, { signal: never, cost: once.cost }, { evidence }), { id: 'x' })
    t.same(once.clock.slept, [500])
    t.match(once.cost.read(), { calls: 2, retries: 1 })
    const { call, cost } = create(() => answer)
    await t.rejects(call('album', ALBUM, { signal: never, cost }, { evidence }), { code })
  })
}

const busy = (seconds: string): Scripted => ({ status: 503, headers: { 'retry-after': seconds } })
const atAlbum = (answer: Scripted) => ({ url }: Sent): Scripted => url === ALBUM.href ? answer : ok
const SEARCH = new URL('https://api.spotify.com/v1/search')

t.test('Retry-After of a 503 is obeyed by every call to that endpoint, and by no other', async (t) => {
  const clock = createFakeClock()
  let isBusy = true
  const { get, call, sent, cost } = create((one) => isBusy ? atAlbum(busy('6'))(one) : ok, { clock, maxConcurrency: 3 })
  const asked = Array.from({ length: 8 }, () => get())
  await settle()
  t.equal(sent.length, 3, 'those in flight')
  t.same(
    await call('search', SEARCH, { signal: never, cost }),
    { id: 'x' },
    'they hold no slot that another endpoint needs'
  )
  await clock.pass(5999)
  t.equal(sent.length, 4)
  isBusy = false
  await clock.pass(1)
  await Promise.all(asked)
  t.equal(sent.length, 12)
  t.equal(cost.read().throttledMs, 6000)
})

t.test('a call that waited for the pace while its endpoint was paused is not made', async (t) => {
  const clock = createFakeClock()
  const gate = createGate()
  const open = createOpenPacer()
  let takes = 0
  const slow: Pacer = {
    ...open.pacer,
    async take (signal) {
      if (takes++ === 0) await gate.promise
      return await open.pacer.take(signal)
    },
  }
  const { get, sent } = create(inTurn(busy('6'), ok), { clock, pacer: slow })
  const waiting = get()
  await settle()
  const other = get()
  await settle()
  t.equal(sent.length, 1)
  gate.resolve()
  await settle()
  t.equal(sent.length, 1)
  t.same(open.told.slice(-2), ['take', 'release'], 'its permit was released: no call was made')
  await clock.pass(6000)
  await Promise.all([waiting, other])
})

t.test('a longer time than a run waits for pauses the run, and no call reaches that endpoint before', async (t) => {
  const clock = createFakeClock()
  const { get, call, sent, cost } = create(atAlbum(busy('61')), { clock, maxAttempts: 1 })
  for (let asked = 0; asked < 3; asked++) {
    const thrown: unknown = await get().catch((reason: unknown) => reason)
    t.ok(thrown instanceof PauseError)
    t.match(thrown, {
      code: 'upstream_unavailable',
      resumeAtMs: START_MS + 61_000,
      message: /the album answered 503.*no call to it before 2026-/,
    })
  }
  t.equal(sent.length, 1)
  t.same(await call('search', SEARCH, { signal: never, cost }), { id: 'x' })
})

t.test('a wait for a paused endpoint ends with the signal', async (t) => {
  const clock = createFakeClock()
  const controller = new AbortController()
  const { get, sent } = create(() => busy('6'), { clock })
  const first = get(controller.signal)
  const second = get(controller.signal)
  await settle()
  controller.abort(new Error('canceled'))
  for (const one of [first, second]) await t.rejects(one, { message: 'canceled' })
  t.ok(sent.length <= 2)
})

t.test('a long Retry-After on a refusal is no pause', async (t) => {
  const { get, sent } = create(() => ({ status: 404, headers: { 'retry-after': '3600' } }))
  await t.rejects(get(), { code: 'not_found' })
  t.equal(sent.length, 3)
})

t.test('a 429 is told to the pacer with its time and kind, and the call is made again', async (t) => {
  const { get, sent, told, limits, clock } = create(inTurn(limited, ok))
  t.same(await get(), { id: 'x' })
  t.same(told, ['take', 'limited', 'done false', 'take', 'done true'])
  t.same(limits, [
    { kind: 'limited', quota: false, retryAfterMs: 7000, detail: 'answered 429 with "Too many requests"' },
  ])
  t.equal(sent.length, 2)
  t.same(clock.slept, [], 'how long is the pacer\'s affair')
})

t.test('429s spend no try of the others', async (t) => {
  const { get } = create(inTurn(limited, { status: 503 }, limited, ok), { maxAttempts: 3 })
  t.same(await get(), { id: 'x' })
})

t.test('as many 429s as tries are a pause of the run, not a failure', async (t) => {
  const { get, sent } = create(() => limited)
  const thrown: unknown = await get().catch((reason: unknown) => reason)
  t.ok(thrown instanceof PauseError)
  t.match(thrown, {
    code: 'rate_limited',
    resumeAtMs: START_MS + 60_000,
    message: /the album answered 429.*5 times in a row/,
  })
  t.equal(sent.length, 5)
})

t.test('every try passes the pacer, and every permit is given back', async (t) => {
  const { get, told } = create(inTurn({ status: 503 }, expired, limited, new Error('reset'), ok))
  await get()
  t.same(told, [
    'take',
    'done true',
    'take',
    'done true',
    'take',
    'limited',
    'done false',
    'take',
    'done false',
    'take',
    'done true',
  ])
})

t.test('an abort while the call is under way is thrown with its reason, and the permit is given back', async (t) => {
  const controller = new AbortController()
  const { get, told } = create(() => 'silence')
  const asked = get(controller.signal)
  await settle()
  controller.abort(new Error('canceled'))
  await t.rejects(asked, { message: 'canceled' })
  t.same(told, ['take', 'done false'])
})

t.test('an abort ends the backoff', async (t) => {
  const controller = new AbortController()
  const { get, clock, sent } = create(() => ({ status: 503 }), { clock: createFakeClock() })
  const asked = get(controller.signal)
  await settle()
  t.equal(clock.sleeping(), 1)
  controller.abort(new Error('canceled'))
  await t.rejects(asked, { message: 'canceled' })
  t.equal(sent.length, 1)
})

t.test('who has given up before calling makes no call', async (t) => {
  const { get, sent, told } = create(() => ok)
  await t.rejects(get(AbortSignal.abort(new Error('gone'))), { message: 'gone' })
  t.same([sent, told], [[], []])
})

t.test('no more calls are in flight than allowed, and the next goes out when one is over', async (t) => {
  const gates = Array.from({ length: 5 }, () => createGate<Scripted>())
  const { get, sent } = create((_sent, place) => gates[place]?.promise ?? ok, { maxConcurrency: 2 })
  const asked = Array.from({ length: 5 }, () => get())
  await settle()
  t.equal(sent.length, 2)
  gates[1]?.resolve(ok)
  await settle()
  t.equal(sent.length, 3)
  for (const gate of gates) gate.resolve(ok)
  await Promise.all(asked)
  t.equal(sent.length, 5)
})

t.test("the calls of a run's listing go before its albums, and not before what " +
  'another run has asked for earlier', async (t) => {
  const gates = Array.from({ length: 6 }, () => createGate<Scripted>())
  const { call, sent, clock, cost } = create((_sent, place) => gates[place]?.promise ?? ok, { maxConcurrency: 1 })
  const mine = { signal: never, cost }
  const others = { signal: never, cost: createCostCounter(clock.monotonic) }
  const asked = [
    call('album', new URL('/mine-1', ALBUM), mine),
    call('album', new URL('/mine-2', ALBUM), mine),
    call('album', new URL('/others-1', ALBUM), others),
    call('albumTracks', new URL('/mine-3', ALBUM), mine),
    call('search', new URL('/mine-listing', ALBUM), mine),
    call('artistAlbums', new URL('/others-listing', ALBUM), others),
  ]
  for (const gate of gates) {
    await settle()
    gate.resolve(ok)
  }
  await Promise.all(asked)
  t.same(
    sent.map(({ url }) => new URL(url).pathname),
    ['/mine-1', '/mine-listing', '/others-listing', '/mine-2', '/mine-3', '/others-1']
  )
})

t.test('a call that waits out its backoff lends its slot to others', async (t) => {
  const clock = createFakeClock()
  const { get, sent } = create(inTurn({ status: 503 }, ok), { clock, maxConcurrency: 1 })
  const first = get()
  await settle()
  t.same(await get(), { id: 'x' })
  await clock.pass(500)
  t.same(await first, { id: 'x' })
  t.equal(sent.length, 3)
})

t.test('a call that waits for a place among those in flight can be stopped at once', async (t) => {
  const gate = createGate<Scripted>()
  const controller = new AbortController()
  const { get } = create(() => gate.promise, { maxConcurrency: 1 })
  const first = get()
  let stopped: unknown = null
  const second = get(controller.signal).catch((reason: unknown) => { stopped = reason })
  await settle()
  controller.abort(new Error('canceled'))
  await settle()
  t.match(stopped, { message: 'canceled' }, 'another run may hold the places for a minute')
  gate.resolve(ok)
  await Promise.all([first, second])
})

t.test('a call goes out with the token of the moment, not with that of a ' +
  'minute ago when it began to wait', async (t) => {
  const gate = createGate()
  const open = createOpenPacer()
  const slow: Pacer = {
    ...open.pacer,
    async take (signal) {
      await gate.promise
      return await open.pacer.take(signal)
    },
  }
  const { get, sent, rotate } = create(() => ok, { pacer: slow })
  const asked = get()
  await settle()
  rotate()
  gate.resolve()
  await asked
  t.equal(sent[0]?.headers['authorization'], 'Bearer secret-token-2')
})

t.test('waiting for the pacer is metered, and a wait of ten calls counts once', async (t) => {
  const clock = createFakeClock()
  const { cost, call } = create(() => ok, { clock, pacer: await realPacer(t, clock, 1) })
  const asked = Array.from({ length: 3 }, () => call('search', ALBUM, { signal: never, cost }))
  await clock.pass(60_002)
  await Promise.all(asked)
  t.match(cost.read(), { calls: 3, retries: 0, throttledMs: 60_002, byEndpoint: { search: 3 } })
})

async function realPacer (t: Test, clock: FakeClock, calls: number): Promise<Pacer> {
  return startPacer({ database: await openMemory(t), clock, calls }).pacer
}

t.test('with the real pacer, a short Retry-After is waited for to the millisecond by all calls', async (t) => {
  const clock = createFakeClock()
  const { get, sent } = create(inTurn(limited, ok), { clock, pacer: await realPacer(t, clock, 90) })
  const first = get()
  await settle()
  const others = Array.from({ length: 5 }, () => get())
  await clock.pass(6999)
  t.equal(sent.length, 1)
  await clock.pass(1)
  await Promise.all([first, ...others])
  t.equal(sent.length, 7)
})

t.test('with the real pacer, a spent quota stops every call until its time, and ' +
  'none reaches Spotify before', async (t) => {
  const clock = createFakeClock()
  const { get, sent } = create(inTurn(quota, ok), { clock, pacer: await realPacer(t, clock, 90) })
  await t.rejects(get(), { code: 'quota_exceeded', resumeAtMs: START_MS + 48_925_000 })
  await clock.pass(48_925_000 - 1)
  await t.rejects(get(), { code: 'quota_exceeded' })
  t.equal(sent.length, 1)
  await clock.pass(1)
  t.same(await get(), { id: 'x' })
})

t.test('a failing token is the failure of the call, and takes no permit', async (t) => {
  const { tokens } = createTokens()
  const failing: TokenManager = { ...tokens, get: async () => { throw new Error('invalid client') } }
  const { get, sent, told } = create(() => ok, { tokens: failing })
  await t.rejects(get(), { message: 'invalid client' })
  t.equal(sent.length, 0)
  t.equal(told.filter((word) => word === 'take').length, told.filter((word) => word.startsWith('done')).length)
})

t.test('a token that ended while the call waited for its turn is fetched with no permit in hand: a pause that ' +
  'begins meanwhile is obeyed', async (t) => {
  const { tokens } = createTokens()
  const { pacer, told } = createOpenPacer()
  let asked = 0
  const get = async (): Promise<string> => `secret-token-${++asked}`
  const throwIfPaused = async (): Promise<void> => { if (asked > 0) throw new PauseError('quota_exceeded', 'spent', 1) }
  const { get: getAlbum, sent } = create(() => ok, {
    tokens: { ...tokens, current: () => null, get },
    pacer: { ...pacer, throwIfPaused },
  })
  await t.rejects(getAlbum(), { code: 'quota_exceeded' })
  t.equal(asked, 1, 'no token is asked for during the pause')
  t.same(told, ['take', 'release'])
  t.equal(sent.length, 0)
})

t.test('tokens that live shorter than a turn is waited for are fetched in the turn at last', async (t) => {
  const { tokens } = createTokens()
  const { pacer, told } = createOpenPacer()
  const { get, sent } = create(() => ok, { tokens: { ...tokens, current: () => null }, pacer })
  t.same(await get(), { id: 'x' })
  t.equal(sent.length, 1)
  t.same(told, ['take', 'release', 'take', 'release', 'take', 'done true'])
})

const ENDINGS: Array<[string, Scripted]> = [
  ['503', { status: 503, body: 'x' }],
  ['401', expired],
  ['404', error(404, 'Resource not found')],
  ['429', limited],
  ['a reset', new Error('socket hang up')],
  ['an answer that repeats the request', { status: 502, body: 'GET /v1/albums\nauthorization: Bearer secret-token-1' }],
  ['an error object that repeats the token', error(400, 'Bad token: secret-token-1')],
]
for (const [what, answer] of ENDINGS) {
  t.test(`after ${what} no token is in the error or in the log`, async (t) => {
    const { get, log } = create(() => answer)
    const thrown = await get().catch((reason: unknown) => reason) as ServiceError
    t.type(thrown.code, 'string')
    t.notMatch(`${thrown.message} ${JSON.stringify(thrown)} ${String(thrown.cause)} ${log.text()}`, /secret-token/)
  })
}

t.test('a slot is held until the answer is stored, and released after a refusal', async (t) => {
  const gate = createGate()
  const { call, sent, cost } = create(
    (_sent, place) =>
      place === 1 ? { status: 404, body: { error: { status: 404, message: 'Resource not found' } } } : ok,
    { maxConcurrency: 1 }
  )
  const context = { signal: never, cost }
  const first = call('album', ALBUM, context, { async use () { await gate.promise } })
  const second = call('album', ALBUM, context)
  second.catch(() => {})
  const third = call('album', ALBUM, context)
  await settle()
  t.equal(sent.length, 1, 'the answer of the first is not stored yet')
  gate.resolve()
  await first
  await t.rejects(second, { code: 'not_found' })
  await third
})

t.test('what storing an answer throws is thrown, and the place is free again', async (t) => {
  const { call, get, cost } = create(() => ok, { maxConcurrency: 1 })
  await t.rejects(
    call(
      'album',
      ALBUM,
      { signal: never, cost },
      {
        async use () {
          throw new Error('the disk is full')
        },
      }
    ),
    { message: 'the disk is full' }
  )
  t.ok(await get())
})
