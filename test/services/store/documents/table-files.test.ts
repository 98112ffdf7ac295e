import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { documentOfTable, removeTableFiles } from '../../../../src/services/store/documents/table-files.ts'
import { temporaryFolder } from '../../../service.ts'

const NAME = 'album_items_20261122T134059Z_2fe747.json'
const OTHER = 'album_items_20261122T134059Z_2fe748.json'

const FILES: Array<[name: string, document: string]> = [
  ['album_items_20261122T134059Z_2fe747.tracks.parquet', NAME],
  ['album_items_20261122T134059Z_2fe747-2.album_artists.parquet', NAME],
  ['album_items_20261122T134059Z_2fe747.tracks.parquet.0123456789ab-1.tmp', NAME],
  ['album_items_20261122T134059Z_2fe748.tracks.parquet', OTHER],
  [NAME, ''],
  [`${NAME}.gz`, ''],
  ['tracks.parquet', ''],
  ['my-album_items_20261122T134059Z_2fe747.tracks.parquet', ''],
  ['album_items_20261122T134059Z_2fe747.tracks.parquets', ''],
]

t.test('the document that a table file was made of', async (t) => {
  for (const [name, document] of FILES) t.equal(documentOfTable(name), document, name)
})

t.test('the tables of one document are deleted, and nothing else', async (t) => {
  const folder = await temporaryFolder(t)
  for (const [name] of FILES) await writeFile(join(folder, name), '')
  await removeTableFiles(folder, NAME)
  t.strictSame(
    (await readdir(folder)).sort(),
    FILES.flatMap(([name, document]) => (document === NAME ? [] : [name])).sort()
  )
  await removeTableFiles(join(folder, 'none'), NAME)
})
