import t from 'tap'
import { createRateLimit } from '../../src/sandbox/limits/rate-limit.ts'
import { createRollingWindow } from '../../src/sandbox/limits/rolling-window.ts'
import { handClock, startClient } from './client.ts'

const SEARCH = '/search?q=tag:new&type=album'

t.test('a rolling window counts what is younger than its length, at any moment', async (t) => {
  const window = createRollingWindow(30_000)
  for (const time of [0, 10_000, 10_000, 29_999]) window.add(time)
  t.strictSame([29_999, 30_000, 40_000, 59_998, 59_999].map((now) => window.count(now)), [4, 3, 1, 1, 0])
})

/** Times of calls in ms, and what each is answered: null passes, else Retry-After. */
const SCENES: Array<[string, Parameters<typeof createRateLimit>[0], Array<[number, number | null | 'no header']>]> = [
  ['no limit', null, [[0, null], [0, null], [0, null]]],
  ['bursts are allowed, the sum is not exceeded', { calls: 2 }, [[0, null], [0, null], [29_000, 1]]],
  [
    'the window rolls: each call frees one place 30 s later',
    { calls: 2 },
    [
      [0, null],
      [20_000, null],
      [30_000, null],
      [30_001, 20],
    ],
  ],
  ['Retry-After is when the window frees, in whole seconds', { calls: 1 }, [[0, null], [1_500, 29], [30_500, null]]],
  ['the block stands until the second that was named', { calls: 1 }, [[0, null], [1_500, 29], [30_200, 2]]],
  ['another window', { calls: 1, windowMs: 2000 }, [[0, null], [500, 2], [2_500, null]]],
  ['a fixed Retry-After', { calls: 1, windowMs: 2000, retryAfterS: 7 }, [[0, null], [1, 7], [7_001, null]]],
  ['no Retry-After', { calls: 1, windowMs: 2000, retryAfterS: null }, [[0, null], [1, 'no header'], [2_000, null]]],
  [
    'what was on its way does not lengthen the block',
    { calls: 1, windowMs: 5000 },
    [
      [0, null],
      [1_000, 4],
      [2_000, 3],
      [5_000, null],
    ],
  ],
  [
    'each call while blocked makes the block a second longer',
    { calls: 1, windowMs: 5000 },
    [
      [0, null],
      [1_000, 4],
      [2_001, 4],
      [3_001, 4],
      [6_000, 2],
      [8_000, null],
    ],
  ],
  [
    'a caller whose timer is a few milliseconds early is let in',
    { calls: 1, windowMs: 5000 },
    [
      [0, null],
      [1_000, 4],
      [4_992, 1],
      [5_991, null],
    ],
  ],
  ['nothing is allowed', { calls: 0, windowMs: 2000 }, [[0, 2], [2_000, 2]]],
]
for (const [title, limit, calls] of SCENES) {
  t.test(`rate limit: ${title}`, async (t) => {
    const rateLimit = createRateLimit(limit)
    for (const [time, expected] of calls) {
      const refused = rateLimit.refuse(time)
      t.equal(refused === null ? null : refused.retryAfterS ?? 'no header', expected, `at ${time}`)
    }
  })
}

t.test('over the limit every endpoint answers 429 with Retry-After until the time has passed', async (t) => {
  const clock = handClock()
  const client = await startClient(t, { rateLimit: { calls: 2 } }, { now: clock.now })
  t.equal((await client.get(SEARCH)).status, 200)
  t.equal((await client.get('/albums/unknown')).status, 400)
  const refused = await client.get(SEARCH)
  t.strictSame(
    [refused.status, refused.headers['retry-after'], refused.body],
    [429, '30', { error: { status: 429, message: 'API rate limit exceeded' } }]
  )
  clock.pass(30_000)
  t.equal((await client.get(SEARCH)).status, 200)
})

t.test('a spent quota closes its bucket alone, and opens it when the time has passed', async (t) => {
  const clock = handClock()
  const client = await startClient(
    t,
    { quota: { calls: 2, retryAfterS: 48_925 }, tokenLifetimeS: 1e6 },
    { now: clock.now }
  )
  const album = `/albums/${client.app.sandbox.catalogue.ids[0]}`
  const statuses = async (...paths: string[]) => {
    const found: number[] = []
    for (const path of paths) found.push((await client.get(path)).status)
    return found
  }
  t.strictSame(await statuses(album, `${album}/tracks`, album, SEARCH), [200, 200, 429, 200])
  clock.pass(25_000)
  const refused = await client.get(album)
  t.equal(refused.headers['retry-after'], '48900', 'counted from the first refusal')
  t.strictSame(refused.body, { error: { status: 429, message: 'Too many requests', reason: 'QUOTA_EXCEEDED' } })
  clock.pass(48_900_000)
  t.strictSame(await statuses(album, album, album), [200, 200, 429])
})
