import { getEventListeners } from 'node:events'
import t from 'tap'
import { abortable, follow } from '../../src/services/abortable.ts'

t.test('a promise is waited for until the signal is aborted, and the signal keeps nothing', async (t) => {
  const controller = new AbortController()
  t.equal(await abortable(Promise.resolve(1), controller.signal), 1)
  t.equal(getEventListeners(controller.signal, 'abort').length, 0)
  const waiting = abortable(new Promise(() => {}), controller.signal)
  controller.abort(new Error('enough'))
  await t.rejects(waiting, { message: 'enough' })
  await t.rejects(
    abortable(Promise.resolve(1), controller.signal),
    { message: 'enough' },
    'also of one that was aborted before'
  )
})

t.test('a follower is aborted with the first of its signals, for its reason', async (t) => {
  for (const first of [0, 1]) {
    const [a, b] = [new AbortController(), new AbortController()]
    const { controller } = follow(a.signal, b.signal)
    t.notOk(controller.signal.aborted)
    for (const place of [first, 1 - first]) [a, b][place]?.abort(new Error(`${place}`))
    t.match(controller.signal.reason, { message: `${first}` })
  }
  t.match(follow(AbortSignal.abort(new Error('before'))).controller.signal.reason, { message: 'before' })
})

t.test('a follower that is released hears nothing more, and leaves nothing ' +
  'behind; many at once are no leak', async (t) => {
  const process = new AbortController()
  const followers = Array.from({ length: 50 }, () => follow(process.signal))
  t.equal(getEventListeners(process.signal, 'abort').length, 50)
  for (const { release } of followers) release()
  t.equal(getEventListeners(process.signal, 'abort').length, 0)
  process.abort()
  t.notOk(followers.some(({ controller }) => controller.signal.aborted))
})
