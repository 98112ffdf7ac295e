import fc from 'fast-check'
import t from 'tap'
import { createBelt } from '../../../src/services/ingest/work-queue.ts'
import { settle } from '../../fake-clock.ts'

t.test('a taker waits until there are as many as it wants', async (t) => {
  const belt = createBelt<number>()
  let taken: number[] | null = null
  void belt.take(() => 3).then((items) => { taken = items })
  belt.put([1, 2])
  await settle()
  t.equal(taken, null)
  belt.put([3, 4])
  await settle()
  t.same(taken, [1, 2, 3])
  t.same(await belt.take(() => 1), [4])
})

t.test('how many a taker wants is asked again whenever something comes', async (t) => {
  const belt = createBelt<number>()
  let size = 20
  const taken = belt.take(() => size)
  belt.put([1, 2])
  await settle()
  size = 1
  belt.put([3])
  t.same(await taken, [1])
})

t.test('after the end a taker gets what is left, then nothing, for ever', async (t) => {
  const belt = createBelt<number>()
  const waiting = [belt.take(() => 3), belt.take(() => 3)]
  belt.put([1, 2])
  belt.end()
  t.same(await Promise.all(waiting), [[1, 2], []])
  t.same([await belt.take(() => 1), await belt.take(() => 20)], [[], []])
})

t.test('takers are served in their order', async (t) => {
  const belt = createBelt<number>()
  const waiting = [belt.take(() => 2), belt.take(() => 1), belt.take(() => 2)]
  belt.put([1, 2, 3])
  belt.put([4, 5])
  t.same(await Promise.all(waiting), [[1, 2], [3], [4, 5]])
})

t.test('what goes first is taken before the others, each in their order, and wakes nobody who wants more', async (t) => {
  const belt = createBelt<number>((number) => number >= 10)
  const waiting = belt.take(() => 4)
  belt.put([1, 10, 2])
  belt.put([3, 11, 4])
  t.same(await waiting, [10, 11, 1, 2])
  belt.put([12])
  t.same(await belt.take(() => 2), [12, 3])
  belt.putBack([12, 3])
  belt.put([13])
  t.same(await belt.take(() => 4), [12, 3, 13, 4])
})

t.test('what is put back goes first again, in its order', async (t) => {
  const belt = createBelt<number>()
  belt.put([1, 2, 3, 4])
  belt.putBack(await belt.take(() => 3))
  t.same(await belt.take(() => 4), [1, 2, 3, 4])
})

t.test('what is put back wakes who waits, also after the end', async (t) => {
  const belt = createBelt<number>()
  belt.put([1])
  const [taken, waiting] = [await belt.take(() => 1), belt.take(() => 1)]
  belt.putBack(taken)
  t.same(await waiting, [1])
  belt.end()
  belt.putBack([1])
  t.same(await belt.take(() => 5), [1])
})

t.test('a hundred thousand items at once are put', async (t) => {
  const belt = createBelt<number>()
  belt.put(Array.from({ length: 100_000 }, (_, i) => i))
  t.same(await belt.take(() => 2), [0, 1])
})

t.test('whatever is put and taken in any order: all arrives, once, in its order, and less than wanted only at the end', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.oneof(fc.record({ put: fc.nat(30) }), fc.record({ take: fc.integer({ min: 1, max: 20 }) })), { maxLength: 40 }), async (steps) => {
    const belt = createBelt<number>()
    const takes: Array<{ max: number, taken: Promise<number[]>, early: boolean }> = []
    let number = 0
    for (const step of steps) {
      if ('put' in step) {
        belt.put(Array.from({ length: step.put }, () => number++))
      } else {
        const take = { max: step.take, taken: belt.take(() => step.take), early: true }
        takes.push(take)
      }
      await Promise.resolve()
    }
    const before = new Set<number>()
    for (const [place, { taken }] of takes.entries()) void taken.then(() => before.add(place))
    await settle()
    const early = new Set(before)
    belt.end()
    takes.push({ max: 10_000, taken: belt.take(() => 10_000), early: false })
    const all: number[] = []
    for (const [place, { max, taken }] of takes.entries()) {
      const items = await taken
      if (early.has(place) && items.length !== max) throw new Error(`${items.length} of ${max} before the end`)
      all.push(...items)
    }
    if (all.length !== number || all.some((item, place) => item !== place)) throw new Error(`${all.length} of ${number}: ${all.join(' ')}`)
  }), { numRuns: 100 })
})
