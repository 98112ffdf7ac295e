import fc from 'fast-check'
import t from 'tap'
import { recoveredPace, reducedPace } from '../../../../src/services/spotify/pacing/pace.ts'

const REDUCED: Array<[string, [pace: number, callsInWindow: number, configured: number], number]> = [
  ['a little under the count that was refused', [90, 70, 90], 63],
  ['refused at its own pace', [90, 90, 90], 81],
  ['more in the window than the pace allows counts as the pace', [60, 90, 90], 54],
  ['one 429 takes half at most, however few calls were ours', [90, 1, 90], 40],
  ['never below a tenth of the configured pace', [10, 1, 90], 9],
  ['at the floor it stays', [9, 9, 90], 9],
  ['never below one', [1, 1, 1], 1],
  ['a small pace', [5, 5, 5], 4],
]
for (const [title, args, pace] of REDUCED) {
  t.test(`reduced pace: ${title}`, async (t) => t.equal(reducedPace(...args), pace))
}

const RECOVERED: Array<[string, [pace: number, quietWindows: number, configured: number], number]> = [
  ['nothing within the first window', [40, 0.99, 90], 40],
  ['one step after one window', [40, 1, 90], 41],
  ['equal steps', [40, 10, 90], 50],
  ['up to the configured pace', [40, 1000, 90], 90],
  ['never reduced', [90, Infinity, 90], 90],
  ['a step is 2 % of a large pace', [500, 1, 1000], 520],
]
for (const [title, args, pace] of RECOVERED) {
  t.test(`recovered pace: ${title}`, async (t) => t.equal(recoveredPace(...args), pace))
}

t.test('a reduction always lowers the pace until the floor, and never to nothing', async () => {
  const paces = fc.integer({ min: 1, max: 10_000 }).chain((configured) => fc.tuple(
    fc.integer({ min: Math.max(1, Math.floor(configured / 10)), max: configured }), fc.nat(20_000),
    fc.constant(configured)))
  fc.assert(fc.property(paces, ([pace, calls, configured]) => {
    const reduced = reducedPace(pace, calls, configured)
    const floor = Math.max(1, Math.floor(configured / 10))
    return Number.isInteger(reduced) && reduced >= floor && (reduced < pace || pace === floor)
  }))
})

t.test('recovery is whole, never backwards, and never over the configured pace', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.nat(500),
      (pace, quiet, more) => {
        const recovered = recoveredPace(pace, quiet, pace + more)
        return (
          Number.isInteger(recovered) &&
          recovered >= pace &&
          recovered <= pace + more &&
          recovered <= recoveredPace(pace, quiet + 1, pace + more)
        )
      }
    )
  )
})
