import fc from 'fast-check'
import t from 'tap'
import { createCallCount } from '../../../src/services/spotify/call-count.ts'

const HOUR_MS = 3_600_000

t.test('calls count for 24 hours, by whole hours', async (t) => {
  let now = 500_000 * HOUR_MS
  const count = createCallCount({}, () => now)
  t.equal(count.last24Hours(), 0)
  count.add()
  count.add()
  now += 23 * HOUR_MS
  count.add()
  t.equal(count.last24Hours(), 3)
  now += HOUR_MS + HOUR_MS - 1
  t.equal(count.last24Hours(), 3, 'rounded up: never less than what was called')
  now += 1
  t.equal(count.last24Hours(), 1)
})

t.test('the count goes on from what was stored, and what is too old is not stored again', async (t) => {
  const now = 500_000 * HOUR_MS + 5
  const count = createCallCount({ 499_000: 7, 499_990: 3, 500_000: 2 }, () => now)
  count.add()
  t.equal(count.last24Hours(), 6)
  t.same(count.read(), { 499_990: 3, 500_000: 3 })
})

t.test('never less than the true number of the last 24 hours, never more than that of the last 25', async () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 5 * HOUR_MS }), { maxLength: 60 }), (steps) => {
    let now = 500_000 * HOUR_MS
    const count = createCallCount({}, () => now)
    const calls: number[] = []
    for (const step of steps) {
      now += step
      count.add()
      calls.push(now)
      const younger = (hours: number): number => calls.filter((call) => call > now - hours * HOUR_MS).length
      const counted = count.last24Hours()
      if (counted < younger(24) || counted > younger(25)) return false
    }
    return true
  }))
})
