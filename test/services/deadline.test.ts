import t from 'tap'
import {
  type Deadline, type Moment, deadlineIn, endsLater, jumpMs, msLeft, plausibleWaitMs, restoredDeadline, sleepUntil,
  storedEndMs, wallEndMs,
} from '../../src/services/deadline.ts'
import { createFakeClock } from '../fake-clock.ts'
import { never } from '../never.ts'

const HOUR_MS = 3_600_000
const WEEK_MS = 7 * 24 * HOUR_MS
const NOW: Moment = { atMs: 5000, wallMs: Date.parse('2026-11-22T13:40:59.000Z') }

/** A moment after a time, in which the wall clock was set as well. */
function after (ms: number, setMs = 0): Moment {
  return { atMs: NOW.atMs + ms, wallMs: NOW.wallMs + ms + setMs }
}

const STORED: Array<[what: string, storedAheadMs: number, waitMs: number | null, restoredMs: number]> = [
  ['a time ahead', 20_000, 20_000, 20_000],
  ['now', 0, 0, 0],
  ['a time in the past', -HOUR_MS, 0, 0],
  ['a week ahead, the longest that is plausible', WEEK_MS, WEEK_MS, WEEK_MS],
  ['more than a week ahead: the clock was set back', WEEK_MS + 1, null, WEEK_MS],
]
for (const [what, aheadMs, waitMs, restoredMs] of STORED) {
  t.test(`stored: ${what}`, async (t) => {
    t.equal(plausibleWaitMs(NOW.wallMs + aheadMs, NOW.wallMs), waitMs)
    const deadline = restoredDeadline(NOW.wallMs + aheadMs, NOW)
    t.equal(msLeft(deadline, NOW.atMs), restoredMs)
    t.equal(deadline.untilMs, NOW.wallMs + Math.min(aheadMs, WEEK_MS), 'and stored again as this')
  })
}

const CLOCKS: Array<[what: string, later: Moment, leftMs: number, wallMs: number, storedMs: number]> = [
  ['runs on', after(4000), 6000, 10_000, 10_000],
  ['runs until the end', after(10_000), 0, 10_000, 10_000],
  ['is set an hour forward', after(4000, HOUR_MS), 6000, 10_000 + HOUR_MS, 10_000 + HOUR_MS],
  ['is set an hour back: what was stored first stays', after(4000, -HOUR_MS), 6000, 10_000 - HOUR_MS, 10_000],
  ['drifts by less than a second: what was stored first stays', after(4000, 900), 6000, 10_900, 10_000],
]
for (const [what, later, leftMs, wallMs, storedMs] of CLOCKS) {
  t.test(`a wait of 10 s while the wall clock ${what}`, async (t) => {
    const deadline = deadlineIn(10_000, NOW)
    t.equal(msLeft(deadline, later.atMs), leftMs)
    t.equal(wallEndMs(deadline, later) - NOW.wallMs, wallMs)
    t.equal(storedEndMs(deadline, later) - NOW.wallMs, storedMs)
  })
}

const ENDS: Array<[what: string, one: Deadline, other: Deadline, isLater: boolean]> = [
  ['ends later', deadlineIn(5001, NOW), deadlineIn(5000, NOW), true],
  ['ends at the same time', deadlineIn(5000, NOW), deadlineIn(5000, NOW), false],
  ['ends earlier', deadlineIn(4999, NOW), deadlineIn(5000, NOW), false],
  [
    'is the same end, restored by a clock a little apart',
    { endsAtMs: 5900, untilMs: 1 },
    { endsAtMs: 5000, untilMs: 1 },
    false,
  ],
  [
    'is the same end, restored by a clock far apart',
    { endsAtMs: 6001, untilMs: 1 },
    { endsAtMs: 5000, untilMs: 1 },
    true,
  ],
]
for (const [what, one, other, isLater] of ENDS) {
  t.test(`of two deadlines one ${what}`, async (t) => t.equal(endsLater(one, other), isLater))
}

t.test('a jump is what the wall clock was set by, however long it ran', async (t) => {
  t.equal(jumpMs(NOW, after(HOUR_MS)), 0)
  t.equal(jumpMs(NOW, after(HOUR_MS, -7000)), -7000)
})

t.test('a sleep ends by the monotonic clock, also where its timer is too short', async (t) => {
  const clock = createFakeClock({ skipping: true })
  const startedMs = clock.monotonic()
  const short = { ...clock, sleep: async (ms: number) => await clock.sleep(Math.min(ms, 400)) }
  await sleepUntil({ endsAtMs: startedMs + 1000 }, short, never)
  t.equal(clock.monotonic(), startedMs + 1000)
  t.strictSame(clock.slept, [400, 400, 200])
})
