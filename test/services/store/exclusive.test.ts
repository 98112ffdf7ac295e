import { link, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Link, checkShareable, placeExclusively } from '../../../src/services/store/exclusive.ts'

const failing = (code: string): Link => async () => { throw Object.assign(new Error(code), { code }) }

async function files (t: Test, count: number): Promise<{ folder: string, to: string, from: string[] }> {
  const folder = t.testdir()
  const from = Array.from({ length: count }, (_, i) => join(folder, `from-${i}`))
  await Promise.all(from.map(async (path, i) => await writeFile(path, String(i))))
  return { folder, to: join(folder, 'to'), from }
}

for (const [how, linkFile] of [['by links', link], ['in a file system without links', failing('EPERM')], ['in a file system that knows of no links', failing('EOPNOTSUPP')]] as const) {
  t.test(`of ten that want one name at once, one gets it, and all know it: ${how}`, async (t) => {
    const { to, from } = await files(t, 10)
    const results = await Promise.all(from.map(async (path) => await placeExclusively(path, to, linkFile)))
    t.equal(results.filter((isPlaced) => isPlaced).length, 1)
    t.equal(await readFile(to, 'utf8'), String(results.indexOf(true)))
  })

  t.test(`a name that is taken stays whose it is: ${how}`, async (t) => {
    const { to, from } = await files(t, 1)
    await writeFile(to, 'theirs')
    t.equal(await placeExclusively(from[0] ?? '', to, linkFile), false)
    t.equal(await readFile(to, 'utf8'), 'theirs')
  })
}

for (const code of ['EEXIST', 'EIO', 'ETIMEDOUT']) {
  t.test(`a link that was made, and is answered with ${code}, was made`, async (t) => {
    const { to, from } = await files(t, 1)
    t.equal(await placeExclusively(from[0] ?? '', to, async (a, b) => {
      await link(a, b)
      await failing(code)(a, b)
    }), true)
  })
}

t.test('what else goes wrong is an error', async (t) => {
  const { to, from } = await files(t, 1)
  await t.rejects(placeExclusively(from[0] ?? '', to, failing('EIO')), { code: 'EIO' })
  await t.rejects(placeExclusively(join(to, 'gone'), to), { code: 'ENOENT' })
})

t.test('whether a folder can be shared is found by trying, and nothing is left of that', async (t) => {
  const folder = t.testdir()
  await checkShareable(folder)
  await t.rejects(checkShareable(folder, failing('EPERM')), { code: 'data_dir_unfit', message: /hard links/ })
  await t.rejects(checkShareable(folder, failing('EIO')), { code: 'EIO' })
  await t.rejects(checkShareable(join(folder, 'gone')), { code: 'ENOENT' })
  t.same(await readdir(folder), [])
})
