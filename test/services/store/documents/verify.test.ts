import { createHash } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { createVerifier } from '../../../../src/services/store/documents/verify.ts'
import { countReads } from './file-faults.ts'

const TEXT = JSON.stringify({ albums: ['ü', 'x'.repeat(2000)] })
const hashOf = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')

t.test('a file is right if its content has that hash, plain or unpacked', async (t) => {
  const folder = t.testdir({ 'a.json': TEXT, empty: '' })
  const path = join(folder, 'a.json')
  await writeFile(`${path}.gz`, gzipSync(TEXT))
  const { isRight } = createVerifier()
  for (let time = 0; time < 2; time++) {
    t.equal(await isRight(path, hashOf(TEXT)), true)
    t.equal(await isRight(`${path}.gz`, hashOf(TEXT), true), true)
    t.equal(await isRight(path, hashOf('another')), false)
    t.equal(await isRight(path, hashOf(TEXT), true), false, 'it is not packed')
    t.equal(await isRight(`${path}.gz`, hashOf(TEXT)), false, 'it is packed')
  }
  t.equal(await isRight(join(folder, 'empty'), hashOf('')), true)
})

t.test('what cannot be read is not right', async (t) => {
  const folder = t.testdir({ 'a.json': TEXT })
  await mkdir(join(folder, 'folder'))
  const { isRight } = createVerifier()
  for (const name of ['missing', 'folder', join('a.json', 'b')]) {
    t.equal(await isRight(join(folder, name), hashOf(TEXT)), false, name)
  }
})

t.test('a file that changes in any way is read again: written, replaced, damaged, cut, gone, back', async (t) => {
  const folder = t.testdir({ 'a.json': TEXT })
  const path = join(folder, 'a.json')
  const { isRight } = createVerifier()
  const isWhole = async (): Promise<boolean> => await isRight(path, hashOf(TEXT))
  t.equal(await isWhole(), true)
  const handle = await open(path, 'r+')
  await handle.write('x', 5)
  await handle.close()
  t.equal(await isWhole(), false, 'one byte written in its place')
  await writeFile(path, TEXT)
  t.equal(await isWhole(), true)
  const { atime, mtime } = await stat(path)
  await writeFile(path, TEXT.replace('ü', 'y'))
  await utimes(path, atime, mtime)
  t.equal(await isWhole(), false, 'also with the times of before')
  await writeFile(`${path}.new`, TEXT)
  await rename(`${path}.new`, path)
  t.equal(await isWhole(), true)
  await writeFile(path, TEXT.slice(0, -1))
  t.equal(await isWhole(), false)
  await rm(path)
  t.equal(await isWhole(), false)
  await writeFile(path, TEXT)
  t.equal(await isWhole(), true)
})

/** null: it cannot be unpacked. */
function unpacked (data: Buffer): string | null {
  try {
    return gunzipSync(data).toString()
  } catch {
    return null
  }
}

t.test('a packed file of which any bit is changed is right only if it still unpacks to the same', async (t) => {
  const path = join(t.testdir(), 'a.json.gz')
  const whole = gzipSync(TEXT)
  const { isRight } = createVerifier()
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (place, bit) => {
      const damaged = Buffer.from(whole)
      damaged[place] = (damaged[place] ?? 0) ^ (1 << bit)
      await writeFile(path, damaged)
      t.equal(await isRight(path, hashOf(TEXT), true), unpacked(damaged) === TEXT, `byte ${place}`)
    }),
    { numRuns: 60 }
  )
  await writeFile(path, whole.subarray(0, -9))
  t.equal(await isRight(path, hashOf(TEXT), true), false, 'cut')
  t.equal((await readFile(path)).length, whole.length - 9)
})

t.test('a file found right is not read again until it changes; a wrong one is read each time', async (t) => {
  const path = join(t.testdir({ 'a.json': TEXT }), 'a.json')
  const { isRight } = createVerifier()
  const reads = countReads(t)
  for (let time = 0; time < 3; time++) t.equal(await isRight(path, hashOf(TEXT)), true)
  t.equal(reads(), 1)
  await chmod(path, 0o400)
  for (let time = 0; time < 3; time++) t.equal(await isRight(path, hashOf(TEXT)), true)
  t.equal(reads(), 2)
  for (let time = 0; time < 3; time++) t.equal(await isRight(path, hashOf('another')), false)
  t.equal(reads(), 5)
})

t.test('what was found right is known until it changes', async (t) => {
  const path = join(t.testdir({ 'a.json': TEXT }), 'a.json')
  const { isRight, isKnown } = createVerifier()
  const known = async (text = TEXT): Promise<boolean> => await isKnown(path, hashOf(text))
  t.equal(await known(), false, 'before it was read')
  await isRight(path, hashOf('another'))
  t.equal(await known('another'), false)
  await isRight(path, hashOf(TEXT))
  t.equal(await known(), true)
  t.equal(await known('another'), false)
  await writeFile(path, TEXT.replace('ü', 'y'))
  t.equal(await known(), false)
  await rm(path)
  t.equal(await known(), false)
})

t.test('asked many times at once, all get the answer of one reading', async (t) => {
  const path = join(t.testdir({ 'a.json': TEXT }), 'a.json')
  const { isRight } = createVerifier()
  const reads = countReads(t)
  const answers = await Promise.all(
    Array.from(
      { length: 20 },
      async (_, number) => await isRight(path, number % 2 === 0 ? hashOf(TEXT) : hashOf('another'))
    )
  )
  t.same(answers, Array.from({ length: 20 }, (_, number) => number % 2 === 0))
  t.equal(reads(), 2)
})
