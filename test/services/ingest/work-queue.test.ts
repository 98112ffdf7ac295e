import fc from 'fast-check'
import t from 'tap'
import { createWorkQueue } from '../../../src/services/ingest/work-queue.ts'
import { settle } from '../../fake-clock.ts'

t.test('a taker waits until there are as many as it wants', async (t) => {
  const workQueue = createWorkQueue<number>()
  let taken: number[] | null = null
  void workQueue.take(() => 3).then((items) => { taken = items })
  workQueue.put([1, 2])
  await settle()
  t.equal(taken, null)
  workQueue.put([3, 4])
  await settle()
  t.same(taken, [1, 2, 3])
  t.same(await workQueue.take(() => 1), [4])
})

t.test('how many a taker wants is asked again whenever something comes', async (t) => {
  const workQueue = createWorkQueue<number>()
  let size = 20
  const taken = workQueue.take(() => size)
  workQueue.put([1, 2])
  await settle()
  size = 1
  workQueue.put([3])
  t.same(await taken, [1])
})

t.test('after the end a taker gets what is left, then nothing, for ever', async (t) => {
  const workQueue = createWorkQueue<number>()
  const waiting = [workQueue.take(() => 3), workQueue.take(() => 3)]
  workQueue.put([1, 2])
  workQueue.end()
  t.same(await Promise.all(waiting), [[1, 2], []])
  t.same([await workQueue.take(() => 1), await workQueue.take(() => 20)], [[], []])
})

t.test('takers are served in their order', async (t) => {
  const workQueue = createWorkQueue<number>()
  const waiting = [workQueue.take(() => 2), workQueue.take(() => 1), workQueue.take(() => 2)]
  workQueue.put([1, 2, 3])
  workQueue.put([4, 5])
  t.same(await Promise.all(waiting), [[1, 2], [3], [4, 5]])
})

t.test('what goes first is taken before the others, each in their order, and ' +
  'wakes nobody who wants more', async (t) => {
  const workQueue = createWorkQueue<number>((number) => number >= 10)
  const waiting = workQueue.take(() => 4)
  workQueue.put([1, 10, 2])
  workQueue.put([3, 11, 4])
  t.same(await waiting, [10, 11, 1, 2])
  workQueue.put([12])
  t.same(await workQueue.take(() => 2), [12, 3])
  workQueue.putBack([12, 3])
  workQueue.put([13])
  t.same(await workQueue.take(() => 4), [12, 3, 13, 4])
})

t.test('what is put back goes first again, in its order', async (t) => {
  const workQueue = createWorkQueue<number>()
  workQueue.put([1, 2, 3, 4])
  workQueue.putBack(await workQueue.take(() => 3))
  t.same(await workQueue.take(() => 4), [1, 2, 3, 4])
})

t.test('what is put back wakes who waits, also after the end', async (t) => {
  const workQueue = createWorkQueue<number>()
  workQueue.put([1])
  const [taken, waiting] = [await workQueue.take(() => 1), workQueue.take(() => 1)]
  workQueue.putBack(taken)
  t.same(await waiting, [1])
  workQueue.end()
  workQueue.putBack([1])
  t.same(await workQueue.take(() => 5), [1])
})

t.test('a hundred thousand items at once are put', async (t) => {
  const workQueue = createWorkQueue<number>()
  workQueue.put(Array.from({ length: 100_000 }, (_, i) => i))
  t.same(await workQueue.take(() => 2), [0, 1])
})

t.test('whatever is put and taken in any order: all arrives, once, in its order, and less ' +
  'than wanted only at the end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.record({ put: fc.nat(30) }), fc.record({ take: fc.integer({ min: 1, max: 20 }) })), {
        maxLength: 40,
      }),
      async (steps) => {
        const workQueue = createWorkQueue<number>()
        const takes: Array<{ max: number, taken: Promise<number[]>, early: boolean }> = []
        let number = 0
        for (const step of steps) {
          if ('put' in step) {
            workQueue.put(Array.from({ length: step.put }, () => number++))
          } else {
            const take = { max: step.take, taken: workQueue.take(() => step.take), early: true }
            takes.push(take)
          }
          await Promise.resolve()
        }
        const before = new Set<number>()
        for (const [place, { taken }] of takes.entries()) void taken.then(() => before.add(place))
        await settle()
        const prefetched = new Set(before)
        workQueue.end()
        takes.push({ max: 10_000, taken: workQueue.take(() => 10_000), early: false })
        const all: number[] = []
        for (const [place, { max, taken }] of takes.entries()) {
          const items = await taken
          if (prefetched.has(place) && items.length !== max) {
            throw new Error(`${items.length} of ${max} before the end`)
          }
          all.push(...items)
        }
        if (all.length !== number || all.some((item, place) => item !== place)) {
          throw new Error(`${all.length} of ${number}: ${all.join(' ')}`)
        }
      }
    ),
    { numRuns: 100 }
  )
})
