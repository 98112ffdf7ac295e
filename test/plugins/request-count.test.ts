import t from 'tap'
import { createRequestCount } from '../../src/plugins/request-count.ts'

const WINDOW_MS = 60_000

function create (most = 100) {
  const time = { nowMs: 0 }
  return { time, count: createRequestCount({ windowMs: WINDOW_MS, most, monotonic: () => time.nowMs }) }
}

t.test('a window begins with the first request, and the first one after its end begins another', async (t) => {
  const { time, count } = create()
  time.nowMs = 5000
  t.same(count('a'), { current: 1, ttl: WINDOW_MS })
  time.nowMs += 20_000
  t.same(count('a'), { current: 2, ttl: 40_000 })
  time.nowMs += 39_999
  t.same(count('a'), { current: 3, ttl: 1 })
  time.nowMs += 1
  t.same(count('a'), { current: 1, ttl: WINDOW_MS })
})

t.test('each key is counted for itself', async (t) => {
  const { count } = create()
  count('a')
  t.same(['a', 'b'].map((key) => count(key).current), [2, 1])
})

t.test('of more keys than there is room for, the one that was seen longest ago is forgotten', async (t) => {
  const { count } = create(2)
  for (const key of ['a', 'b', 'a', 'c']) count(key)
  t.same(['a', 'b'].map((key) => count(key).current), [3, 1])
})
