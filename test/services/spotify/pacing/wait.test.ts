import t from 'tap'
import { createCostCounter } from '../../../../src/services/spotify/cost.ts'
import { type Wait, standstillOf, waitForPace } from '../../../../src/services/spotify/pacing/wait.ts'

const pace: Wait = { for: 'pace', untilMs: 9000, detail: 'pace' }
const pause: Wait = { for: 'pause', untilMs: 5000, detail: 'pause' }
const soon: Wait = { for: 'retry', untilMs: 100, detail: 'soon' }
const late: Wait = { for: 'retry', untilMs: 200, detail: 'late' }
const unknown: Wait = { for: 'pace', untilMs: null, detail: 'unknown' }

const CASES: Array<[title: string, inFlight: number, waits: Array<Wait | null>, expected: Wait | null]> = [
  ['nothing is going on', 0, [], null],
  ['one call is in flight', 1, [], null],
  ['one call is in flight and others wait', 1, [pace, soon], null],
  ['a call waits for something that is on its way', 0, [null], null],
  ['a call waits for something that is on its way, another one for its next try', 0, [null, soon], soon],
  ['all wait for the pace', 0, [pace, pace], pace],
  ['some wait for the pace, some for their next try', 0, [soon, pace], pace],
  ['some wait for a pause, some for their next try', 0, [soon, pause], pause],
  ['some wait for an endpoint, some for the pace', 0, [pause, pace], pace],
  ['all wait for their next try', 0, [late, soon], soon],
  ['one knows its end, one does not', 0, [unknown, pace], pace],
  ['none knows its end', 0, [unknown], unknown],
]

for (const [title, inFlight, waits, expected] of CASES) {
  t.test(`${title}: ${expected === null ? 'no standstill' : `waits for the ${expected.for}`}`, async (t) => {
    t.equal(standstillOf(inFlight, waits), expected)
    t.equal(standstillOf(inFlight, waits.toReversed()), expected, 'in any order')
  })
}

const PACES: Array<[pace: number, used: number, detail: string]> = [
  [90, 90, '90 of 90 calls in 30 s'],
  [45, 45, '45 of 45 calls in 30 s; an earlier 429 lowered the pace from 90'],
  [45, 60, '60 of 45 calls in 30 s; an earlier 429 lowered the pace from 90'],
]

t.test('a full window is described by what is used, what is allowed, and what lowered that', async (t) => {
  for (const [pace, used, detail] of PACES) {
    t.same(waitForPace({ used, pace, callsPerWindow: 90, windowMs: 30_000 }, 12.5), {
      for: 'pace',
      untilMs: 13,
      detail,
    })
  }
  t.equal(waitForPace({ used: 1, pace: 1, callsPerWindow: 1, windowMs: 30_000 }, null).untilMs, null)
})

t.test('the cost knows the standstill by what began and has not ended', async (t) => {
  const cost = createCostCounter(() => 0)
  t.equal(cost.standstill(), null)
  let reason: Wait | null = null
  const resume = cost.throttled(() => reason)
  t.equal(cost.standstill(), null, 'the permit may be given now')
  reason = pace
  t.equal(cost.standstill(), pace, 'asked each time')
  const landed = cost.call('album')
  t.equal(cost.standstill(), null, 'a call is in flight')
  const tried = cost.wait(() => soon)
  landed()
  t.equal(cost.standstill(), pace)
  resume()
  t.equal(cost.standstill(), soon)
  tried()
  tried()
  t.equal(cost.standstill(), null)
})
