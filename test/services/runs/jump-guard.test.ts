import t from 'tap'
import { createJumpGuard } from '../../../src/services/runs/jump-guard.ts'
import { createFakeClock } from '../../fake-clock.ts'

const HOUR_MS = 3_600_000

t.test('while the wall clock goes with the monotonic one, it is trusted', async (t) => {
  const clock = createFakeClock()
  const mayDelete = createJumpGuard(clock)
  t.equal(mayDelete(), false, 'not right after the start')
  await clock.pass(10 * 60_000)
  for (let day = 0; day < 5; day++) {
    t.equal(mayDelete(), true)
    await clock.pass(24 * HOUR_MS)
    clock.jump(500)
  }
})

for (const [what, ms] of [['forward', 400 * 24 * HOUR_MS], ['back', -2 * HOUR_MS]] as const) {
  t.test(`after a jump ${what} it is not trusted for a day, also when it jumps back`, async (t) => {
    const clock = createFakeClock()
    const mayDelete = createJumpGuard(clock)
    clock.jump(ms)
    t.equal(mayDelete(), false)
    await clock.pass(HOUR_MS)
    clock.jump(-ms)
    t.equal(mayDelete(), false)
    await clock.pass(24 * HOUR_MS - 1)
    t.equal(mayDelete(), false)
    await clock.pass(1)
    t.equal(mayDelete(), true)
  })
}

t.test('an hour more or less is no jump', async (t) => {
  const clock = createFakeClock()
  const mayDelete = createJumpGuard(clock)
  await clock.pass(HOUR_MS)
  clock.jump(HOUR_MS)
  t.equal(mayDelete(), true)
})
