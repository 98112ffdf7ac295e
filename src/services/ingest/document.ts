import { type Run } from '../../schemas/run.ts'
import { type ListedAlbum } from '../spotify/item-check.ts'
import { type AlbumState, pagesInOrder } from './album-state.ts'
import { type Ledger } from './ledger.ts'

/**
 * The document as text, an album at a time: the run without `file`, then `albums` in the order of the listing,
 * each on a line of its own. Only one album is in memory at once.
 */
export async function * documentText ({ file: _file, ...run }: Run, albums: Iterable<ListedAlbum>, ledger: Ledger): AsyncGenerator<string> {
  yield `${JSON.stringify(run).slice(0, -1)},"albums":[`
  let separator = '\n'
  for (const { id } of albums) {
    const state = ledger.album(id)
    if (state === undefined) continue
    yield separator + await albumText(state, ledger)
    separator = ',\n'
  }
  yield '\n]}\n'
}

interface AlbumBody { tracks: Record<string, unknown> & { items: unknown[] } }

/** The album as it was answered, with the tracks of all its pages; most have one page, and their text is used as it is. */
export async function albumText (state: AlbumState, { readBody }: Ledger): Promise<string> {
  const text = await readBody(state.body)
  const pages = pagesInOrder(state)
  if (pages.length === 1 && pages[0]?.body === null && !pages[0].hasNext) return text
  const album = JSON.parse(text) as AlbumBody
  const items: unknown[] = []
  for (const { body, valid } of pages) if (valid > 0) items.push(...body === null ? album.tracks.items : JSON.parse(await readBody(body)) as unknown[])
  return JSON.stringify({ ...album, tracks: { ...album.tracks, items, next: null } })
}
