import { access, mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { compressedPath, renameWithCopy } from '../../../src/services/store/compressed-copy.ts'
import { createRecordingLog } from '../recording-log.ts'

async function rename (t: Test, folder: string, text: string) {
  const [from, to] = [join(folder, 'document.tmp'), join(folder, 'document.json')]
  const log = createRecordingLog()
  await writeFile(from, text)
  await renameWithCopy(from, to, log)
  t.equal(await readFile(to, 'utf8'), text)
  return { log, copy: compressedPath(to) }
}

t.test('a document has a compressed copy beside it, and nothing else is left', async (t) => {
  const folder = t.testdir()
  const text = 'ü'.repeat(1_000_000)
  const { copy } = await rename(t, folder, text)
  t.equal(gunzipSync(await readFile(copy)).toString(), text)
  t.same((await readdir(folder)).sort(), ['document.json', 'document.json.gz'])
})

t.test('the same document gives the same copy', async (t) => {
  const folder = t.testdir({ a: {}, b: {} })
  const copies = await Promise.all(['a', 'b'].map(async (name) => await readFile((await rename(t, join(folder, name), 'text')).copy)))
  t.same(copies[0], copies[1])
})

t.test('a new document takes the place of the old one with its copy', async (t) => {
  const folder = t.testdir()
  await rename(t, folder, 'first')
  const { copy } = await rename(t, folder, 'second')
  t.equal(gunzipSync(await readFile(copy)).toString(), 'second')
})

t.test('a copy that cannot be written costs the document nothing, and an old one never stays beside it', async (t) => {
  const folder = t.testdir()
  await rename(t, folder, 'first')
  await mkdir(join(folder, 'document.json.gz.tmp'))
  const { copy, log } = await rename(t, folder, 'second')
  await t.rejects(access(copy), { code: 'ENOENT' })
  t.match(log.lines, [/^warn/])
})

t.test('a document that cannot be named leaves no copy', async (t) => {
  const folder = t.testdir({ 'document.tmp': 'text', 'document.json': { file: '' } })
  await t.rejects(renameWithCopy(join(folder, 'document.tmp'), join(folder, 'document.json'), createRecordingLog()))
  t.same((await readdir(folder)).sort(), ['document.json', 'document.tmp'])
})
