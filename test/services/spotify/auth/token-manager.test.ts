import t from 'tap'
import { ServiceError } from '../../../../src/errors.ts'
import { createResponseBudget } from '../../../../src/services/spotify/http/response-budget.ts'
import type { Pause } from '../../../../src/services/spotify/pacing/pause.ts'
import { createTokenManager } from '../../../../src/services/spotify/auth/token-manager.ts'
import { renewalLeadMs } from '../../../../src/services/spotify/auth/token-response.ts'
import type { PauseStore } from '../../../../src/services/spotify/auth/token-pause.ts'
import { type FakeClock, START_MS, createFakeClock, settle } from '../../../fake-clock.ts'
import { never } from '../../../never.ts'
import { createGate } from '../../gate.ts'
import { createRecordingLog } from '../../recording-log.ts'
import { WITH_RECORDED, recorded } from '../recorded.ts'
import { type Scripted, type Sent, createScriptedDispatcher, inTurn } from '../scripted-dispatcher.ts'

const SECRET = 'the-client-secret'

interface Setup {
  clock?: FakeClock
  maxAttempts?: number
  maxWaitMs?: number
  pauses?: PauseStore
}

function createPauses (pause: Pause | null = null) {
  return {
    pause,
    async load () { return this.pause },
    async save (next: Pause) { this.pause = next },
  }
}

function create (
  response: (sent: Sent, place: number) => Scripted | Promise<Scripted>,
  {
    clock = createFakeClock({ skipping: true }),
    maxAttempts = 5,
    maxWaitMs = 60_000,
    pauses = createPauses(),
  }: Setup = {}
) {
  const { dispatcher, sent } = createScriptedDispatcher(response)
  const log = createRecordingLog()
  const tokens = createTokenManager({
    clientId: 'the-client-id',
    clientSecret: SECRET,
    tokenUrl: new URL('https://accounts.spotify.com/api/token'),
    dispatcher,
    clock,
    random: () => 1,
    retry: { maxAttempts, baseMs: 500, capMs: 30_000, maxWaitMs },
    answers: createResponseBudget(),
    timeoutMs: 15_000,
    pauses,
    log,
  })
  return { tokens, sent, clock, log }
}

const token = (value: string, expiresIn: unknown = 3600): Scripted => ({
  body: { access_token: value, token_type: 'Bearer', expires_in: expiresIn },
})
const numbered = (_sent: Sent, place: number): Scripted => token(`token-${place + 1}`)

