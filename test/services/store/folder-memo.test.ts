import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createFolderMemo } from '../../../src/services/store/folder-memo.ts'

const LONG_MS = 2000

/** A folder, its memo, and a clock that only `pass` moves; each answer that is made is a number higher. */
async function create (t: Test, most = 10) {
  const folder = join(t.testdir(), 'folder')
  await mkdir(folder)
  await writeFile(join(folder, 'first'), '')
  let nowMs = 0
  let made = 0
  const memo = createFolderMemo<number>({ most, monotonic: () => nowMs })
  const pass = (ms: number): void => { nowMs += ms }
  const recall = async (isKept = true, from = folder): Promise<number> => await memo.recall(from, async () => ({ value: ++made, isKept }))
  return {
    folder,
    memo,
    pass,
    recall,
    /** Until an answer is kept: that is the second one. */
    settle: async (from = folder): Promise<void> => {
      await recall(true, from)
      pass(LONG_MS)
      await recall(true, from)
    },
  }
}

t.test('nothing is kept of a folder that may have changed a tick ago; what is read of it a while later is', async (t) => {
  const { memo, folder, pass, recall } = await create(t)
  t.equal(await recall(), 1)
  pass(LONG_MS - 1)
  t.equal(await recall(), 2)
  t.equal(memo.peek(folder), undefined)
  pass(1)
  t.equal(await recall(), 3)
  t.equal(memo.peek(folder), 3)
  pass(1e9)
  t.equal(await recall(), 3)
})

t.test('it is said whether an answer can be kept', async (t) => {
  const { memo, folder, pass } = await create(t)
  const told: boolean[] = []
  const recall = async (): Promise<void> => { await memo.recall(folder, async (isSettled) => ({ value: told.push(isSettled), isKept: true })) }
  await recall()
  pass(LONG_MS)
  await recall()
  await recall()
  t.same(told, [false, true])
})

/** Of the times of a folder, on file systems and kernels that count them coarsely. */
const TICK_MS = 50

const CHANGES: Array<[what: string, change: (folder: string) => Promise<unknown>]> = [
  ['a new file', async (folder) => await writeFile(join(folder, 'second'), '')],
  ['a file of another name', async (folder) => await rename(join(folder, 'first'), join(folder, 'second'))],
  ['a file that is gone', async (folder) => await rm(join(folder, 'first'))],
  ['another folder of that name', async (folder) => {
    await rename(folder, `${folder}.old`)
    await mkdir(folder)
  }],
  ['no folder', async (folder) => await rm(folder, { recursive: true })],
]
for (const [what, change] of CHANGES) {
  t.test(`${what} ends what was kept, for good`, async (t) => {
    const { folder, memo, pass, recall, settle } = await create(t)
    await settle()
    await sleep(TICK_MS)
    await change(folder)
    t.equal(await recall(), 3)
    t.equal(memo.peek(folder), undefined)
    pass(LONG_MS - 1)
    t.equal(await recall(), 4)
  })
}

t.test('what cannot be kept is not, and has to stand still anew when it can', async (t) => {
  const { recall, pass, settle } = await create(t)
  await settle()
  t.equal(await recall(false), 2, 'kept, so that nobody is asked')
  const other = await create(t)
  await other.recall(false)
  pass(LONG_MS)
  other.pass(LONG_MS)
  await other.recall(true)
  t.equal(await other.recall(true), 3)
})

t.test('what this process changes is forgotten, also by those who are reading it', async (t) => {
  const { folder, memo, pass, recall, settle } = await create(t)
  await settle()
  memo.forget(folder)
  t.equal(await recall(), 3)
  pass(LONG_MS)
  await memo.recall(folder, async () => {
    memo.forget(folder)
    return { value: 99, isKept: true }
  })
  t.equal(memo.peek(folder), undefined)
  t.equal(await recall(), 4)
})

t.test('an answer that fails is its caller\'s alone', async (t) => {
  const { folder, memo, recall, pass } = await create(t)
  await recall()
  pass(LONG_MS)
  await t.rejects(memo.recall(folder, async () => { throw new Error('no') }), { message: 'no' })
  t.equal(await recall(), 2)
  t.equal(await recall(), 2)
})

t.test('only so many folders are kept: the one asked for longest ago goes', async (t) => {
  const { folder, memo, recall, settle } = await create(t, 2)
  const [a, b, c] = ['a', 'b', 'c'].map((name) => join(folder, name)) as [string, string, string]
  for (const each of [a, b, c]) await mkdir(each)
  await settle(a)
  await settle(b)
  await recall(true, a)
  await recall(true, c)
  t.same([a, b, c].map((each) => memo.peek(each) !== undefined), [true, false, false])
})
