import t from 'tap'
import { ndjson } from '../../src/formats/ndjson.ts'
import { all, texts } from './lines.ts'

t.test('each line is an album, and the last line has an end too', async (t) => {
  const albums = [{ id: 'a', name: 'Two\nlines\u2028' }, { id: 'b', tracks: { items: [] } }]
  const text = await all(ndjson(texts(...albums)))
  t.ok(text.endsWith('}\n'))
  t.same(text.trimEnd().split('\n').map((line): unknown => JSON.parse(line)), albums)
})

t.test('no album is no line', async (t) => {
  t.equal(await all(ndjson(texts())), '')
})
