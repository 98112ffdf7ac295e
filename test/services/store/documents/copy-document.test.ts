import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { copyDocument } from '../../../../src/services/store/documents/copy-document.ts'
import { withoutLinks } from './file-faults.ts'

const NAME = 'album_items_20261122T134059Z_2fe747.json'
const SECOND = 'album_items_20261122T134059Z_2fe747-2.json'
const fileOf = (text: string) => ({
  name: NAME,
  bytes: text.length,
  sha256: createHash('sha256').update(text).digest('hex'),
})

t.test('a copy never replaces anything', async (t) => {
  const folder = t.testdir({ source: 'new', out: {} })
  const [source, out] = [join(folder, 'source'), join(folder, 'out')]
  const copy = async (): Promise<string> => await copyDocument(source, out, fileOf('new'))
  t.equal(await copy(), join(out, NAME))
  t.equal(await copy(), join(out, NAME), 'the same file is the copy')
  await writeFile(join(out, NAME), 'another')
  t.equal(await copy(), join(out, SECOND))
  t.equal(await copy(), join(out, SECOND))
  t.equal(await readFile(join(out, NAME), 'utf8'), 'another')
  t.equal(await readFile(join(out, SECOND), 'utf8'), 'new')
  t.strictSame((await readdir(out)).sort(), [SECOND, NAME].sort(), 'nothing else is left')
})

t.test('a folder or a dangling link of that name is left alone', async (t) => {
  const folder = t.testdir({ source: 'new', out: {} })
  const out = join(folder, 'out')
  await mkdir(join(out, NAME))
  await symlink('nowhere', join(out, SECOND))
  t.equal(await copyDocument(join(folder, 'source'), out, fileOf('new')), join(out, SECOND.replace('-2', '-3')))
})

t.test('copies at the same time are one file, whole', async (t) => {
  const text = 'x'.repeat(1_000_000)
  const folder = t.testdir({ source: text, out: {} })
  const paths = await Promise.all(
    Array.from({ length: 8 }, async () => await copyDocument(join(folder, 'source'), join(folder, 'out'), fileOf(text)))
  )
  t.equal(new Set(paths).size, 1)
  t.strictSame(await readdir(join(folder, 'out')), [NAME])
})

for (const code of ['EPERM', 'ENOTSUP']) {
  t.test(`on a file system without links (${code}) a copy is made all the same, and replaces nothing`, async (t) => {
    const folder = t.testdir({ source: 'new', out: { [NAME]: 'another' } })
    withoutLinks(t, code)
    for (let time = 0; time < 2; time++) {
      t.equal(
        await copyDocument(join(folder, 'source'), join(folder, 'out'), fileOf('new')),
        join(folder, 'out', SECOND)
      )
    }
    t.equal(await readFile(join(folder, 'out', NAME), 'utf8'), 'another')
    t.strictSame((await readdir(join(folder, 'out'))).sort(), [SECOND, NAME].sort())
  })
}

t.test('a copy that cannot be made leaves nothing', async (t) => {
  const folder = t.testdir({ source: 'new', out: {} })
  await t.rejects(copyDocument(join(folder, 'missing'), join(folder, 'out'), fileOf('new')), { code: 'ENOENT' })
  withoutLinks(t, 'EIO')
  await t.rejects(copyDocument(join(folder, 'source'), join(folder, 'out'), fileOf('new')), { code: 'EIO' })
  t.strictSame(await readdir(join(folder, 'out')), [])
})