t.test('the token is asked for as the client credentials flow says', async (t) => {
  const { tokens, sent } = create(numbered)
  t.equal(await tokens.get(never), 'token-1')
  t.match(sent, [{
    method: 'POST',
    url: 'https://accounts.spotify.com/api/token',
    headers: {
      authorization: `Basic ${Buffer.from(`the-client-id:${SECRET}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  }])
})

t.test('fifty callers at once are one request', async (t) => {
  const { tokens, sent } = create(numbered)
  t.same(new Set(await Promise.all(Array.from({ length: 50 }, () => tokens.get(never)))), new Set(['token-1']))
  t.same([sent.length, tokens.requests()], [1, 1])
})

t.test('a token is kept until it is to be renewed', async (t) => {
  const clock = createFakeClock()
  const { tokens, sent } = create(numbered, { clock })
  await tokens.get(never)
  await clock.pass(3_540_000 - 1)
  t.equal(await tokens.get(never), 'token-1')
  await clock.pass(1)
  t.equal(await tokens.get(never), 'token-1', '60 s before its end a new one is asked for, and nobody waits for it')
  await settle()
  t.equal(await tokens.get(never), 'token-2')
  t.equal(sent.length, 2)
})

t.test('the wall clock does not age a token', async (t) => {
  const clock = createFakeClock()
  const { tokens } = create(numbered, { clock })
  await tokens.get(never)
  clock.jump(24 * 3_600_000)
  t.equal(await tokens.get(never), 'token-1')
})

for (const [lifetimeS, leadS] of [[3600, 60], [121, 60], [120, 60], [100, 50], [10, 5], [1, 0.5]] as const) {
  t.test(`a token that lives ${lifetimeS} s is renewed ${leadS} s before its end`, async (t) => {
    t.equal(renewalLeadMs(lifetimeS * 1000), leadS * 1000)
    const clock = createFakeClock()
    const { tokens, sent } = create((_sent, place) => token(`token-${place + 1}`, lifetimeS), { clock })
    await tokens.get(never)
    await clock.pass((lifetimeS - leadS) * 1000 - 1)
    await tokens.get(never)
    t.equal(sent.length, 1)
    await clock.pass(1)
    await tokens.get(never)
    await settle()
    t.equal(sent.length, 2)
  })
}

t.test('a token ages from before its request: a slow answer does not make it younger', async (t) => {
  const clock = createFakeClock()
  const gate = createGate<Scripted>()
  const { tokens, sent } = create((_sent, place) => place === 0 ? gate.promise : token('token-2'), { clock })
  const first = tokens.get(never)
  await clock.pass(14_000)
  gate.resolve(token('token-1'))
  t.equal(await first, 'token-1')
  await clock.pass(3_540_000 - 14_000)
  await tokens.get(never)
  await settle()
  t.equal(await tokens.get(never), 'token-2')
  t.equal(sent.length, 2)
})

t.test('expires_in that no date can hold counts as a day, and fetching the token logs its renewal', async (t) => {
  for (const expiresIn of [1e13, 1e300, '1e13']) {
    const { tokens, log } = create(() => token('a', expiresIn))
    t.equal(await tokens.get(never), 'a')
    t.match(log.lines, [/token fetched/])
  }
})

t.test('a token that no header can carry is none', async (t) => {
  for (const value of ['a b', 'a\nb', 'ü', 'x'.repeat(5000)]) {
    const { tokens } = create(() => token(value), { maxAttempts: 2 })
    await t.rejects(tokens.get(never), { code: 'upstream_unavailable', message: /answered 200 without a token/ })
  }
})

for (const expiresIn of [undefined, null, 0, -5, '3600', 'soon']) {
  t.test(`expires_in ${JSON.stringify(expiresIn) ?? 'missing'} counts as an hour`, async (t) => {
    const clock = createFakeClock()
    const { tokens, sent } = create(() => ({ body: { access_token: 'a', expires_in: expiresIn } }), { clock })
    await tokens.get(never)
    await clock.pass(3_540_000 - 1)
    await tokens.get(never)
    t.equal(sent.length, 1)
    await clock.pass(1)
    await tokens.get(never)
    await settle()
    t.equal(sent.length, 2)
  })
}

t.test('an early renewal that fails leaves the present token in use until its end, and no longer', async (t) => {
  const clock = createFakeClock()
  const { tokens, log } = create(inTurn(token('token-1'), { status: 503 }), { clock, maxAttempts: 1 })
  await tokens.get(never)
  await clock.pass(3_540_000)
  t.equal(await tokens.get(never), 'token-1')
  await settle()
  t.ok(log.lines.some((line) => line.startsWith('warn early token renewal failed')))
  await clock.pass(59_999)
  t.equal(await tokens.get(never), 'token-1')
  await clock.pass(1)
  await t.rejects(tokens.get(never), { code: 'upstream_unavailable' })
})

for (const [code, answer] of [
  ['invalid_client', { status: 400, body: { error: 'invalid_client' } }],
  ['rate_limited', { status: 429, headers: { 'retry-after': '600' } }],
] as Array<[string, Scripted]>) {
  t.test(`an early renewal that was refused as ${code} is not asked for again ` +
    'before the end of the token', async (t) => {
    const clock = createFakeClock()
    const { tokens, sent, log } = create(inTurn(token('token-1'), answer), { clock })
    await tokens.get(never)
    await clock.pass(3_540_000)
    for (let calls = 0; calls < 5; calls++) {
      t.equal(await tokens.get(never), 'token-1')
      await clock.pass(10_000)
    }
    t.equal(sent.length, 2)
    t.equal(log.lines.filter((line) => line.startsWith('warn early token renewal failed')).length, 1)
    await clock.pass(10_000)
    await t.rejects(tokens.get(never), { code })
  })
}

t.test('early renewal by many callers is one request, also when it fails', async (t) => {
  const clock = createFakeClock()
  const { tokens, sent } = create(inTurn(token('token-1'), { status: 503 }), { clock, maxAttempts: 1 })
  await tokens.get(never)
  await clock.pass(3_540_000)
  t.same(new Set(await Promise.all(Array.from({ length: 20 }, () => tokens.get(never)))), new Set(['token-1']))
  await settle()
  t.equal(sent.length, 2)
})

t.test('a token that was refused meanwhile is not the way out of a failed early renewal', async (t) => {
  const clock = createFakeClock()
  const { tokens } = create(inTurn(token('token-1'), { status: 503 }), { clock, maxAttempts: 1 })
  await tokens.get(never)
  await clock.pass(3_540_000)
  t.equal(await tokens.get(never), 'token-1')
  await t.rejects(tokens.renew('token-1', never), { code: 'upstream_unavailable' })
  t.equal(tokens.current(), null)
})

t.test('twenty callers whose token was refused cause one renewal', async (t) => {
  const { tokens, sent } = create(numbered)
  await tokens.get(never)
  t.same(
    new Set(await Promise.all(Array.from({ length: 20 }, () => tokens.renew('token-1', never)))),
    new Set(['token-2'])
  )
  t.equal(sent.length, 2)
})

t.test('who was refused with an older token gets the present one without a request', async (t) => {
  const { tokens, sent } = create(numbered)
  await tokens.get(never)
  await tokens.renew('token-1', never)
  t.equal(await tokens.renew('token-1', never), 'token-2')
  t.equal(sent.length, 2)
})

t.test('a refused token is not given to anybody again', async (t) => {
  const gate = createGate<Scripted>()
  const { tokens } = create((_sent, place) => place === 0 ? token('token-1') : gate.promise)
  await tokens.get(never)
  const renewed = tokens.renew('token-1', never)
  const asked = tokens.get(never)
  gate.resolve(token('token-2'))
  t.same([await renewed, await asked], ['token-2', 'token-2'])
})

const REFUSALS: Array<[string, Scripted]> = [
  ['400 invalid_client', { status: 400, body: { error: 'invalid_client', error_description: 'Invalid client' } }],
  ['401 invalid_client', { status: 401, body: { error: 'invalid_client' } }],
  ['400 unauthorized_client', { status: 400, body: { error: 'unauthorized_client' } }],
  ['403 invalid_client', { status: 403, body: { error: 'invalid_client' } }],
]
for (const [what, answer] of REFUSALS) {
  t.test(`${what} is never tried again, and says which variables to look at`, async (t) => {
    const { tokens, sent } = create(() => answer)
    await t.rejects(tokens.get(never), {
      code: 'invalid_client',
      affectsEveryCall: true,
      message: /SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET/,
    })
    t.equal(sent.length, 1)
  })
}

for (const name of ['13-token-invalid-client.json', '13b-token-no-credentials.json']) {
  t.test(`recorded ${name} is invalid_client`, WITH_RECORDED, async (t) => {
    await t.rejects(create(() => ({ status: 400, body: recorded(name) })).tokens.get(never), { code: 'invalid_client' })
  })
}

t.test('the recorded token is one', WITH_RECORDED, async (t) => {
  t.equal(await create(() => ({ body: recorded('12-token-ok.json') })).tokens.get(never), 'NgCXRKc...MzYjw')
})

/** What says nothing of the credentials, and what it is called when it stays so. */
const NO_VERDICTS: Array<[string, Scripted, string]> = [
  ['400 with nothing', { status: 400 }, 'upstream_invalid'],
  ['400 as HTML', { status: 400, body: '<html>Bad Request invalid_client</html>' }, 'upstream_invalid'],
  ['400 server_error', { status: 400, body: { error: 'server_error' } }, 'upstream_unavailable'],
  ['400 temporarily_unavailable', { status: 400, body: { error: 'temporarily_unavailable' } }, 'upstream_unavailable'],
  ['400 invalid_request', { status: 400, body: { error: 'invalid_request' } }, 'upstream_invalid'],
  ['401 as HTML', { status: 401, body: '<html>Unauthorized</html>' }, 'upstream_invalid'],
  ['401 of the API', { status: 401, body: { error: { status: 401, message: 'invalid_client' } } }, 'upstream_invalid'],
  ['403', { status: 403, body: 'Forbidden' }, 'upstream_invalid'],
  ['404', { status: 404, body: 'Not here' }, 'upstream_invalid'],
  ['410', { status: 410 }, 'upstream_invalid'],
  ['408', { status: 408 }, 'upstream_unavailable'],
  ['425', { status: 425 }, 'upstream_unavailable'],
  ['a redirect', { status: 302, headers: { location: 'https://accounts.spotify.com/login' } }, 'upstream_invalid'],
  ['503 that names invalid_client', { status: 503, body: { error: 'invalid_client' } }, 'upstream_unavailable'],
]
for (const [what, answer, code] of NO_VERDICTS) {
  t.test(`${what} is tried again with a backoff, and is ${code} when it stays so`, async (t) => {
    const { tokens, sent, clock } = create(inTurn(answer, answer, token('token-1')))
    t.equal(await tokens.get(never), 'token-1')
    t.equal(sent.length, 3)
    t.same(clock.slept, [500, 1000])
    const refused = create(() => answer)
    await t.rejects(refused.tokens.get(never), {
      code,
      affectsEveryCall: true,
      message: /the token endpoint answered \d{3} with .*\(5 tries\)/,
    })
    t.equal(refused.sent.length, 5)
  })
}

t.test('a 503 with a time is obeyed as a 429 is', async (t) => {
  const clock = createFakeClock()
  const { tokens, sent } = create(inTurn({ status: 503, headers: { 'retry-after': '6' } }, token('token-1')), { clock })
  const asked = [tokens.get(never), tokens.get(never)]
  await clock.pass(5999)
  t.equal(sent.length, 1)
  await clock.pass(1)
  t.same(await Promise.all(asked), ['token-1', 'token-1'])
  const { tokens: long, sent: once } = create(() => ({ status: 503, headers: { 'retry-after': '61' } }), { clock })
  for (let tries = 0; tries < 3; tries++) {
    await t.rejects(long.get(never), {
      code: 'upstream_unavailable',
      resumeAtMs: clock.now() + 61_000,
      message: /the token endpoint answered 503.*no request for a token before/,
    })
  }
  t.equal(once.length, 1)
})

t.test('a token is new until a call was answered with it', async (t) => {
  const { tokens } = create(numbered)
  t.equal(tokens.isNew('token-1'), false, 'there is none')
  await tokens.get(never)
  t.equal(tokens.isNew('token-1'), true)
  tokens.accepted('another')
  t.equal(tokens.isNew('token-1'), true)
  tokens.accepted('token-1')
  t.equal(tokens.isNew('token-1'), false)
  await tokens.renew('token-1', never)
  t.same([tokens.isNew('token-1'), tokens.isNew('token-2')], [false, true])
})

t.test('a redirect is not followed with the secret', async (t) => {
  const { tokens, sent } = create(() => ({ status: 302, headers: { location: 'https://evil.example/' } }))
  await t.rejects(tokens.get(never), { code: 'upstream_invalid' })
  t.same(new Set(sent.map(({ url }) => url)), new Set(['https://accounts.spotify.com/api/token']))
})

const PASSING: Array<[string, Scripted]> = [
  ['500 with nothing', { status: 500 }],
  ['502 as JSON', { status: 502, body: { error: { status: 502, message: 'Bad gateway.' } } }],
  ['503 as HTML', { status: 503, body: '<html></html>' }],
  ['504 as text', { status: 504, body: 'upstream request timeout' }],
  ['408', { status: 408 }],
  ['a reset', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })],
  ['200 with nothing', { status: 200 }],
  ['200 with HTML', { status: 200, body: '<html></html>' }],
  ['200 without a token', { status: 200, body: { token_type: 'Bearer' } }],
  ['200 with an empty token', token('')],
  ['200 with a token that is no text', { status: 200, body: { access_token: 5 } }],
  ['200 with null', { status: 200, body: 'null' }],
]
for (const [what, answer] of PASSING) {
  t.test(`${what} is tried again, after 0.5, 1, 2 … seconds at most`, async (t) => {
    const { tokens, sent, clock } = create(inTurn(answer, answer, answer, token('token-1')))
    t.equal(await tokens.get(never), 'token-1')
    t.equal(sent.length, 4)
    t.same(clock.slept, [500, 1000, 2000])
  })
}

