import { randomBytes } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { StoredFile } from '../../../../src/schemas/run.ts'
import type { Database } from '../../../../src/services/database/database.ts'
import { type DocumentStore, createDocumentStore } from '../../../../src/services/store/documents/document-store.ts'
import { onBothDatabases, onPostgresql, onSqlite } from '../../../database.ts'
import { type RecordingLog, createRecordingLog } from '../../recording-log.ts'

const NAME = 'album_items_20261122T134059Z_2fe747.json'
const RUN = '019a0000-0000-7000-8000-0000002fe747'
const DAY_MS = 24 * 3_600_000
const TEXT = JSON.stringify({ albums: ['ü🎵', 'x'.repeat(2000)] })
/** Its copy is several rows of the database. */
const LARGE = JSON.stringify(randomBytes(300_000).toString('base64'))

interface Replica {
  store: DocumentStore
  log: RecordingLog
  dataDir: string
  folder: string
  path: string
  copy: string
  files: () => Promise<string[]>
}

const foldersOf = new WeakMap<Test, string>()

/** A process with a folder of its own. */
async function replica (t: Test, database: Pick<Database, 'kind' | 'queries'>, name = 'a'): Promise<Replica> {
  const folders = foldersOf.get(t) ?? t.testdir()
  foldersOf.set(t, folders)
  const dataDir = join(folders, name)
  await mkdir(dataDir, { recursive: true })
  const log = createRecordingLog()
  const folder = join(dataDir, 'documents', '2026', '11', '22')
  const path = join(folder, NAME)
  return {
    store: await createDocumentStore(dataDir, database, log),
    log,
    dataDir,
    folder,
    path,
    copy: `${path}.gz`,
    files: async () => (await readdir(folder)).sort(),
  }
}

async function * text (...pieces: string[]): AsyncGenerator<string> {
  yield * pieces
}

/** As an execution ends a run with that document. */
async function finish ({ store }: Replica, content = TEXT, execution = 1): Promise<StoredFile> {
  const file = await store.stage(RUN, execution, NAME, text(content))
  await store.publish(RUN, execution, file)
  return file
}

async function isServed ({ store }: Replica, file: StoredFile, content = TEXT, execution = 1): Promise<boolean> {
  const path = await store.path(RUN, execution, file)
  const copy = await readFile(`${path}.gz`).catch(() => null)
  return await readFile(path, 'utf8') === content && (copy === null || gunzipSync(copy).toString() === content)
}

async function flip (path: string): Promise<void> {
  const data = await readFile(path)
  const middle = data.length >> 1
  data[middle] = (data[middle] ?? 0) ^ 1
  await writeFile(path, data)
}

const DAMAGED = { code: 'storage_failed', message: /gone or damaged/ }
const DAMAGED_LINE = 'warn damaged document restored from its compressed copy'
const MISSING_LINE = 'warn missing document restored from its compressed copy'
const COPIED_LINE = 'info document copied from the database'

onBothDatabases(t, 'a published document is whole, has a copy, and only its owner may read it', async (t, open) => {
  const one = await replica(t, await open())
  const file = await finish(one)
  t.equal(await one.store.path(RUN, 1, file), one.path)
  t.ok(await isServed(one, file))
  t.same(await one.files(), [NAME, `${NAME}.gz`])
  for (const path of [one.path, one.copy]) t.equal((await stat(path)).mode & 0o777, 0o600)
  for (const folder of [one.folder, join(one.dataDir, 'documents')]) t.equal((await stat(folder)).mode & 0o777, 0o700)
  t.same(one.log.lines, [])
})

onSqlite(t, 'a staged document has no name before it is published, a discarded one never', async (t, open) => {
  const one = await replica(t, await open())
  for (const execution of [1, 2]) await one.store.stage(RUN, execution, NAME, text(String(execution)))
  t.notOk((await one.files()).includes(NAME))
  await one.store.discardStaged(NAME, 1)
  t.same(await one.files(), [`${NAME}.2.staged`, `${NAME}.2.staged.gz`])
  await one.store.discardStaged(NAME, 2)
  t.same(await one.files(), [])
})

