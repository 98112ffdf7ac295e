import t from 'tap'
import { albumLines } from '../../src/formats/album-lines.ts'
import { documentOf, inPieces } from './lines.ts'

const ALBUMS = [{ id: 'a', name: 'Zoë 🎧 ]}' }, { id: 'b', name: '"albums":[' }, { id: 'c', name: 'x'.repeat(500) }, {}]
const DAMAGED: Array<[what: string, text: string]> = [
  ['an empty file', ''],
  ['a head without its end', '{"id":"x","albums":['],
  ['another file', '{"run":{}}\n{"albums":[]}\n'],
  ['a document cut off between two albums', documentOf(ALBUMS).slice(0, -4)],
  ['a document cut off within an album', documentOf(ALBUMS).slice(0, 90)],
  ['a document whose last line has no end', documentOf(ALBUMS).slice(0, -1)],
]

async function read (text: string, bytes: number): Promise<unknown[]> {
  const albums: unknown[] = []
  for await (const line of albumLines(inPieces(text, bytes))) albums.push(JSON.parse(line.toString()))
  return albums
}

t.test('the albums of a document are found however it is cut into pieces', async (t) => {
  const text = documentOf(ALBUMS)
  for (const bytes of [1, 2, 3, 7, 64, 100, text.length - 1, text.length, 10_000]) {
    t.same(await read(text, bytes), ALBUMS, `pieces of ${bytes} bytes`)
  }
})

t.test('a document of one album has one, and one of none has none', async (t) => {
  t.same(await read(documentOf([{ id: 'a' }]), 5), [{ id: 'a' }])
  t.same(await read(documentOf([]), 5), [])
})

for (const [what, text] of DAMAGED) {
  t.test(`${what} is an error, and never a shorter document`, async (t) => {
    for (const bytes of [1, 10, 10_000]) await t.rejects(read(text, bytes), { message: /damaged/ })
  })
}

t.test('whoever stops reading half-way stops the file from being read', async (t) => {
  let isClosed = false
  async function * file (): AsyncGenerator<Buffer> {
    try {
      for (;;) yield * inPieces(documentOf(ALBUMS).slice(0, -4), 10)
    } finally {
      isClosed = true
    }
  }
  const lines = albumLines(file())
  await lines.next()
  t.notOk(isClosed)
  await lines.return(undefined)
  t.ok(isClosed)
})
