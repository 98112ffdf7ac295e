import fc from 'fast-check'
import t from 'tap'
import { parseRetryAfterMs, retryDelayMs, unnamedPauseMs } from '../../../../src/services/spotify/http/retry-policy.ts'
import { START_MS } from '../../../fake-clock.ts'

const WEEK_MS = 7 * 24 * 3600 * 1000

const HEADERS: Array<[string, string | undefined, number | null]> = [
  ['seconds', '30', 30_000],
  ['one second', '1', 1000],
  ['white space around', '  2 ', 2000],
  ['leading zeros', '007', 7000],
  ['a fraction of a second', '1.5', 1500],
  ['less than a millisecond is one', '0.0001', 1],
  ['hours, as the quota says', '86207', 86_207_000],
  ['zero', '0', null],
  ['zero as a fraction', '0.0', null],
  ['negative', '-5', null],
  ['with a sign', '+5', null],
  ['an exponent', '1e3', null],
  ['hexadecimal', '0x10', null],
  ['a unit', '5s', null],
  ['a list', '5, 10', null],
  ['a comma', '1,5', null],
  ['a word', 'soon', null],
  ['words', 'please wait', null],
  ['a word and a large number', 'wait 9999', null],
  ['NaN', 'NaN', null],
  ['Infinity', 'Infinity', null],
  ['empty', '', null],
  ['white space only', '   ', null],
  ['missing', undefined, null],
  ['huge', '99999999999', WEEK_MS],
  ['longer than any number', '9'.repeat(400), WEEK_MS],
  ['an HTTP date in the future', 'Sun, 22 Nov 2026 13:42:59 GMT', 120_000],
  ['the obsolete RFC 850 form', 'Sunday, 22-Nov-26 13:42:59 GMT', 120_000],
  ['an HTTP date now', 'Sun, 22 Nov 2026 13:40:59 GMT', null],
  ['an HTTP date in the past', 'Sun, 22 Nov 2026 13:40:00 GMT', null],
  ['an HTTP date in a far future', 'Tue, 22 Nov 2050 13:40:00 GMT', WEEK_MS],
  ['an HTTP date that is none', 'Sun, 99 Foo 2026 13:40:00 GMT', null],
  ['a date of another form', '2026-11-22T13:42:59Z', null],
]
for (const [what, header, ms] of HEADERS) {
  t.test(`Retry-After, ${what} (${header?.slice(0, 40) ?? 'none'}): ${ms ?? 'says nothing'}`, async (t) => {
    t.equal(parseRetryAfterMs(header, START_MS), ms)
  })
}

t.test('whatever the header says, it is a wait of more than nothing and at most a week, or none', async () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.double().map(String),
        fc.integer().map(String),
        fc.date({ noInvalidDate: true }).map((date) => date.toUTCString())
      ),
      (header) => {
        const ms = parseRetryAfterMs(header, START_MS)
        return ms === null || (ms > 0 && ms <= WEEK_MS && Number.isInteger(ms))
      }
    )
  )
})

t.test('seconds are never cut short', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 604_800 }),
      (seconds) => parseRetryAfterMs(String(seconds), START_MS) === seconds * 1000
    )
  )
})

const POLICY = { maxAttempts: 5, baseMs: 500, capMs: 30_000, maxWaitMs: 60_000 }

t.test('backoff doubles up to its cap, and jitter takes any part of it', async (t) => {
  t.same(
    [1, 2, 3, 6, 7, 8, 50].map((attempt) => retryDelayMs(attempt, POLICY, 1)),
    [500, 1000, 2000, 16_000, 30_000, 30_000, 30_000]
  )
  t.same([0, 0.25, 0.5].map((random) => retryDelayMs(3, POLICY, random)), [0, 500, 1000])
})

t.test('a 429 that names no time stops everybody from 1 s on, doubling to a minute', async (t) => {
  t.same([1, 2, 3, 6, 7, 20].map((strike) => unnamedPauseMs(strike, false)), [1000, 2000, 4000, 32_000, 60_000, 60_000])
})

t.test('a spent quota that names no time stops everybody from a minute on, doubling to an hour', async (t) => {
  t.same(
    [1, 2, 6, 7, 20].map((strike) => unnamedPauseMs(strike, true)),
    [60_000, 120_000, 1_920_000, 3_600_000, 3_600_000]
  )
})
