import t from 'tap'
import { ServiceError } from '../../../src/errors.ts'
import { createTestCapabilities } from './test-capabilities.ts'
import { testSlot } from './test-slot.ts'
import { createDiscovery } from '../../../src/services/spotify/discovery.ts'
import { settle } from '../../fake-clock.ts'
import { never } from '../../never.ts'
import { createGate } from '../gate.ts'

function create () {
  const memory = createTestCapabilities()
  const probe = createDiscovery(memory)
  let asked = 0
  return {
    memory,
    asked: () => asked,
    ask: async (answer: Promise<void>, signal = never) =>
      await probe('albums', { signal, slot: testSlot() }, async () => {
        asked++
        await answer
        return asked
      }),
  }
}

t.test('one asks, the others wait for its answer and then all go on at once', async (t) => {
  const { memory, ask, asked } = create()
  const [first, later] = [createGate(), createGate()]
  const all = [ask(first.promise), ask(later.promise), ask(later.promise)]
  await settle()
  t.equal(asked(), 1)
  memory.worked('albums', null)
  first.resolve()
  await settle()
  t.equal(asked(), 3, 'they do not wait for each other')
  later.resolve()
  await Promise.all(all)
})

t.test('a refusal is for all who waited, and those who come later ask for themselves', async (t) => {
  const { memory, ask, asked } = create()
  const gate = createGate()
  const refused = new ServiceError('endpoint_unavailable', 'answered 403', { upstreamStatus: 403 })
  const all = [ask(gate.promise.then(async () => {
    await memory.refused('albums', refused.message)
    throw refused
  })), ask(Promise.resolve()), ask(Promise.resolve())]
  gate.resolve()
  const results = await Promise.allSettled(all)
  t.same(results.map((result) => result.status === 'rejected' && result.reason === refused), [true, true, true])
  t.equal(asked(), 1)
  await ask(Promise.resolve())
  t.equal(asked(), 2)
})

t.test('after a failure that says nothing of the endpoint the next one asks, alone', async (t) => {
  const { ask, asked } = create()
  const [first, second] = [createGate(), createGate()]
  const all = [
    ask(
      first.promise.then(() => {
        throw new ServiceError('upstream_unavailable', 'answered 503')
      })
    ),
    ask(second.promise),
    ask(second.promise),
  ]
  first.resolve()
  await t.rejects(all[0] as Promise<unknown>, { code: 'upstream_unavailable' })
  await settle()
  t.equal(asked(), 2)
  second.resolve()
  await Promise.all(all.slice(1))
})

t.test('who waits can give up', async (t) => {
  const { ask, asked } = create()
  const gate = createGate()
  const leaving = new AbortController()
  const first = ask(gate.promise)
  const second = ask(Promise.resolve(), leaving.signal)
  leaving.abort(new Error('canceled'))
  await t.rejects(second, { message: 'canceled' })
  gate.resolve()
  await first
  t.equal(asked(), 1)
})
