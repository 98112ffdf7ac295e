import t from 'tap'
import { type SpotifyResponse, parseBody } from '../../../../src/services/spotify/http/response.ts'
import { type Verdict, classify } from '../../../../src/services/spotify/http/classify.ts'
import { START_MS } from '../../../fake-clock.ts'
import { RECORDED, WITH_RECORDED, recorded } from '../recorded.ts'

const BODIES = {
  JSON: '{"error":{"status":0,"message":"Something"}}',
  text: 'Something went wrong',
  HTML: '<html>\n<head><title>502 Bad Gateway</title></head></html>',
  nothing: '',
}

/** The verdict by status, on a body of JSON, of text, of HTML, and on none. */
const BY_STATUS: Array<[number, string, string, string, string]> = [
  [200, 'retry upstream_invalid', 'retry upstream_invalid', 'retry upstream_invalid', 'retry upstream_invalid'],
  [204, ...same('retry upstream_invalid')],
  [301, ...same('retry upstream_invalid')],
  [302, ...same('retry upstream_invalid')],
  [304, ...same('retry upstream_invalid')],
  [400, ...same('refused request_refused')],
  [401, ...same('renew')],
  [403, ...same('refused endpoint_unavailable')],
  [404, ...same('refused not_found')],
  [405, ...same('refused request_refused')],
  [408, ...same('retry upstream_unavailable')],
  [410, ...same('refused not_found')],
  [414, ...same('refused request_refused')],
  [425, ...same('retry upstream_unavailable')],
  [418, ...same('refused request_refused')],
  [429, ...same('limited')],
  [500, ...same('retry upstream_unavailable')],
  [501, ...same('retry upstream_unavailable')],
  [502, ...same('retry upstream_unavailable')],
  [503, ...same('retry upstream_unavailable')],
  [504, ...same('retry upstream_unavailable')],
  [520, ...same('retry upstream_unavailable')],
  [599, ...same('retry upstream_unavailable')],
]
for (const [status, ...verdicts] of BY_STATUS) {
  for (const [place, [kind, text]] of Object.entries(BODIES).entries()) {
    t.test(`${status} with ${kind}: ${verdicts[place]}`, async (t) => {
      const verdict = judge(status, text)
      t.equal(short(verdict), verdicts[place])
      if (verdict.kind !== 'ok') t.match(verdict.detail, new RegExp(`^answered ${status} with \\S`))
    })
  }
}

/** What the body decides. */
const BY_BODY: Array<[string, number, string, string]> = [
  ['an answer', 200, '{"albums":{}}', 'ok'],
  ['null is JSON', 200, 'null', 'ok'],
  ['JSON that is cut is none', 200, '{"albums":{"items":[', 'retry upstream_invalid'],
  [
    'an error object under status 200',
    200,
    '{"error":{"status":502,"message":"Bad gateway."}}',
    'retry upstream_invalid',
  ],
  ['an album that has an error field too', 200, '{"id":"x","error":{"status":502}}', 'ok'],
  [
    'a page of a proxy that has the word Premium',
    403,
    '<html>Our premium firewall</html>',
    'refused endpoint_unavailable',
  ],
  [
    'Premium named as the reason',
    403,
    '{"error":{"status":403,"message":"Forbidden","reason":"PREMIUM_REQUIRED"}}',
    'refused premium_required',
  ],
  [
    'the quota',
    429,
    '{"error":{"status":429,"message":"Too many requests","reason":"QUOTA_EXCEEDED"}}',
    'limited by quota',
  ],
  ['another reason is no quota', 429, '{"error":{"status":429,"message":"x","reason":"RATE_LIMITED"}}', 'limited'],
  ['the quota named in text only is no quota', 429, 'QUOTA_EXCEEDED', 'limited'],
  [
    'the quota under another status is a refusal',
    403,
    '{"error":{"status":403,"message":"x","reason":"QUOTA_EXCEEDED"}}',
    'refused endpoint_unavailable',
  ],
  [
    'lapsed Premium as JSON',
    403,
    '{"error":{"status":403,"message":"Active premium subscription required"}}',
    'refused premium_required',
  ],
  ['lapsed Premium in capitals', 403, 'PREMIUM REQUIRED', 'refused premium_required'],
  ['Premium is not asked for by another status', 404, 'Premium', 'refused not_found'],
  ['too many ids', 400, '{"error":{"status":400,"message":"Too many ids requested"}}', 'refused invalid_limit'],
  ['a limit over the tier', 400, '{"error":{"status":400,"message":"Invalid limit"}}', 'refused invalid_limit'],
  [
    'another fault of the request',
    400,
    '{"error":{"status":400,"message":"Invalid base62 id"}}',
    'refused request_refused',
  ],
  [
    'the limit named under another status',
    404,
    '{"error":{"status":404,"message":"Invalid limit"}}',
    'refused not_found',
  ],
]
for (const [title, status, text, expected] of BY_BODY) {
  t.test(`${title}: ${status} is ${expected}`, async (t) => t.equal(short(judge(status, text)), expected))
}

