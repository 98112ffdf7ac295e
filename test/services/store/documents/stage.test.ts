import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import {
  folderOf,
  nameStaged,
  removeStaged,
  stageDocument,
  stagedPath,
} from '../../../../src/services/store/documents/stage.ts'
import { createRecordingLog } from '../../recording-log.ts'
import { onFolders } from './file-faults.ts'

const NAME = 'album_items_20261122T134059Z_2fe747.json'
const LOG = createRecordingLog()

async function * text (...pieces: string[]): AsyncGenerator<string> {
  yield * pieces
}

async function * failing (): AsyncGenerator<string> {
  yield 'x'.repeat(1_000_000)
  throw new Error('a body is gone')
}

const stagedNames = (execution: number): string[] => [`${NAME}.${execution}.staged`, `${NAME}.${execution}.staged.gz`]

t.test('a document lies in the folder of its day', async (t) => {
  t.equal(folderOf('documents', NAME), join('documents', '2026', '11', '22'))
})

const NO_NAMES = [
  '',
  '.',
  '..',
  'x.json',
  '../album_items_20261122T134059Z_2fe747.json',
  `${NAME}/..`,
  `${NAME}.1.staged`,
  `${NAME}\n`,
  `x${NAME}`,
  NAME.toUpperCase(),
  'album_items_20261122T134059Z.json',
  'album_items_2026Z_2fe747.json',
  'album_items_20261122T134059Z_2fe74g.json',
  'album_items_../../../T134059Z_2fe747.json',
]

t.test('what is no name of a document never becomes a path', async (t) => {
  for (const name of NO_NAMES) {
    t.throws(() => folderOf('documents', name), /not the name of a document/, JSON.stringify(name))
  }
})

t.test('a document is written whole with its copy, its size and its hash, and has no name yet', async (t) => {
  const folder = join(t.testdir(), '2026', '11', '22')
  const pieces = ['{"albums":["ü🎵', 'x'.repeat(300_000), '",', '"y"]}', '', 'ü'.repeat(700_000)]
  const whole = Buffer.from(pieces.join(''))
  const file = await stageDocument(folder, NAME, 3, text(...pieces), LOG)
  t.same(file, { name: NAME, bytes: whole.length, sha256: createHash('sha256').update(whole).digest('hex') })
  t.same((await readdir(folder)).sort(), stagedNames(3))
  t.ok(whole.equals(await readFile(stagedPath(folder, NAME, 3))))
  t.ok(whole.equals(gunzipSync(await readFile(`${stagedPath(folder, NAME, 3)}.gz`))))
  for (const name of stagedNames(3)) t.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name)
  t.equal((await stat(folder)).mode & 0o777, 0o700)
})

t.test('an empty document is one', async (t) => {
  const folder = t.testdir()
  t.match(await stageDocument(folder, NAME, 1, text(), LOG), { bytes: 0, sha256: createHash('sha256').digest('hex') })
  t.same((await readdir(folder)).sort(), stagedNames(1))
})

t.test('a document whose text fails half-way leaves nothing, and what another execution staged stays', async (t) => {
  const folder = t.testdir()
  await stageDocument(folder, NAME, 1, text('first'), LOG)
  await t.rejects(stageDocument(folder, NAME, 2, failing(), LOG), { message: 'a body is gone' })
  t.same((await readdir(folder)).sort(), stagedNames(1))
  await t.rejects(stageDocument(folder, NAME, 1, failing(), LOG))
  t.same(await readdir(folder), [], 'the same execution begins again')
})

t.test('a document that cannot be written is an error, and leaves no copy', async (t) => {
  const folder = t.testdir({ [`${NAME}.1.staged`]: {} })
  await t.rejects(stageDocument(folder, NAME, 1, text('x'), LOG), { code: 'EISDIR' })
  t.same(await readdir(folder), [`${NAME}.1.staged`])
  await t.rejects(stageDocument(join(t.testdir({ file: '' }), 'file'), NAME, 1, text('x'), LOG), {
    code: /EEXIST|ENOTDIR/,
  })
})

t.test('a folder that fails to sync is an error, one that cannot be synced is not', async (t) => {
  const folder = t.testdir()
  t.test('EINVAL', async (t) => {
    await onFolders(t, 'sync', 'EINVAL')
    t.match(await stageDocument(folder, NAME, 1, text('x'), LOG), { bytes: 1 })
  })
  t.test('EIO', async (t) => {
    await onFolders(t, 'sync', 'EIO')
    await t.rejects(stageDocument(folder, NAME, 2, text('x'), LOG), { code: 'EIO' })
    t.same((await readdir(folder)).sort(), stagedNames(1))
  })
})

t.test('a staged document gets its name with its copy, once, in the place of an earlier one', async (t) => {
  const folder = t.testdir()
  for (const [execution, content] of [[1, 'first'], [2, 'second']] as const) {
    await stageDocument(folder, NAME, execution, text(content), LOG)
    for (let time = 0; time < 2; time++) await nameStaged(folder, NAME, execution, LOG)
    t.equal(await readFile(join(folder, NAME), 'utf8'), content)
    t.equal(gunzipSync(await readFile(join(folder, `${NAME}.gz`))).toString(), content)
    t.same((await readdir(folder)).sort(), [NAME, `${NAME}.gz`])
  }
  await nameStaged(folder, NAME, 3, LOG)
  t.equal(await readFile(join(folder, NAME), 'utf8'), 'second', 'nothing was staged')
})

t.test('a crash between the document and its copy is made good by naming it again', async (t) => {
  const folder = t.testdir()
  await stageDocument(folder, NAME, 1, text('first'), LOG)
  await nameStaged(folder, NAME, 1, LOG)
  await stageDocument(folder, NAME, 2, text('second'), LOG)
  await rename(stagedPath(folder, NAME, 2), join(folder, NAME))
  await nameStaged(folder, NAME, 2, LOG)
  t.equal(gunzipSync(await readFile(join(folder, `${NAME}.gz`))).toString(), 'second')
  t.same((await readdir(folder)).sort(), [NAME, `${NAME}.gz`])
})

t.test('what earlier executions staged or left half-written is removed, and nothing else', async (t) => {
  const folder = t.testdir()
  const other = NAME.replace('2fe747', '2fe748')
  for (const execution of [1, 2, 10]) await stageDocument(folder, NAME, execution, text('x'), LOG)
  await stageDocument(folder, other, 1, text('x'), LOG)
  const half = `${NAME}.2.staged.gz.abcdef-1.tmp`
  for (const name of [NAME, `${NAME}.gz`, half, `${NAME}.1.staged.mine`]) await writeFile(join(folder, name), '')
  await removeStaged(folder, NAME, 2)
  const left = [
    NAME,
    `${NAME}.gz`,
    `${NAME}.1.staged.mine`,
    ...stagedNames(10),
    `${other}.1.staged`,
    `${other}.1.staged.gz`,
  ].sort()
  t.same((await readdir(folder)).sort(), left)
  await removeStaged(folder, NAME, Infinity)
  t.same((await readdir(folder)).sort(), left.filter((name) => !name.includes('.10.')))
  await removeStaged(join(folder, 'missing'), NAME, 1)
  await mkdir(join(folder, 'empty'))
  await removeStaged(join(folder, 'empty'), NAME, 1)
})
