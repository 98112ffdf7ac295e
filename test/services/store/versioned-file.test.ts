import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { newestVersion, placeVersion, readVersion, replaceVersion } from '../../../src/services/store/versioned-file.ts'

const NAME = 'count'

/** Replace the state until it has worked, as a counter does. */
async function increment (folder: string): Promise<number> {
  for (;;) {
    const before = await readVersion(folder, NAME)
    const count = Number(before?.text ?? 0) + 1
    if (await replaceVersion(folder, NAME, before?.number ?? 0, String(count))) return count
  }
}

async function stateAt (folder: string, number: number): Promise<void> {
  for (let at = await newestVersion(folder, NAME); at < number; at++) await replaceVersion(folder, NAME, at, String(at + 1))
}

t.test('what was never written is null, and so is what is in no folder', async (t) => {
  const folder = t.testdir()
  t.equal(await readVersion(folder, NAME), null)
  t.equal(await readVersion(join(folder, 'gone'), NAME), null)
})

t.test('a state replaces the one it was made from, and no other; nothing else is left beside it', async (t) => {
  const folder = t.testdir()
  t.equal(await replaceVersion(folder, NAME, 0, 'a'), true)
  t.same(await readVersion(folder, NAME), { number: 1, text: 'a' })
  t.equal(await replaceVersion(folder, NAME, 0, 'b'), false)
  t.equal(await replaceVersion(folder, NAME, 2, 'b'), false)
  t.equal(await replaceVersion(folder, NAME, 1, 'b'), true)
  t.same(await readVersion(folder, NAME), { number: 2, text: 'b' })
  t.same((await readdir(folder)).sort(), ['count.1.json', 'count.2.json'])
})

t.test('a folder that is gone is one that somebody else has removed', async (t) => {
  const folder = t.testdir()
  t.equal(await replaceVersion(join(folder, 'gone'), NAME, 0, 'a'), false)
  t.same(await readdir(folder), [])
})

t.test('what cannot be written is an error, and leaves nothing', async (t) => {
  const folder = t.testdir({ file: '' })
  await t.rejects(replaceVersion(folder, `${'x'.repeat(300)}`, 0, 'a'), { code: 'ENAMETOOLONG' })
  t.same(await readdir(folder), ['file'])
})

t.test('files of other names, and of none, are no versions', async (t) => {
  const folder = t.testdir({ 'count.json': '', 'count.01.json': '', 'count.-1.json': '', 'count.x.json': '', 'counter.9.json': '', 'count.9.json.abc.tmp': '', 'a.count.9.json': '', 'count.9': '' })
  t.equal(await newestVersion(folder, NAME), 0)
})

t.test('numbers count as numbers: the tenth state is newer than the ninth', async (t) => {
  const folder = t.testdir()
  await stateAt(folder, 12)
  t.same(await readVersion(folder, NAME), { number: 12, text: '12' })
})

t.test('old states go, the newest stay: it grows to a bound', async (t) => {
  const folder = t.testdir()
  await stateAt(folder, 40)
  t.equal((await readdir(folder)).length, 16)
})

t.test('a broken newest state is given as it is: never an older one in its place', async (t) => {
  const folder = t.testdir()
  await stateAt(folder, 3)
  await writeFile(join(folder, 'count.3.json'), '')
  t.same(await readVersion(folder, NAME), { number: 3, text: '' })
})

for (const [late, isTold] of [[1, true], [10, true], [24, true], [25, false], [39, false]] as const) {
  t.test(`a writer that was frozen, and takes number ${late} of 40, is told that it ${isTold ? 'lost, and leaves nothing' : 'won: it was so, and the others went on from there'}`, async (t) => {
    const folder = t.testdir()
    await stateAt(folder, 40)
    await rm(join(folder, `count.${late}.json`), { force: true })
    await writeFile(join(folder, 'aside'), 'late')
    t.equal(await placeVersion(folder, NAME, late, join(folder, 'aside')), !isTold)
    t.same(await readVersion(folder, NAME), { number: 40, text: '40' })
    t.equal((await readdir(folder)).includes(`count.${late}.json`), !isTold)
  })
}

t.test('a writer that was frozen does not take a number that is taken', async (t) => {
  const folder = t.testdir()
  await stateAt(folder, 20)
  await writeFile(join(folder, 'aside'), 'late')
  t.equal(await placeVersion(folder, NAME, 15, join(folder, 'aside')), false)
  t.same(await readVersion(folder, NAME), { number: 20, text: '20' })
})

for (const writers of [2, 5, 12]) {
  t.test(`${writers} writers at once: each change is made once, one after the other`, async (t) => {
    const folder = t.testdir()
    const each = 6
    const counts = (await Promise.all(Array.from({ length: writers }, async () => {
      const made: number[] = []
      for (let i = 0; i < each; i++) made.push(await increment(folder))
      return made
    }))).flat()
    t.same(counts.sort((a, b) => a - b), Array.from({ length: writers * each }, (_, i) => i + 1))
    t.same(await readVersion(folder, NAME), { number: writers * each, text: String(writers * each) })
  })
}

t.test('a reader beside writers sees whole states, and never an older one after a newer one', async (t) => {
  const folder = t.testdir()
  const writing = new AbortController()
  const written = (async () => {
    for (let at = 0; at < 60; at++) await replaceVersion(folder, NAME, at, String(at + 1).repeat(10_000), false)
    writing.abort()
  })()
  for (let last = 0; !writing.signal.aborted;) {
    const state = await readVersion(folder, NAME)
    if (state === null) continue
    if (state.number < last || state.text !== String(state.number).repeat(10_000)) t.fail(`${state.number} after ${last}`)
    last = state.number
  }
  await written
})

t.test('whatever is read, replaced and lost in whatever order: the states are those of a single file that is compared and set', async (t) => {
  const step = fc.record({ writer: fc.nat(2), reads: fc.boolean() })
  let trial = 0
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
    const folder = t.testdir({ [`${++trial}`]: {} })
    const known = [0, 0, 0]
    let model = 0
    for (const { writer, reads } of steps) {
      if (reads) known[writer] = (await readVersion(folder, NAME))?.number ?? 0
      else {
        const number = known[writer] ?? 0
        const isMade = await replaceVersion(folder, NAME, number, `${number + 1} by ${writer}`, false)
        if (isMade !== (number === model)) throw new Error(`replacing ${number} while ${model} counted: ${isMade}`)
        if (isMade) model++
      }
      if (await newestVersion(folder, NAME) !== model) throw new Error(`not ${model}`)
    }
  }), { numRuns: 40 })
})