onSqlite(t, 'a crash between record and document name is repaired by the next reader', async (t, open) => {
  const one = await replica(t, await open())
  await finish(one, 'old', 1)
  const file = await one.store.stage(RUN, 2, NAME, text('new'))
  t.ok(await isServed(one, file, 'new', 2))
  t.same(await one.files(), [NAME, `${NAME}.gz`])
  const third = await one.store.stage(RUN, 3, NAME, text('third'))
  await rename(`${one.path}.3.staged`, one.path)
  t.ok(await isServed(one, third, 'third', 3), 'also in the middle of it')
  t.same(await one.files(), [NAME, `${NAME}.gz`])
  t.same(one.log.lines, [])
})

onSqlite(t, 'a document that fails half-way leaves nothing, and the last one is served', async (t, open) => {
  const database = await open()
  const one = await replica(t, database)
  const file = await finish(one)
  await t.rejects(
    one.store.stage(
      RUN,
      2,
      NAME,
      (async function * () {
        yield 'x'.repeat(1_000_000)
        throw new Error('a body is gone')
      })()
    ),
    { message: 'a body is gone' }
  )
  t.same(await one.files(), [NAME, `${NAME}.gz`])
  t.ok(await isServed(one, file))
})

/** What happens to a document, and what its next reader logs: null, it is lost. `shared`: the database has a copy. */
type Damage = [title: string, act: (one: Replica) => Promise<unknown>, alone: string[] | null, shared: string[]]

const DAMAGES: Damage[] = [
  ['a bit of the document flips', async ({ path }) => await flip(path), [DAMAGED_LINE], [DAMAGED_LINE]],
  ['the document is cut', async ({ path }) => await truncate(path, 100), [DAMAGED_LINE], [DAMAGED_LINE]],
  ['the document is gone', async ({ path }) => await rm(path), [MISSING_LINE], [MISSING_LINE]],
  ['a bit of the copy flips', async ({ copy }) => await flip(copy), [], []],
  ['the copy is of another document', async ({ copy }) => await writeFile(copy, gzipSync('another')), [], []],
  ['the copy is gone', async ({ copy }) => await rm(copy), [], []],
  ['a bit of either flips', async (one) => await Promise.all([flip(one.path), flip(one.copy)]), null, [DAMAGED_LINE]],
  ['both are cut', async (one) => await Promise.all([truncate(one.path), truncate(one.copy)]), null, [DAMAGED_LINE]],
  ['both are gone', async ({ path, copy }) => await Promise.all([rm(path), rm(copy)]), null, [COPIED_LINE]],
  ['the folder is gone', async ({ folder }) => await rm(folder, { recursive: true }), null, [COPIED_LINE]],
]

onBothDatabases(t, 'a damaged document is restored from a copy, or not served', async (t, open) => {
  const database = await open()
  const one = await replica(t, database)
  for (const [title, act, alone, shared] of DAMAGES) {
    const file = await finish(one)
    await act(one)
    const lines = database.kind === 'sqlite' ? alone : shared
    if (lines === null) {
      await t.rejects(one.store.path(RUN, 1, file), DAMAGED, title)
    } else {
      t.ok(await isServed(one, file), title)
      t.same((await one.files()).filter((name) => name !== `${NAME}.gz`), [NAME], `nothing is left beside it: ${title}`)
    }
    t.same(one.log.lines, lines ?? [], title)
    one.log.lines.length = 0
  }
})

onPostgresql(t, 'a replica serves the document of another one, also after a resumption', async (t, open) => {
  const database = await open()
  const [one, two] = [await replica(t, database, 'a'), await replica(t, await open(), 'b')]
  const first = await finish(one, LARGE)
  t.ok((await database.queries.selectFrom('document_pieces').select('seq').execute()).length > 1, 'it has several rows')
  t.ok(await isServed(two, first, LARGE))
  t.same(await two.files(), [NAME, `${NAME}.gz`])
  for (const path of [two.path, two.copy]) t.equal((await stat(path)).mode & 0o777, 0o600)
  const second = await finish(two, 'second', 2)
  t.same(await database.queries.selectFrom('document_pieces').select('sha256').distinct().execute(), [{
    sha256: second.sha256,
  }], 'only the last one is kept')
  t.ok(await isServed(one, second, 'second', 2), 'over the old one')
  await t.rejects(one.store.path(RUN, 1, first), DAMAGED, 'which is not served in its place')
})

