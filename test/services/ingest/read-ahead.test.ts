import t from 'tap'
import { type ReadAhead, readAhead } from '../../../src/services/ingest/read-ahead.ts'
import { settle } from '../../fake-clock.ts'
import { createGate } from '../gate.ts'

/** Items are their own sizes; what is being read, and was not taken yet, is counted. */
function create (
  sizes: number[],
  bounds: Pick<ReadAhead<number, number>, 'most' | 'mostBytes'>,
  hold: (size: number) => Promise<void> = async () => {}
) {
  const begun: number[] = []
  let reading = 0
  const texts = readAhead(sizes, {
    ...bounds,
    bytesOf: (size) => size,
    async read (size) {
      begun.push(size)
      reading++
      await hold(size).finally(() => { reading-- })
      return size
    },
  })
  return { texts, begun, reading: () => reading }
}

const BOUNDS: Array<[string, number[], { most: number, mostBytes: number }, number[]]> = [
  ['at most so many at once', [1, 1, 1, 1, 1], { most: 3, mostBytes: 100 }, [3, 4, 5, 5, 5]],
  ['at most so many bytes at once', [40, 40, 40, 10, 10], { most: 10, mostBytes: 100 }, [2, 5, 5, 5, 5]],
  ['one that has more bytes alone', [10, 500, 10, 10], { most: 10, mostBytes: 100 }, [1, 2, 4, 4]],
  ['nothing of nothing', [], { most: 3, mostBytes: 100 }, []],
]
for (const [what, sizes, bounds, begunAfterEach] of BOUNDS) {
  t.test(`reads ahead in order: ${what}`, async (t) => {
    const { texts, begun } = create(sizes, bounds)
    const taken: number[] = []
    const counts: number[] = []
    for await (const text of texts) {
      taken.push(text)
      counts.push(begun.length)
      const ahead = begun.slice(taken.length - 1)
      t.ok(
        ahead.length <= bounds.most &&
          (ahead.length === 1 || ahead.reduce((sum, size) => sum + size, 0) <= bounds.mostBytes)
      )
    }
    t.same(taken, sizes)
    t.same(counts, begunAfterEach)
  })
}

t.test('the first is given as soon as it is read, whoever else is still being read', async (t) => {
  const gate = createGate()
  const { texts, reading } = create([1, 2, 3], { most: 2, mostBytes: 100 }, async (size) => {
    if (size !== 1) await gate.promise
  })
  t.same(await texts.next(), { value: 1, done: false })
  t.equal(reading(), 1)
  gate.resolve()
  t.same([await texts.next(), await texts.next()].map(({ value }) => value as number), [2, 3])
})

t.test('a failure is thrown in its turn, and nothing is being read when it has been thrown', async (t) => {
  const gate = createGate()
  const { texts, begun, reading } = create([1, 2, 3, 4], { most: 3, mostBytes: 100 }, async (size) => {
    if (size === 2) throw new Error('the disk is broken')
    if (size === 3) await gate.promise
  })
  t.equal((await texts.next()).value, 1)
  let isThrown = false
  const thrown = texts.next().catch((error: unknown) => {
    isThrown = true
    return error
  })
  await settle()
  t.equal(isThrown, false)
  gate.resolve()
  t.match(await thrown, { message: 'the disk is broken' })
  t.equal(reading(), 0)
  t.same(begun, [1, 2, 3, 4])
})

t.test('whoever stops taking waits for what is being read', async (t) => {
  const { texts, reading } = create([1, 2, 3], { most: 3, mostBytes: 100 }, settle)
  t.equal((await texts.next()).value, 1)
  t.equal(reading(), 2)
  await texts.return(undefined)
  t.equal(reading(), 0)
})
