import t from 'tap'
import { NO_COST, createMeter } from '../../../src/services/spotify/cost.ts'

t.test('calls count in all and by endpoint, retries apart', async (t) => {
  const meter = createMeter(() => 0)
  meter.call('search')
  meter.call('album')
  meter.call('album')
  meter.retry()
  meter.cached()
  t.same(meter.read(), { calls: 3, retries: 1, throttledMs: 0, cached: 1, byEndpoint: { search: 1, album: 2 } })
})

t.test('waits that overlap count once', async (t) => {
  let now = 0
  const meter = createMeter(() => now)
  const first = meter.hold(() => null)
  now = 100
  const second = meter.hold(() => null)
  now = 300
  first()
  now = 350
  second()
  now = 1000
  t.equal(meter.read().throttledMs, 350)
  const third = meter.hold(() => null)
  now = 1050
  third()
  t.equal(meter.read().throttledMs, 400)
})

t.test('a wait that goes on is part of the reading', async (t) => {
  let now = 0
  const meter = createMeter(() => now)
  const resume = meter.hold(() => null)
  now = 70.4
  t.equal(meter.read().throttledMs, 70)
  t.equal(meter.read().throttledMs, 70)
  resume()
  t.equal(meter.read().throttledMs, 70)
})

t.test('the cost goes on from what the run has cost before, and leaves that alone', async (t) => {
  const before = { calls: 5, retries: 1, throttledMs: 40, cached: 2, byEndpoint: { search: 5 } }
  const meter = createMeter(() => 0, before)
  meter.call('search')
  t.same(meter.read(), { calls: 6, retries: 1, throttledMs: 40, cached: 2, byEndpoint: { search: 6 } })
  t.same(before, { calls: 5, retries: 1, throttledMs: 40, cached: 2, byEndpoint: { search: 5 } })
})

t.test('a reading is a copy, and a new meter starts from nothing', async (t) => {
  const meter = createMeter(() => 0)
  const reading = meter.read()
  reading.byEndpoint.search = 99
  reading.calls = 99
  meter.call('search')
  t.same(meter.read().byEndpoint, { search: 1 })
  t.same(createMeter(() => 0).read(), NO_COST)
})
