import { appendFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { MOST_PACKED, formatPack, readPacked, readTable } from '../../../src/services/store/pack.ts'

const hashOf = (place: number): string => String(place).padStart(43, 'h')

t.test('whatever is packed is found again, each where the table says', async (t) => {
  const path = join(t.testdir(), 'pack')
  await fc.assert(fc.asyncProperty(fc.array(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 3 }), { maxLength: MOST_PACKED }), async (bodies) => {
    const packed = formatPack(bodies.map((pieces, place) => ({ hash: hashOf(place), data: pieces.map((piece) => Buffer.from(piece)) })))
    await writeFile(path, packed.data)
    const { bytes, entries } = await readTable(path)
    t.equal(bytes, Buffer.concat(packed.data).length)
    t.strictSame(entries, packed.entries)
    const read = await Promise.all(entries.map(async (entry) => await readPacked(path, entry)))
    t.strictSame(read, bodies.map((pieces) => Buffer.concat(pieces)))
  }), { numRuns: 30 })
})

t.test('the table of as many entries as may be packed is read at once, however long they are', async (t) => {
  const path = join(t.testdir(), 'pack')
  const entries = Array.from({ length: MOST_PACKED }, (_, place) => ({ hash: hashOf(place), data: [Buffer.alloc(place === 0 ? 3_000_000 : 1)] }))
  await writeFile(path, formatPack(entries).data)
  t.equal((await readTable(path)).entries.length, MOST_PACKED)
  const [table] = formatPack(entries.map(({ hash, data }) => ({ hash, data: Array.from({ length: 30 }, () => data).flat() }))).data
  t.ok((table?.length ?? 0) < 16 * 1024, `${table?.length} bytes`)
})

t.test('a damaged table has no entries, and none that the file does not hold', async (t) => {
  const path = join(t.testdir(), 'pack')
  for (const text of ['', '\n', '[]', 'no table\n', '{}\n', '[["h"]]\n', '[["h",-1]]\n', '[["h",1.5]]\n', '[["h",1e300]]\n', '[["h",9]]\n12345678', '[[1,1]]\n1', 'x'.repeat(20_000)]) {
    await writeFile(path, text)
    t.same((await readTable(path)).entries, [], text.slice(0, 20))
  }
  await t.rejects(readTable(`${path}.none`), { code: 'ENOENT' })
})

t.test('an entry of which a part is gone is read as far as it goes', async (t) => {
  const path = join(t.testdir(), 'pack')
  const { data, entries: [entry] } = formatPack([{ hash: hashOf(0), data: [Buffer.from('entry')] }])
  if (entry === undefined) throw new Error('nothing packed')
  await writeFile(path, data)
  await truncate(path, entry.offset + 3)
  t.equal((await readPacked(path, entry)).toString(), 'ent')
  await appendFile(path, 'ry and more')
  t.equal((await readPacked(path, entry)).toString(), 'entry')
})