t.test('after the last try everybody who waits is told, and the next caller tries anew', async (t) => {
  const { tokens, sent } = create((_sent, place) => place < 5 ? { status: 503, body: '<html>' } : token('token-1'))
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => tokens.get(never)))
  for (const result of results) {
    t.match(result, {
      status: 'rejected',
      reason: { code: 'upstream_unavailable', affectsEveryCall: true, message: /answered 503.*5 tries/ },
    })
  }
  t.equal(sent.length, 5)
  t.equal(await tokens.get(never), 'token-1')
})

const LIMITED: Array<[string, string | undefined, number[]]> = [
  ['its time is waited for', '7', [7000, 7000]],
  ['an HTTP date too, and once it is over 2 seconds', new Date(START_MS + 20_000).toUTCString(), [20_000, 2000]],
  ['without a time 1, 2 … seconds', undefined, [1000, 2000]],
  ['a zero is no time', '0', [1000, 2000]],
]
for (const [title, retryAfter, slept] of LIMITED) {
  t.test(`429: ${title}`, async (t) => {
    const limited: Scripted = {
      status: 429,
      ...(retryAfter === undefined ? {} : { headers: { 'retry-after': retryAfter } }),
    }
    const { tokens, clock } = create(inTurn(limited, limited, token('token-1')))
    t.equal(await tokens.get(never), 'token-1')
    t.same(clock.slept, slept)
  })
}

