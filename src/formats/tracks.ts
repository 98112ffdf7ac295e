import { formatJson, parseJson } from '../services/json.ts'

interface AlbumTracks { id: string, tracks?: { items?: unknown } | null }

/** Yields one JSON object: the tracks of each album under the album's id, in the order of the document. */
export async function * tracks (albums: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let before = '{\n'
  for await (const album of albums) {
    const { id, tracks } = parseJson(album.toString()) as AlbumTracks
    yield `${before}${JSON.stringify(id)}:${formatJson(Array.isArray(tracks?.items) ? tracks.items : [])}`
    before = ',\n'
  }
  yield before === '{\n' ? '{}\n' : '\n}\n'
}
