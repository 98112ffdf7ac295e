import { mkdir, open, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import {
  asideOf,
  makeFolder,
  renameDurably,
  syncFolder,
} from '../../../../src/services/store/documents/durable-file.ts'
import { onFolders } from './file-faults.ts'

t.test('a folder is made with those above it, for its owner alone, whatever the umask', async (t) => {
  const folder = join(t.testdir(), '2026', '11', '22')
  const before = process.umask(0)
  try {
    await makeFolder(folder)
  } finally {
    process.umask(before)
  }
  for (const made of [folder, dirname(folder), dirname(dirname(folder))]) {
    t.equal((await stat(made)).mode & 0o777, 0o700, made)
  }
})

t.test('new folders are synced up to the first that existed; existing ones are not', async (t) => {
  const base = t.testdir()
  const folder = join(base, 'a', 'b', 'c')
  const synced = await onFolders(t, 'sync')
  await makeFolder(folder)
  t.same(synced, [join(base, 'a', 'b'), join(base, 'a'), base])
  synced.length = 0
  await makeFolder(folder)
  t.same(synced, [])
  await writeFile(join(base, 'from'), '')
  await renameDurably(join(base, 'from'), join(folder, 'to'))
  t.same(synced, [folder], 'a rename is durable when its folder is')
})

t.test('a file takes the place of another as a whole', async (t) => {
  const folder = t.testdir({ from: 'new', to: 'old' })
  await renameDurably(join(folder, 'from'), join(folder, 'to'))
  t.same(await readdir(folder), ['to'])
  t.equal(await readFile(join(folder, 'to'), 'utf8'), 'new')
  await t.rejects(renameDurably(join(folder, 'from'), join(folder, 'to')), { code: 'ENOENT' })
})

for (const code of ['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM', 'EBADF']) {
  for (const what of ['open', 'sync'] as const) {
    t.test(`a file system that cannot ${what} folders (${code}) renames as durably as it can`, async (t) => {
      const folder = t.testdir({ from: 'new' })
      const refused = await onFolders(t, what, code)
      await makeFolder(join(folder, 'a', 'b'))
      await renameDurably(join(folder, 'from'), join(folder, 'a', 'b', 'to'))
      t.equal(await readFile(join(folder, 'a', 'b', 'to'), 'utf8'), 'new')
      t.ok(refused.length > 0)
    })
  }
}

t.test('any other failure to sync a folder is an error', async (t) => {
  const folder = t.testdir()
  await t.rejects(syncFolder(join(folder, 'missing')), { code: 'ENOENT' })
  await onFolders(t, 'sync', 'EIO')
  await t.rejects(syncFolder(folder), { code: 'EIO' })
  await t.rejects(makeFolder(join(folder, 'a')), { code: 'EIO' })
})

t.test('a folder is not left open', { skip: process.platform !== 'linux' && 'needs /proc' }, async (t) => {
  const folder = t.testdir()
  const openFiles = async (): Promise<number> => (await readdir('/proc/self/fd')).length
  const before = await openFiles()
  await onFolders(t, 'sync', 'EINVAL')
  for (let time = 0; time < 5; time++) await syncFolder(folder)
  t.equal(await openFiles(), before)
})

t.test('names beside a file are never the same, and stay in its folder', async (t) => {
  const path = join('documents', 'a.json')
  const names = Array.from({ length: 1000 }, () => asideOf(path))
  t.equal(new Set(names).size, names.length)
  for (const name of names.slice(0, 3)) t.match(name, /^documents[/\\]a\.json\.[0-9a-f]{12}-\d+\.tmp$/)
})

t.test('of two that make the same folders at the same time neither fails', async (t) => {
  const folder = join(t.testdir(), 'a', 'b', 'c')
  await Promise.all(Array.from({ length: 8 }, async () => await makeFolder(folder)))
  await mkdir(join(folder, 'd'))
  const handle = await open(folder)
  t.ok((await handle.stat()).isDirectory())
  await handle.close()
})