t.test('429 with a time that is longer than a run may wait: runs pause, and nobody asks before it', async (t) => {
  const clock = createFakeClock()
  const { tokens, sent } = create(inTurn({ status: 429, headers: { 'retry-after': '61' } }, token('token-1')), {
    clock,
  })
  for (const seconds of [0, 1, 59]) {
    await clock.pass(seconds * 1000)
    await t.rejects(tokens.get(never), {
      code: 'rate_limited',
      resumeAtMs: START_MS + 61_000,
      message: /token endpoint answered 429.*no request for a token before 2026-/,
    })
  }
  t.equal(sent.length, 1)
  await clock.pass(1000)
  t.equal(await tokens.get(never), 'token-1')
})

t.test('429 with a time, as often as may be tried: runs pause until then', async (t) => {
  const { tokens, sent, clock } = create(() => ({ status: 429, headers: { 'retry-after': '5' } }), { maxAttempts: 2 })
  for (let asked = 0; asked < 3; asked++) {
    await t.rejects(tokens.get(never), {
      code: 'rate_limited',
      resumeAtMs: clock.now() + (asked === 0 ? 10_000 : 5000),
    })
  }
  t.equal(sent.length, 2)
})

t.test('a pause that is over is forgotten, also when the wall clock is set back', async (t) => {
  const clock = createFakeClock()
  const { tokens } = create(
    inTurn({ status: 429, headers: { 'retry-after': '100' } }, token('token-1'), token('token-2')),
    { clock }
  )
  await t.rejects(tokens.get(never), { code: 'rate_limited' })
  await clock.pass(100_000)
  t.equal(await tokens.get(never), 'token-1')
  clock.jump(-3_600_000)
  t.equal(await tokens.renew('token-1', never), 'token-2')
})