const RETRY_AFTER: Array<[string | undefined, number | null]> = [
  ['7', 7000],
  ['0.5', 500],
  ['86207', 86_207_000],
  ['0', null],
  ['-1', null],
  ['soon', null],
  [undefined, null],
  ['Sun, 22 Nov 2026 13:41:59 GMT', 60_000],
  ['Sun, 22 Nov 2026 13:39:59 GMT', null],
]
for (const [header, ms] of RETRY_AFTER) {
  t.test(`429 with Retry-After ${header ?? 'missing'}: ${ms ?? 'no time'}`, async (t) => {
    t.match(judge(429, '', header), { kind: 'limited', retryAfterMs: ms })
  })
}

t.test('Retry-After decides no verdict but that of a 429, and is kept with each', async (t) => {
  t.match(judge(503, '', '7'), { kind: 'retry', code: 'upstream_unavailable', retryAfterMs: 7000 })
  t.match(judge(302, '', '7'), { kind: 'retry', code: 'upstream_invalid', retryAfterMs: 7000 })
  t.match(judge(403, '', '7'), { kind: 'refused', code: 'endpoint_unavailable', retryAfterMs: 7000 })
  t.match(judge(503, ''), { kind: 'retry', retryAfterMs: null })
})

t.test('the value of an accepted answer is its JSON', async (t) => {
  t.same(judge(200, '{"albums":[null]}'), { kind: 'ok', value: { albums: [null] } })
})

t.test('a broken exchange is tried again, and its reason is the evidence', async (t) => {
  t.same(classify({ kind: 'broken', reason: 'broke the connection: reset' }, START_MS), {
    kind: 'retry',
    code: 'upstream_unavailable',
    retryAfterMs: null,
    detail: 'broke the connection: reset',
  })
})

/** What Spotify was recorded answering, and the status under which it did. */
const RECORDED_AS: Record<string, [number, string]> = {
  '01-album-full.json': [200, 'ok'],
  '02-album-full-over-50-tracks.json': [200, 'ok'],
  '03-album-tracks-page2.json': [200, 'ok'],
  '04-search-album-page.json': [200, 'ok'],
  '05-search-album-empty-page.json': [200, 'ok'],
  '06-tracks-batch-full-track.json': [200, 'ok'],
  '07-new-releases-page.json': [200, 'ok'],
  '08-error-429-quota-exceeded.json': [429, 'limited by quota'],
  '09-error-429-rate-limit.json': [429, 'limited'],
  '09b-error-429-plaintext.txt': [429, 'limited'],
  '10-error-401-2026.json': [401, 'renew'],
  '10b-error-401-legacy-expired.json': [401, 'renew'],
  '11-error-403-devmode-forbidden.json': [403, 'refused endpoint_unavailable'],
  '11b-error-403-owner-not-premium.txt': [403, 'refused premium_required'],
  '14-error-400-invalid-limit.json': [400, 'refused invalid_limit'],
  '15-error-502.json': [502, 'retry upstream_unavailable'],
}
for (const [name, [status, expected]] of Object.entries(RECORDED_AS)) {
  t.test(`recorded ${name} is ${expected}`, WITH_RECORDED, async (t) =>
    t.equal(short(judge(status, recorded(name))), expected)
  )
}

t.test('every recorded answer of the Web API is judged here', WITH_RECORDED, async (t) => {
  t.same(RECORDED.filter((name) => !/token|README/.test(name)), Object.keys(RECORDED_AS))
})

function judge (status: number, text: string, retryAfter?: string): Verdict {
  const response: SpotifyResponse = { kind: 'response', status, retryAfter, body: parseBody(text) }
  return classify(response, START_MS)
}

function short (verdict: Verdict): string {
  if (verdict.kind === 'limited') return verdict.quota ? 'limited by quota' : 'limited'
  return 'code' in verdict ? `${verdict.kind} ${verdict.code}` : verdict.kind
}

function same (verdict: string): [string, string, string, string] {
  return [verdict, verdict, verdict, verdict]
}
