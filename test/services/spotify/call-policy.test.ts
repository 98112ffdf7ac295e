import t from 'tap'
import {
  type Evidence,
  type Tries,
  NO_EVIDENCE,
  NO_TRIES,
  asksToBelieve,
  decide,
} from '../../../src/services/spotify/call-policy.ts'
import type { Verdict } from '../../../src/services/spotify/http/classify.ts'

type Code = Parameters<typeof asksToBelieve>[0]

const POLICY = { maxAttempts: 5, baseMs: 500, capMs: 30_000, maxWaitMs: 60_000 }

/** How often each refusal is asked before it counts, with five attempts. */
const ASKS: Array<[string, Code, Partial<Evidence>, number]> = [
  ['Premium, where nothing was ever answered', 'premium_required', {}, 3],
  ['Premium, where other calls are answered', 'premium_required', { hasServed: true }, 5],
  ['an endpoint that never worked', 'endpoint_unavailable', {}, 1],
  ['an endpoint that never worked, while others do', 'endpoint_unavailable', { hasServed: true }, 1],
  ['an endpoint that has worked', 'endpoint_unavailable', { isExpected: true }, 3],
  ['a listing that never worked, by 404', 'not_found', {}, 1],
  ['a listing that has worked, by 404', 'not_found', { isExpected: true }, 3],
  ['an album that was listed', 'not_found', { isExpected: true, item: 'shown' }, 3],
  ['an album that nobody has seen', 'not_found', { isExpected: true, item: 'unseen' }, 2],
  ['a request', 'request_refused', { isExpected: true, item: 'shown' }, 2],
  ['a size that was never given', 'invalid_limit', { isExpected: true }, 1],
  ['a size that was given before', 'invalid_limit', { isSizeExpected: true }, 3],
]
for (const [title, code, evidence, asks] of ASKS) {
  t.test(`the refusal of ${title} counts after ${asks}`, async (t) => {
    t.equal(asksToBelieve(code, { ...NO_EVIDENCE, ...evidence }, 5), asks)
    t.equal(asksToBelieve(code, { ...NO_EVIDENCE, ...evidence }, 1), 1, 'one attempt means one')
  })
}

const retry: Verdict = { kind: 'retry', code: 'upstream_unavailable', retryAfterMs: null, detail: '503' }
const renew: Verdict = { kind: 'renew', detail: '401' }
const limited: Verdict = { kind: 'limited', quota: false, retryAfterMs: 7000, detail: '429' }
const refused = (code: Code, retryAfterMs: number | null = null): Verdict => ({
  kind: 'refused',
  code,
  status: 403,
  retryAfterMs,
  detail: 'no',
})

interface Case {
  title: string
  verdict: Verdict
  tries?: Partial<Tries>
  evidence?: Partial<Evidence>
  isTokenNew?: boolean
  /** The wait before the next try; null: it is over. */
  waitMs: number | null
  then: Partial<Tries>
}

const CASES: Case[] = [
  { title: 'the first fault', verdict: retry, waitMs: 500, then: { faults: 1 } },
  { title: 'the fourth fault', verdict: retry, tries: { faults: 3 }, waitMs: 4000, then: { faults: 4 } },
  { title: 'the fifth fault', verdict: retry, tries: { faults: 4 }, waitMs: null, then: { faults: 5 } },
  { title: 'a 401 of a token that has served', verdict: renew, waitMs: 0, then: { renewals: 1 } },
  { title: 'the fifth such 401', verdict: renew, tries: { renewals: 4 }, waitMs: 0, then: { renewals: 5 } },
  {
    title: 'the sixth such 401 is a fault',
    verdict: renew,
    tries: { renewals: 5 },
    waitMs: 500,
    then: { renewals: 5, faults: 1 },
  },
  {
    title: 'a 401 of a new token is a fault',
    verdict: renew,
    isTokenNew: true,
    waitMs: 500,
    then: { renewals: 0, faults: 1 },
  },
  {
    title: 'the fifth 401 of a new token',
    verdict: renew,
    tries: { faults: 4 },
    isTokenNew: true,
    waitMs: null,
    then: { faults: 5 },
  },
  { title: 'a 429', verdict: limited, waitMs: 0, then: { limits: 1, faults: 0 } },
  { title: 'the fifth 429', verdict: limited, tries: { limits: 4 }, waitMs: null, then: { limits: 5 } },
  {
    title: 'a refusal that nothing contradicts',
    verdict: refused('endpoint_unavailable'),
    waitMs: null,
    then: { refusals: { endpoint_unavailable: 1 } },
  },
  {
    title: 'the same with a time to come back',
    verdict: refused('endpoint_unavailable', 3000),
    waitMs: 500,
    then: { refusals: { endpoint_unavailable: 1 } },
  },
  {
    title: 'a refusal of what has worked',
    verdict: refused('endpoint_unavailable'),
    evidence: { isExpected: true },
    waitMs: 500,
    then: { refusals: { endpoint_unavailable: 1 } },
  },
  {
    title: 'its second',
    verdict: refused('endpoint_unavailable'),
    tries: { refusals: { endpoint_unavailable: 1 } },
    evidence: { isExpected: true },
    waitMs: 1000,
    then: { refusals: { endpoint_unavailable: 2 } },
  },
  {
    title: 'its third',
    verdict: refused('endpoint_unavailable'),
    tries: { refusals: { endpoint_unavailable: 2 } },
    evidence: { isExpected: true },
    waitMs: null,
    then: { refusals: { endpoint_unavailable: 3 } },
  },
  {
    title: 'another refusal in between says nothing of this one',
    verdict: refused('not_found'),
    tries: { refusals: { endpoint_unavailable: 2 } },
    evidence: { isExpected: true },
    waitMs: 500,
    then: { refusals: { endpoint_unavailable: 2, not_found: 1 } },
  },
]
for (const { title, verdict, tries, evidence, isTokenNew = false, waitMs, then } of CASES) {
  t.test(`${title}: ${waitMs === null ? 'over' : `again after ${waitMs} ms`}`, async (t) => {
    if (verdict.kind === 'ok') return
    const decision = decide(
      verdict,
      { ...NO_TRIES, ...tries },
      { evidence: { ...NO_EVIDENCE, ...evidence }, isTokenNew },
      POLICY,
      1
    )
    t.match(decision, waitMs === null ? { kind: 'over', tries: then } : { kind: 'again', waitMs, tries: then })
  })
}
