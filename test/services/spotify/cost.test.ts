import t from 'tap'
import { NO_COST, createCostCounter } from '../../../src/services/spotify/cost.ts'

t.test('calls count in all and by endpoint, retries apart', async (t) => {
  const cost = createCostCounter(() => 0)
  cost.call('search')
  cost.call('album')
  cost.call('album')
  cost.retry()
  cost.cached()
  t.same(cost.read(), { calls: 3, retries: 1, throttledMs: 0, cached: 1, byEndpoint: { search: 1, album: 2 } })
})

t.test('waits that overlap count once', async (t) => {
  let now = 0
  const cost = createCostCounter(() => now)
  const first = cost.throttled(() => null)
  now = 100
  const second = cost.throttled(() => null)
  now = 300
  first()
  now = 350
  second()
  now = 1000
  t.equal(cost.read().throttledMs, 350)
  const third = cost.throttled(() => null)
  now = 1050
  third()
  t.equal(cost.read().throttledMs, 400)
})

t.test('a wait that goes on is part of the reading', async (t) => {
  let now = 0
  const cost = createCostCounter(() => now)
  const resume = cost.throttled(() => null)
  now = 70.4
  t.equal(cost.read().throttledMs, 70)
  t.equal(cost.read().throttledMs, 70)
  resume()
  t.equal(cost.read().throttledMs, 70)
})

t.test('the cost goes on from what the run has cost before, and leaves that alone', async (t) => {
  const before = { calls: 5, retries: 1, throttledMs: 40, cached: 2, byEndpoint: { search: 5 } }
  const cost = createCostCounter(() => 0, before)
  cost.call('search')
  t.same(cost.read(), { calls: 6, retries: 1, throttledMs: 40, cached: 2, byEndpoint: { search: 6 } })
  t.same(before, { calls: 5, retries: 1, throttledMs: 40, cached: 2, byEndpoint: { search: 5 } })
})

t.test('a reading is a copy, and a new cost starts from nothing', async (t) => {
  const cost = createCostCounter(() => 0)
  const reading = cost.read()
  reading.byEndpoint['search'] = 99
  reading.calls = 99
  cost.call('search')
  t.same(cost.read().byEndpoint, { search: 1 })
  t.same(createCostCounter(() => 0).read(), NO_COST)
})