onPostgresql(t, 'pieces that are missing, damaged or in disorder are never served', async (t, open) => {
  const { queries, ...database } = await open()
  const one = await replica(t, { queries, ...database })
  const file = await finish(one, LARGE)
  const rows = await queries.selectFrom('document_pieces').selectAll().orderBy('seq').execute()
  const [first] = rows
  if (first === undefined) throw new Error('no rows')
  const damages: Array<() => Promise<unknown>> = [
    async () => await queries.deleteFrom('document_pieces').where('seq', '=', 0).execute(),
    async () => await queries.deleteFrom('document_pieces').where('seq', '=', rows.length - 1).execute(),
    async () =>
      await queries.updateTable('document_pieces').set({ bytes: Buffer.alloc(1000) }).where('seq', '=', 0).execute(),
    async () => await queries.updateTable('document_pieces').set({ bytes: first.bytes }).where('seq', '=', 1).execute(),
    async () => await queries.deleteFrom('document_pieces').execute(),
  ]
  for (const damage of damages) {
    await rm(one.folder, { recursive: true })
    await damage()
    await t.rejects(one.store.path(RUN, 1, file), DAMAGED)
    t.same(await one.files(), [], 'nothing is left')
    await queries.deleteFrom('document_pieces').execute()
    await queries.insertInto('document_pieces').values(rows).execute()
    t.ok(await isServed(one, file, LARGE), 'whole it is served')
  }
})

onPostgresql(t, 'while the database is away, what is here is served, and the rest says why not', async (t, open) => {
  const database = await open()
  const one = await replica(t, database)
  const file = await finish(one)
  await flip(one.path)
  const queries = new Proxy(database.queries, {
    get: () => () => {
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    },
  })
  const cut = await replica(t, { kind: 'postgresql', queries }, 'a')
  t.ok(await isServed(cut, file), 'restored from the copy')
  await rm(one.folder, { recursive: true })
  await t.rejects(cut.store.path(RUN, 1, file), { code: 'storage_failed', message: /PostgreSQL does not answer/ })
  await t.rejects(cut.store.stage(RUN, 2, NAME, text('x')), { code: 'ECONNREFUSED' })
})

onSqlite(t, 'opened by many at the same time, a document is restored once', async (t, open) => {
  const one = await replica(t, await open())
  const file = await finish(one)
  await flip(one.path)
  const paths = await Promise.all(Array.from({ length: 10 }, async () => await one.store.path(RUN, 1, file)))
  t.same(new Set(paths), new Set([one.path]))
  t.same(one.log.lines, [DAMAGED_LINE])
  t.ok(await isServed(one, file))
})

onSqlite(t, 'who wants another content of the same name is not given this one', async (t, open) => {
  const one = await replica(t, await open())
  const file = await finish(one)
  const results = await Promise.allSettled(
    [file, { ...file, sha256: 'a'.repeat(64) }, file].map(async (wanted) => await one.store.path(RUN, 1, wanted))
  )
  t.match(results, [{ value: one.path }, { reason: DAMAGED }, { value: one.path }])
})

onBothDatabases(t, 'a removed document leaves nothing, and removing it again is nothing', async (t, open) => {
  const database = await open()
  const one = await replica(t, database)
  const file = await finish(one)
  await one.store.stage(RUN, 2, NAME, text('x'))
  await writeFile(join(one.folder, NAME.replace('.json', '.tracks.parquet')), '')
  for (let time = 0; time < 2; time++) await one.store.remove(RUN, NAME)
  t.same(await one.files(), [])
  t.same(await database.queries.selectFrom('document_pieces').select('seq').execute(), [])
  await t.rejects(one.store.path(RUN, 1, file), DAMAGED)
})

onSqlite(t, 'what is no name of a document never becomes a path', async (t, open) => {
  const one = await replica(t, await open())
  for (const name of ['', '../../service.db', `${NAME}/..`, 'album_items_2026Z.json', `${NAME}.1.staged`]) {
    await t.rejects(one.store.stage(RUN, 1, name, text('x')), /not the name of a document/)
    await t.rejects(one.store.path(RUN, 1, { name, bytes: 1, sha256: '' }), { code: 'storage_failed' })
    await t.rejects(one.store.remove(RUN, name), /not the name of a document/)
  }
  t.same(await readdir(join(one.dataDir, 'documents')), [])
})

