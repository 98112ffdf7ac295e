import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { renameDurably, syncFolder, writeFileAtomic } from '../../../src/services/store/atomic-write.ts'

t.test('a file is made, and then replaced as a whole, with nothing left beside it', async (t) => {
  const folder = t.testdir()
  const path = join(folder, 'run.json')
  await writeFileAtomic(path, 'a longer text, ünï')
  t.equal(await readFile(path, 'utf8'), 'a longer text, ünï')
  await writeFileAtomic(path, 'short')
  t.equal(await readFile(path, 'utf8'), 'short')
  t.same(await readdir(folder), ['run.json'])
})

t.test('a reader at any moment sees the old text or the new one', async (t) => {
  const path = join(t.testdir(), 'run.json')
  const texts = ['a', 'b'].map((letter) => letter.repeat(300_000))
  await writeFileAtomic(path, texts[0] ?? '')
  const writing = new AbortController()
  const written = (async () => {
    for (let i = 0; i < 10; i++) await writeFileAtomic(path, texts[i % 2] ?? '')
    writing.abort()
  })()
  while (!writing.signal.aborted) t.ok(texts.includes(await readFile(path, 'utf8')), 'whole')
  await written
})

t.test('what cannot take its place leaves the old file and nothing beside it', async (t) => {
  const folder = t.testdir({ taken: { inside: 'x' } })
  await t.rejects(writeFileAtomic(join(folder, 'taken'), 'text'))
  t.same(await readdir(folder), ['taken'])
  t.same(await readdir(join(folder, 'taken')), ['inside'])
})

t.test('a folder that is not there is an error', async (t) => {
  const folder = t.testdir()
  await t.rejects(writeFileAtomic(join(folder, 'gone', 'run.json'), 'x'), { code: 'ENOENT' })
  await t.rejects(syncFolder(join(folder, 'gone')), { code: 'ENOENT' })
  t.same(await readdir(folder), [])
})

t.test('a rename takes the place of what was there', async (t) => {
  const folder = t.testdir({ from: 'new', to: 'old' })
  await renameDurably(join(folder, 'from'), join(folder, 'to'))
  t.equal(await readFile(join(folder, 'to'), 'utf8'), 'new')
  t.same(await readdir(folder), ['to'])
})

t.test('writers at the same time all succeed, and leave the text of one of them, whole', async (t) => {
  const folder = t.testdir({ 'run.json': 'old' })
  const path = join(folder, 'run.json')
  const texts = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(200_000))
  const results = await Promise.allSettled(texts.map(async (text) => await writeFileAtomic(path, text)))
  t.same(results.filter(({ status }) => status === 'rejected'), [])
  t.ok(texts.includes(await readFile(path, 'utf8')), 'whole')
  t.same(await readdir(folder), ['run.json'])
})