const LATER: Scripted = { status: 429, headers: { 'retry-after': '600' } }

t.test('a pause outlives the process, and is that of others who share the folder: not ' +
  'one request before its end', async (t) => {
  const clock = createFakeClock()
  const pauses = createPauses()
  const other = create(inTurn(token('other-1'), token('other-2')), { clock, pauses })
  await other.tokens.get(never)
  await t.rejects(create(() => LATER, { clock, pauses }).tokens.get(never), { code: 'rate_limited' })
  const next = create(numbered, { clock, pauses })
  for (const seconds of [0, 500]) {
    await clock.pass(seconds * 1000)
    const refusal = {
      code: 'rate_limited',
      resumeAtMs: START_MS + 600_000,
      message: /token endpoint answered 429.*no request for a token before 2026-/,
    }
    await t.rejects(next.tokens.get(never), refusal)
    t.equal(await other.tokens.get(never), 'other-1', 'a token that is good stays so')
    await t.rejects(create(numbered, { clock, pauses }).tokens.get(never), refusal)
  }
  await t.rejects(other.tokens.renew('other-1', never), { code: 'rate_limited' })
  t.same([next.sent.length, other.sent.length], [0, 1])
  await clock.pass(99_999)
  await t.rejects(next.tokens.get(never), { code: 'rate_limited' })
  await clock.pass(1)
  t.equal(await next.tokens.get(never), 'token-1')
  t.equal(await other.tokens.get(never), 'other-2')
})

