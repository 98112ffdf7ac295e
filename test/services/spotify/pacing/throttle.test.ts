import t from 'tap'
import type { Moment } from '../../../../src/services/deadline.ts'
import { type Pause, inForce } from '../../../../src/services/spotify/pacing/pause.ts'
import {
  type Allowance,
  type Throttle,
  afterLimit,
  mergedThrottle,
  restoredThrottle,
  storedThrottle,
} from '../../../../src/services/spotify/pacing/throttle.ts'

const ALLOWANCE: Allowance = { callsPerWindow: 90, windowMs: 30_000, maxWaitMs: 60_000 }
const DAY_MS = 24 * 3_600_000
const NOW: Moment = { atMs: 5000, wallMs: Date.parse('2026-11-22T13:40:59.000Z') }

function limited (throttle: Throttle, retryAfterMs: number, now = NOW): Throttle {
  return afterLimit(
    throttle,
    { givenAtMs: now.atMs, limit: { quota: false, retryAfterMs, detail: 'answered 429' }, occupied: 10, now },
    ALLOWANCE
  ).throttle
}

function restored (pause: Pause, now = NOW): Throttle {
  return restoredThrottle({ pause, strikes: 0 }, now, ALLOWANCE)
}

const fresh = restoredThrottle(null, NOW, ALLOWANCE)

t.test('of two ends that Spotify named the later one is obeyed, however near to each other they are', async (t) => {
  for (const [ours, theirs] of [[5001, 5000], [5900, 5000], [50_000, 5000]] as const) {
    const merged = mergedThrottle(limited(fresh, theirs), limited(fresh, ours), NOW.atMs)
    t.equal(inForce(merged.pause, NOW.atMs)?.endsAtMs, NOW.atMs + ours)
  }
})

t.test('a pause that is known here and there from the same file is one pause, though two clocks ' +
  'place its end a little apart', async (t) => {
  const pause: Pause = { untilMs: NOW.wallMs + 20_000, code: 'rate_limited', detail: 'answered 429' }
  const theirs = restored(pause)
  t.equal(mergedThrottle(theirs, restored(pause, { ...NOW, atMs: NOW.atMs + 900 }), NOW.atMs), theirs)
  const later = mergedThrottle(theirs, restored(pause, { ...NOW, atMs: NOW.atMs + 5000 }), NOW.atMs)
  t.equal(later.pause?.endsAtMs, NOW.atMs + 25_000, 'clocks that differ by more than that are no reason to call early')
})

t.test('who knows nothing more adds nothing', async (t) => {
  const theirs = limited(fresh, 5000)
  t.equal(mergedThrottle(theirs, fresh, NOW.atMs), theirs)
  t.equal(mergedThrottle(theirs, limited(fresh, 4000), NOW.atMs), theirs)
})

t.test('a stored pause from a clock that was ahead and has been set back lasts as long as any that ' +
  'Spotify names, and not for ever', async (t) => {
  const pause: Pause = { untilMs: NOW.wallMs + 365 * DAY_MS, code: 'quota_exceeded', detail: 'answered 429' }
  const throttle = restored(pause)
  t.equal(throttle.pause?.endsAtMs, NOW.atMs + 7 * DAY_MS)
  t.equal(storedThrottle(throttle, NOW).pause?.untilMs, NOW.wallMs + 7 * DAY_MS, 'and this is what is shown and stored')
  t.equal(restored({ ...pause, untilMs: NOW.wallMs + 6 * DAY_MS }).pause?.endsAtMs, NOW.atMs + 6 * DAY_MS)
})