onSqlite(t, 'a sweep deletes files of no run that are older than a day, nothing else', async (t, open) => {
  const one = await replica(t, await open())
  const nowMs = Date.now()
  const gone = NAME.replace('2fe747', '2fe748')
  const files: Array<[name: string, ageMs: number, isKept: boolean]> = [
    [NAME, 2 * DAY_MS, true],
    [`${NAME}.gz`, 2 * DAY_MS, true],
    [`${NAME}.1.staged`, 2 * DAY_MS, true],
    [`${NAME}.gz.0123456789ab-1.tmp`, 2 * DAY_MS, false],
    [`${NAME}.gz.0123456789ab-2.tmp`, DAY_MS / 2, true],
    [gone, 2 * DAY_MS, false],
    [`${gone}.gz`, 2 * DAY_MS, false],
    [`${gone}.7.staged`, 2 * DAY_MS, false],
    [`${gone}.7.staged.gz`, 2 * DAY_MS, false],
    [gone.replace('.json', '.tracks.parquet'), 2 * DAY_MS, false],
    [gone.replace('.json', '-2.album_artists.parquet'), 2 * DAY_MS, false],
    [NAME.replace('.json', '.tracks.parquet'), 2 * DAY_MS, true],
    [NAME.replace('.json', '.tracks.parquet.0123456789ab-3.tmp'), 2 * DAY_MS, false],
    ['tracks.parquet', 2 * DAY_MS, true],
    [gone.replace('8.json', '9.json'), DAY_MS / 2, true],
    ['notes.txt', 2 * DAY_MS, true],
    ['.nfs000000', 2 * DAY_MS, true],
    [`my-${gone}`, 2 * DAY_MS, true],
  ]
  await finish(one)
  for (const [name, ageMs] of files) {
    await writeFile(join(one.folder, name), '')
    await utimes(join(one.folder, name), new Date(nowMs), new Date(nowMs - ageMs))
  }
  const asked: string[] = []
  await one.store.sweep(async (names) => {
    asked.push(...names)
    return new Set(names.filter((name) => name === NAME))
  }, nowMs)
  t.same(await one.files(), files.filter(([, , isKept]) => isKept).map(([name]) => name).sort())
  t.same(asked.sort(), [NAME, gone, gone.replace('8.json', '9.json')].sort(), 'each document is asked for once')
})

onSqlite(t, 'a sweep removes old empty folders, and keeps young ones', async (t, open) => {
  const one = await replica(t, await open())
  await finish(one)
  const [old, young] = [join(one.folder, '..', '20'), join(one.folder, '..', '21')]
  for (const folder of [old, young]) await mkdir(folder)
  await utimes(old, new Date(0), new Date(0))
  await utimes(one.folder, new Date(0), new Date(0))
  await one.store.sweep(async (names) => new Set(names), Date.now())
  t.same((await readdir(join(one.folder, '..'))).sort(), ['21', '22'])
})

onPostgresql(t, 'a sweep deletes the pieces of runs that are gone, and no other ones', async (t, open) => {
  const { queries, ...database } = await open()
  const one = await replica(t, { queries, ...database })
  await finish(one)
  const row = {
    id: RUN,
    status: 'succeeded',
    pending: 0,
    request_key: '',
    record: '',
    checksum: '',
    version: 1,
    cancel_wanted: 0,
    releases_done: 0,
  }
  await queries.insertInto('runs').values(row).execute()
  await one.store.sweep(async (names) => new Set(names), Date.now())
  t.ok((await queries.selectFrom('document_pieces').select('seq').execute()).length > 0)
  await queries.deleteFrom('runs').execute()
  await one.store.sweep(async (names) => new Set(names), Date.now())
  t.same(await queries.selectFrom('document_pieces').select('seq').execute(), [])
})

onSqlite(t, 'a probe writes, leaves nothing, and fails where no document could be written', async (t, open) => {
  const one = await replica(t, await open())
  await Promise.all(Array.from({ length: 10 }, async () => await one.store.probe()))
  const left = await readdir(join(one.dataDir, 'documents'), { recursive: true, withFileTypes: true })
  t.same(left.filter((entry) => !entry.isDirectory()), [])
  await rm(join(one.dataDir, 'documents'), { recursive: true })
  await t.rejects(one.store.probe(), { code: 'ENOENT' })
  await finish(one)
  await one.store.probe()
  t.pass('the next document makes its folder again')
})