t.test('a short pause is waited for by the next process too', async (t) => {
  const clock = createFakeClock()
  const pauses = createPauses()
  const first = create(() => ({ status: 429, headers: { 'retry-after': '20' } }), { clock, pauses })
  first.tokens.get(never).catch(() => {})
  await settle()
  first.tokens.close()
  await clock.pass(5000)
  const { tokens, sent } = create(numbered, { clock, pauses })
  const asked = tokens.get(never)
  await clock.pass(14_999)
  t.equal(sent.length, 0)
  await clock.pass(1)
  t.equal(await asked, 'token-1')
})

t.test('of two times the later one is obeyed and kept', async (t) => {
  const clock = createFakeClock()
  const pauses = createPauses()
  const gate = createGate<Scripted>()
  const slow = create(() => gate.promise, { clock, pauses })
  const asked = slow.tokens.get(never)
  await settle()
  await t.rejects(create(() => LATER, { clock, pauses }).tokens.get(never), { code: 'rate_limited' })
  gate.resolve({ status: 429, headers: { 'retry-after': '100' } })
  await t.rejects(asked, { code: 'rate_limited', resumeAtMs: START_MS + 600_000 })
  t.equal(pauses.pause?.untilMs, START_MS + 600_000)
})

t.test('a pause is measured, not read off the wall clock; one from a clock that ' +
  'was ahead ends after 7 days', async (t) => {
  const clock = createFakeClock()
  const { tokens, sent } = create(inTurn(LATER, token('token-1')), { clock })
  await t.rejects(tokens.get(never), { code: 'rate_limited' })
  clock.jump(3_600_000)
  await t.rejects(tokens.get(never), { code: 'rate_limited' })
  t.equal(sent.length, 1)
  const pauses = createPauses({ untilMs: clock.now() + 365 * 24 * 3_600_000, code: 'rate_limited', detail: 'x' })
  const resumeAtMs = clock.now() + 7 * 24 * 3_600_000
  for (let day = 0; day < 3; day++) {
    await t.rejects(
      create(numbered, { clock, pauses }).tokens.get(never),
      { code: 'rate_limited', resumeAtMs },
      'however often it is started'
    )
    await clock.pass(24 * 3_600_000)
  }
  const { tokens: next } = create(numbered, { clock, pauses })
  await clock.pass(4 * 24 * 3_600_000)
  t.equal(await next.get(never), 'token-1')
})

t.test('the pause shows while there is no token', async (t) => {
  const clock = createFakeClock()
  const { tokens } = create(inTurn(token('token-1'), LATER), { clock })
  t.equal(tokens.pause(), null)
  await tokens.get(never)
  await clock.pass(3_550_000)
  await tokens.get(never)
  await settle()
  t.equal(tokens.pause(), null, 'calls are made with the token that there is')
  await clock.pass(50_000)
  t.match(tokens.pause(), {
    untilMs: START_MS + 4_150_000,
    code: 'rate_limited',
    detail: /the token endpoint answered 429/,
  })
  await clock.pass(550_000)
  t.equal(tokens.pause(), null)
})

