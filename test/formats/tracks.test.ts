import t from 'tap'
import { tracks } from '../../src/formats/tracks.ts'
import { all, texts } from './lines.ts'

t.test('the tracks of each album stand under its id, in the order of the document', async (t) => {
  const albums = [
    { id: 'b', tracks: { items: [{ id: 'b1' }, { id: 'b2', name: '"\n' }] } },
    { id: 'a', tracks: { items: [] } },
  ]
  const text = await all(tracks(texts(...albums)))
  t.same(JSON.parse(text), { b: [{ id: 'b1' }, { id: 'b2', name: '"\n' }], a: [] })
  t.ok(text.indexOf('"b"') < text.indexOf('"a"'))
})

t.test('no album is an empty object', async (t) => {
  t.equal(await all(tracks(texts())), '{}\n')
})
