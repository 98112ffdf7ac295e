import { formatJson, parseJson } from '../json.ts'

interface AlbumTracks { id: string, tracks: { items: unknown[] } }

/** One JSON object: the tracks of each album under the album's id, in the order of the document. */
export async function * tracks (albums: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let before = '{\n'
  for await (const album of albums) {
    const { id, tracks } = parseJson(album.toString()) as AlbumTracks
    yield `${before}${JSON.stringify(id)}:${formatJson(tracks.items)}`
    before = ',\n'
  }
  yield before === '{\n' ? '{}\n' : '\n}\n'
}
