import { getEventListeners } from 'node:events'
import t from 'tap'
import { createResponseBudget } from '../../../src/services/spotify/http/response-budget.ts'
import { type Semaphore, createSemaphore } from '../../../src/services/spotify/semaphore.ts'
import { createCostCounter } from '../../../src/services/spotify/cost.ts'
import { settle } from '../../fake-clock.ts'
import { never } from '../../never.ts'
import { type Gate, createGate } from '../gate.ts'

const METERS = { a: createCostCounter(() => 0), b: createCostCounter(() => 0), c: createCostCounter(() => 0) }

function semaphoreOf (slots: number): Semaphore {
  return createSemaphore({ slots, answers: createResponseBudget(), waiting: () => null })
}

/**
 * Calls by names like `a1` or `A1`: the letter is the run, a capital is urgent. Each holds its slot until it is ended.
 */
function create (slots: number) {
  const semaphore = semaphoreOf(slots)
  const begun: string[] = []
  const gates = new Map<string, Gate<void>>()
  async function claim (name: string, signal = never): Promise<string> {
    const letter = name.charAt(0)
    using _slot = await semaphore.acquire(
      { cost: METERS[letter.toLowerCase() as 'a'], signal },
      letter !== letter.toLowerCase()
    )
    const gate = createGate()
    gates.set(name, gate)
    begun.push(name)
    await gate.promise
    return name
  }
  async function end (name: string): Promise<void> {
    gates.get(name)?.resolve()
    await settle()
    await settle() // an urgent one releases its slot a turn later
  }
  return { claim, begun, end }
}

const ORDERS: Array<[string, string, string]> = [
  ['first come, first served', 'a1 a2 b1 a3', 'a1 a2 b1 a3'],
  ['urgent calls go first, in their order', 'a1 a2 A1 a3 A2', 'A1 A2 a1 a2 a3'],
  ['the run that came first has the first turn, also where another has an urgent call', 'a1 B1 a2 b1', 'a1 B1 a2 b1'],
  ['urgent calls take the turns of their own owner only', 'a1 b1 a2 B1 B2 a3 B3', 'a1 B1 a2 B2 B3 a3 b1'],
  ['many urgent calls set nobody else back', 'a1 b1 c1 a2 B1 B2 B3 B4 c2', 'a1 B1 c1 a2 B2 B3 B4 b1 c2'],
  ['what was moved back keeps its order', 'a1 a2 b1 a3 A1', 'A1 a1 b1 a2 a3'],
]
for (const [what, came, went] of ORDERS) {
  t.test(what, async (t) => {
    const { claim, begun, end } = create(1)
    const first = claim('c0')
    const others = came.split(' ').map(async (name) => await claim(name))
    await settle()
    for (let turn = 0; turn <= others.length; turn++) await end(begun[turn] ?? '')
    await Promise.all([first, ...others])
    t.equal(begun.slice(1).join(' '), went)
  })
}

t.test('an urgent call that follows another at once gets its slot, also before those who waited', async (t) => {
  const { claim, begun, end } = create(1)
  const listing = claim('A1').then(async () => await claim('A2'))
  const albums = ['a1', 'a2'].map(async (name) => await claim(name))
  await settle()
  for (const name of ['A1', 'A2', 'a1', 'a2']) await end(name)
  await Promise.all([listing, ...albums])
  t.same(begun, ['A1', 'A2', 'a1', 'a2'])
})

t.test('as many calls hold a slot as there are, and the next goes when one has ended', async (t) => {
  const { claim, begun, end } = create(2)
  const claims = ['a1', 'a2', 'a3', 'a4'].map(async (name) => await claim(name))
  await settle()
  t.same(begun, ['a1', 'a2'])
  await end('a2')
  t.same(begun, ['a1', 'a2', 'a3'])
  for (const name of ['a1', 'a3', 'a4']) await end(name)
  t.same(await Promise.all(claims), ['a1', 'a2', 'a3', 'a4'])
})

t.test('a slot that is lent serves others, and is waited for again; after a failure it is free', async (t) => {
  const semaphore = semaphoreOf(1)
  const claimant = { cost: METERS.a, signal: never }
  const [lent, taken] = [createGate(), createGate()]
  const order: string[] = []
  async function lender (): Promise<void> {
    using slot = await semaphore.acquire(claimant, false)
    order.push('taken')
    await slot.lend(async () => await lent.promise)
    order.push('taken again')
  }
  async function other (): Promise<void> {
    using _slot = await semaphore.acquire(claimant, false)
    order.push('lent')
    await taken.promise
  }
  const both = [lender(), other()]
  await settle()
  lent.resolve()
  await settle()
  t.same(order, ['taken', 'lent'])
  taken.resolve()
  await Promise.all(both)
  t.same(order, ['taken', 'lent', 'taken again'])

  async function failing (): Promise<void> {
    using slot = await semaphore.acquire(claimant, false)
    await slot.lend(async () => { throw new Error('no') })
  }
  for (let round = 0; round < 3; round++) await t.rejects(failing(), { message: 'no' })
  using _free = await semaphore.acquire(claimant, false)
})

t.test('room for an answer is free again with the next attempt, while the slot ' +
  'is lent, and with the slot', async (t) => {
  const answers = createResponseBudget()
  const semaphore = createSemaphore({ slots: 1, answers, waiting: () => null })
  {
    using slot = await semaphore.acquire({ cost: METERS.a, signal: never }, true)
    await slot.openRoom().small(never)
    const { read } = answers.used()
    t.ok(read > 0)
    await slot.openRoom().small(never)
    t.equal(answers.used().read, read)
    await slot.lend(async () => { t.equal(answers.used().read, 0) })
    await slot.openRoom().small(never)
  }
  t.equal(answers.used().read, 0)
})

t.test('a call that is stopped while it waits loses no turn of others, and leaves no listener', async (t) => {
  const { claim, begun, end } = create(1)
  const stopping = new AbortController()
  const first = claim('a1', stopping.signal)
  const second = claim('a2', stopping.signal)
  const third = claim('b1')
  await settle()
  stopping.abort(new Error('enough'))
  await t.rejects(second, { message: 'enough' })
  t.same(begun, ['a1'])
  await end('a1')
  t.same(begun, ['a1', 'b1'])
  await end('b1')
  t.same(await Promise.all([first, third]), ['a1', 'b1'], 'a call that has a slot ends on its own')
  await t.rejects(claim('a3', stopping.signal), { message: 'enough' })
  t.same(begun, ['a1', 'b1'])
  t.equal(getEventListeners(stopping.signal, 'abort').length, 0)
})

t.test('a call that has waited leaves no listener', async (t) => {
  const { claim, end } = create(1)
  const { signal } = new AbortController()
  const claims = [claim('a1', signal), claim('a2', signal)]
  await settle()
  await end('a1')
  await end('a2')
  await Promise.all(claims)
  t.equal(getEventListeners(signal, 'abort').length, 0)
})
