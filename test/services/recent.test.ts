import t from 'tap'
import { createRecent } from '../../src/services/recent.ts'

function create () {
  const time = { nowMs: 0 }
  const started: Array<{ resolve: (value: string) => void, reject: (error: Error) => void }> = []
  const ask = createRecent(
    async () =>
      await new Promise<string>((resolve, reject) => {
        started.push({ resolve, reject })
      }),
    { maxAgeMs: 1000, monotonic: () => time.nowMs }
  )
  return { time, started, ask }
}

t.test('all who ask while it lasts, and within its time, share one result', async (t) => {
  const { time, started, ask } = create()
  const answers = [ask(), ask()]
  time.nowMs = 5000
  answers.push(ask())
  t.equal(started.length, 1, 'one that hangs is not started again')
  started[0]?.resolve('one')
  t.same(await Promise.all(answers), ['one', 'one', 'one'])
  const next = ask()
  t.equal(started.length, 2, 'its time is over')
  started[1]?.resolve('two')
  t.equal(await next, 'two')
  time.nowMs += 999
  t.equal(await ask(), 'two')
  time.nowMs += 1
  void ask()
  t.equal(started.length, 3)
})

t.test('a failure is shared while it lasts, and serves no later one', async (t) => {
  const { started, ask } = create()
  const answers = [ask(), ask()]
  started[0]?.reject(new Error('no'))
  for (const answer of answers) await t.rejects(answer, /no/)
  t.equal(started.length, 1)
  const next = ask()
  started[1]?.resolve('yes')
  t.equal(await next, 'yes')
})
