import { readFile, readdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import t from 'tap'
import { writeTables } from '../../src/cli/write-tables.ts'
import { ServiceError } from '../../src/errors.ts'
import { ALBUMS } from '../../src/services/tables/albums.ts'
import { TABLES } from '../../src/services/tables/tables.ts'
import { temporaryFolder } from '../service.ts'
import { documentOf } from '../formats/lines.ts'
import { endedRun, written } from '../services/tables/duckdb.ts'

const STEM = 'album_items_20261122T134059Z_2fe747'
const NAMES = TABLES.map(({ name }) => `${name}.parquet`)

function album (id: string): object {
  return { id, name: `Album ${id}`, artists: [{ id: 'x' }], tracks: { items: [{ id: 't', duration_ms: 7 }] } }
}

t.test('a file for each table stands beside the document, with what the route gives', async (t) => {
  const path = join(await temporaryFolder(t), `${STEM}.json`)
  await writeFile(path, documentOf([album('a')]))
  const paths = await writeTables(endedRun(), path)
  t.strictSame(paths.map((path) => basename(path)), NAMES.map((name) => `${STEM}.${name}`))
  for (const [place, table] of TABLES.entries()) {
    t.strictSame(await readFile(paths[place] ?? ''), await written(table, [album('a')]), table.name)
  }
})

t.test('nothing is replaced: equal files are the tables, other ones keep their names', async (t) => {
  const folder = await temporaryFolder(t)
  const path = join(folder, `${STEM}.json`)
  await writeFile(path, documentOf([album('a')]))
  const first = await writeTables(endedRun(), path)
  t.strictSame(await writeTables(endedRun(), path), first)
  await writeFile(path, documentOf([album('b')]))
  const second = await writeTables(endedRun(), path)
  t.strictSame(
    second.map((path) => basename(path)),
    NAMES.map((name) => `${STEM}-2.${name}`),
    'all of them, also those of equal content'
  )
  t.strictSame(
    (await readdir(folder)).sort(),
    [`${STEM}.json`, ...[...first, ...second].map((path) => basename(path))].sort()
  )
  t.strictSame(await readFile(first[0] ?? ''), await written(ALBUMS, [album('a')]))
})

t.test('a document that is damaged leaves no table', async (t) => {
  const folder = await temporaryFolder(t)
  const path = join(folder, `${STEM}.json`)
  await writeFile(path, documentOf([album('a')]).slice(0, -3))
  const error: unknown = await writeTables(endedRun(), path).catch((error: unknown) => error)
  t.ok(error instanceof ServiceError)
  t.match(error, { code: 'storage_failed', message: /^the tables cannot be written beside the document/ })
  t.strictSame(await readdir(folder), [`${STEM}.json`])
})
