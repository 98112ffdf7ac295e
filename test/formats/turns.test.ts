import t from 'tap'
import { createTurns } from '../../src/formats/turns.ts'

/** A loop that goes on by hand, and a time that computing moves. */
function create () {
  const deferred: Array<() => void> = []
  let nowMs = 0
  const turns = createTurns({ now: () => nowMs, defer: (run) => { deferred.push(run) } })
  const log: string[] = []
  async function compute (name: string, steps: number, stepMs: number): Promise<void> {
    const conversion = { name }
    for (let step = 0; step < steps; step++) {
      await turns.take(conversion)
      nowMs += stepMs
      log.push(name)
    }
  }
  async function pass (): Promise<void> {
    const due = deferred.splice(0)
    for (const run of due) run()
    for (let i = 0; i < 50; i++) await Promise.resolve()
  }
  return { compute, pass, log, deferred }
}

t.test('turns go round, and the loop passes between two of them', async (t) => {
  const { compute, pass, log } = create()
  const all = ['a', 'b', 'c'].map(async (name) => await compute(name, 4, 3))
  const passes: string[] = []
  while (log.length < 12) {
    const before = log.length
    await pass()
    passes.push(log.slice(before).join(''))
  }
  t.strictSame(passes, ['aa', 'bb', 'cc', 'aa', 'bb', 'cc'], 'two steps of 3 ms are more than a turn of 5 ms')
  await Promise.all(all)
})

t.test('a single conversion also lets the loop pass after each turn', async (t) => {
  const { compute, pass, log } = create()
  const done = compute('a', 5, 10)
  for (let passes = 1; passes <= 5; passes++) {
    await pass()
    t.equal(log.length, passes)
  }
  await done
})

t.test('a conversion that waits for something else keeps nobody from computing', async (t) => {
  const { compute, pass, log, deferred } = create()
  await Promise.all([compute('gone', 1, 1), pass()])
  const other = compute('b', 1, 1)
  await pass()
  t.strictSame(log, ['gone', 'b'])
  await other
  t.equal(deferred.length, 0, 'and when nobody waits, nothing is left to run')
})
