import { randomBytes } from 'node:crypto'
import { access, mkdir, readFile, readdir, rename as moveFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { compressedPath, growCopy, renameWithCopy } from '../../../../src/services/store/documents/compressed-copy.ts'
import { compressBeside } from '../../../compress.ts'
import { createRecordingLog } from '../../recording-log.ts'

async function rename (t: Test, folder: string, text: string) {
  const [from, to] = [join(folder, 'document.tmp'), join(folder, 'document.json')]
  const log = createRecordingLog()
  await writeFile(from, text)
  await compressBeside(from, log)
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

t.test('a copy grows with its document, has all of its bytes, and gets its name last', async (t) => {
  const folder = t.testdir()
  const log = createRecordingLog()
  const copy = growCopy(join(folder, 'document.tmp'), log)
  const pieces = Array.from({ length: 40 }, (_, piece) => randomBytes(piece * 1000))
  for (const piece of pieces) await copy.write(piece)
  await copy.end()
  t.notOk((await readdir(folder)).includes('document.tmp.gz'))
  await copy.place()
  t.same(gunzipSync(await readFile(join(folder, 'document.tmp.gz'))), Buffer.concat(pieces))
  t.same(await readdir(folder), ['document.tmp.gz'])
  t.same(log.lines, [])
})

t.test('a copy that is given up leaves nothing, at any moment', async (t) => {
  const folder = t.testdir()
  const log = createRecordingLog()
  for (const steps of [0, 1, 2, 3]) {
    const copy = growCopy(join(folder, 'document.tmp'), log)
    if (steps > 0) void copy.write(randomBytes(1_000_000))
    if (steps > 1) await copy.end()
    if (steps > 2) await copy.place()
    await copy.discard()
    t.same(await readdir(folder), [], `after ${steps} steps`)
  }
  t.same(log.lines, [])
})

t.test('a copy that cannot be begun stops nobody, and is told once', async (t) => {
  const log = createRecordingLog()
  const copy = growCopy(join(t.testdir(), 'gone', 'document.tmp'), log)
  for (let piece = 0; piece < 10; piece++) await copy.write(randomBytes(1_000_000))
  await copy.end()
  await copy.place()
  t.match(log.lines, [/^warn/])
  t.equal(log.lines.length, 1)
})

t.test('the same document gives the same copy', async (t) => {
  const folder = t.testdir({ a: {}, b: {} })
  const copies = await Promise.all(
    ['a', 'b'].map(async (name) => await readFile((await rename(t, join(folder, name), 'text')).copy))
  )
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
  await mkdir(join(folder, 'document.tmp.gz'))
  const { copy, log } = await rename(t, folder, 'second')
  await t.rejects(access(copy), { code: 'ENOENT' })
  t.match(log.lines, [/^warn/])
})

t.test('a copy that cannot take its place costs the document nothing', async (t) => {
  const folder = t.testdir({ 'document.json.gz': { file: '' } })
  const { log } = await rename(t, folder, 'text')
  t.match(log.lines, [/^warn/])
  t.same((await readdir(folder)).sort(), ['document.json', 'document.json.gz'])
})

for (const isCopyLeft of [true, false]) {
  const effect = isCopyLeft ? 'completes what was interrupted between it and its copy' : 'changes nothing'
  t.test(`naming a document again ${effect}`, async (t) => {
    const folder = t.testdir()
    const { copy, log } = await rename(t, folder, 'text')
    const bytes = await readFile(copy)
    if (isCopyLeft) await moveFile(copy, join(folder, 'document.tmp.gz'))
    await renameWithCopy(join(folder, 'document.tmp'), join(folder, 'document.json'), log)
    t.same(await readFile(copy), bytes)
    t.same((await readdir(folder)).sort(), ['document.json', 'document.json.gz'])
  })
}

t.test('any number name the same document at once', async (t) => {
  const folder = t.testdir()
  await rename(t, folder, 'first')
  const [from, to] = [join(folder, 'document.tmp'), join(folder, 'document.json')]
  await writeFile(from, 'second')
  await compressBeside(from, createRecordingLog())
  await Promise.all(Array.from({ length: 10 }, async () => await renameWithCopy(from, to, createRecordingLog())))
  t.equal(await readFile(to, 'utf8'), 'second')
  t.equal(gunzipSync(await readFile(compressedPath(to))).toString(), 'second')
})

t.test('a document that cannot be named leaves no copy', async (t) => {
  const folder = t.testdir({ 'document.tmp': 'text', 'document.json': { file: '' } })
  await t.rejects(renameWithCopy(join(folder, 'document.tmp'), join(folder, 'document.json'), createRecordingLog()))
  t.same((await readdir(folder)).sort(), ['document.json', 'document.tmp'])
})