t.test('a pause that the disk refuses is told, and obeyed by this process', async (t) => {
  const { tokens, sent, log } = create(() => LATER, {
    clock: createFakeClock(),
    pauses: {
      load: async () => null,
      save: async () => {
        throw new Error('no space')
      },
    },
  })
  for (let asked = 0; asked < 2; asked++) await t.rejects(tokens.get(never), { code: 'rate_limited' })
  t.equal(sent.length, 1)
  t.match(log.lines, [/^error pause of the token endpoint could not be stored/])
})

t.test('an early renewal that is told to wait keeps nobody waiting', async (t) => {
  const clock = createFakeClock()
  const { tokens } = create(
    inTurn(token('token-1'), { status: 429, headers: { 'retry-after': '50' } }, token('token-2')),
    { clock }
  )
  await tokens.get(never)
  await clock.pass(3_540_000)
  t.equal(await tokens.get(never), 'token-1')
  await clock.pass(49_000)
  t.equal(await tokens.get(never), 'token-1')
  await clock.pass(1000)
  t.equal(await tokens.get(never), 'token-2')
})

t.test('429 without a time is no pause, however little a run may wait', async (t) => {
  const { tokens, sent } = create(() => ({ status: 429 }), { maxWaitMs: 0 })
  await t.rejects(tokens.get(never), { code: 'upstream_unavailable' })
  t.equal(sent.length, 1)
})

t.test('a caller that gives up gets its reason at once and does not stop the others', async (t) => {
  const gate = createGate<Scripted>()
  const { tokens, sent } = create(() => gate.promise)
  const controller = new AbortController()
  const impatient = tokens.get(controller.signal)
  const patient = tokens.get(never)
  controller.abort(new Error('the client went away'))
  await t.rejects(impatient, { message: 'the client went away' })
  gate.resolve(token('token-1'))
  t.equal(await patient, 'token-1')
  t.equal(sent.length, 1)
})

t.test('a renewal whose only caller gave up comes to nobody, and its failure breaks nothing', async (t) => {
  const gate = createGate<Scripted>()
  const { tokens } = create((_sent, place) => place === 0 ? gate.promise : token('token-2'))
  const controller = new AbortController()
  const asked = tokens.get(controller.signal)
  controller.abort(new Error('gone'))
  await t.rejects(asked, { message: 'gone' })
  gate.resolve({ status: 400 })
  await settle()
  t.equal(await tokens.get(never), 'token-2')
})

t.test('who has given up before asking makes no request', async (t) => {
  const { tokens, sent } = create(numbered)
  await t.rejects(tokens.get(AbortSignal.abort(new Error('gone'))), { message: 'gone' })
  await settle()
  t.equal(sent.length, 0)
})

t.test('closing stops a request under way, and says so to those who wait', async (t) => {
  const { tokens } = create(() => 'silence')
  const asked = [tokens.get(never), tokens.get(never)]
  await settle()
  tokens.close()
  for (const one of asked) await t.rejects(one, { code: 'shutting_down' })
})

t.test('closing stops a wait between two tries, and nothing is asked afterwards', async (t) => {
  const clock = createFakeClock()
  const { tokens, sent } = create(() => ({ status: 503 }), { clock })
  const asked = tokens.get(never)
  await settle()
  t.equal(clock.sleeping(), 1)
  tokens.close()
  await t.rejects(asked, { code: 'shutting_down' })
  t.equal(clock.sleeping(), 0)
  await t.rejects(tokens.get(never), { code: 'shutting_down' })
  t.equal(sent.length, 1)
})

t.test('neither secret nor token is in an error or in the log', async (t) => {
  const basic = Buffer.from(`the-client-id:${SECRET}`).toString('base64')
  const answers: Scripted[] = [
    { status: 503 },
    new Error('reset'),
    token('token-1'),
    { status: 400, body: { error: 'invalid_client' } },
  ]
  const { tokens, log } = create(inTurn(...answers))
  await tokens.get(never)
  const error: unknown = await tokens.renew('token-1', never).catch((reason: unknown) => reason)
  t.ok(error instanceof ServiceError)
  const all = `${log.text()} ${String(error)} ${JSON.stringify(error)}`
  for (const hidden of [SECRET, basic, 'token-1']) t.notOk(all.includes(hidden), hidden)
})
