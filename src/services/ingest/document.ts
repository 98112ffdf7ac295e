import type { Run } from '../../schemas/run.ts'
import { formatJson, parseJson } from '../json.ts'
import { type ListedAlbum, trackKey, trackKeys } from '../spotify/item-check.ts'
import type { TrackCoverage } from './track-coverage.ts'
import type { Ledger } from './ledger.ts'
import { readAhead } from './read-ahead.ts'

/** Albums that are read while others are written. */
const AHEAD = { most: 16, mostBytes: 1024 * 1024 }

/** Looks at texts as they pass. */
export type Through = (texts: AsyncIterable<string>) => AsyncIterable<string>

/**
 * The document as text, an album at a time: the run without `file`, then `albums` in the order of the listing,
 * each on a line of its own. Only a few albums are in memory at once.
 * @param through sees the text of each album before it is written
 */
export async function * documentText (
  { file: _file, ...run }: Run, albums: Iterable<ListedAlbum>, ledger: Ledger, through: Through = (texts) => texts
): AsyncGenerator<string> {
  yield `${JSON.stringify(run).slice(0, -1)},"albums":[`
  let separator = '\n'
  const texts = readAhead(
    fetched(albums, ledger), { ...AHEAD, bytesOf, read: async (state) => await albumText(state, ledger) }
  )
  for await (const text of through(texts)) {
    yield separator + text
    separator = ',\n'
  }
  yield '\n]}\n'
}

function * fetched (albums: Iterable<ListedAlbum>, ledger: Ledger): Generator<TrackCoverage> {
  for (const { id } of albums) {
    const state = ledger.album(id)
    if (state !== undefined) yield state
  }
}

function bytesOf ({ body, pages }: TrackCoverage): number {
  let bytes = body.length
  for (const page of pages.values()) bytes += page.body?.length ?? 0
  return bytes
}

interface AlbumBody { tracks: Record<string, unknown> & { items: unknown[] } }

/**
 * The album as it was answered, with the tracks of all its pages; most have one page, and their text is used as it is.
 */
export async function albumText (state: TrackCoverage, { readBody }: Ledger): Promise<string> {
  const text = await readBody(state.body)
  if (isAsAnswered(state)) return text
  const pages = await Promise.all(
    state.pages.map(async ({ body, valid }) => valid === 0 ? '[]' : body === null ? null : await readBody(body))
  )
  const album = parseJson(text) as AlbumBody // not before all is read: what has waited for the disk is collected late
  const items = withoutRepeats(pages.map((page) => page === null ? album.tracks.items : parseJson(page) as unknown[]))
  return formatJson({ ...album, tracks: { ...album.tracks, items, next: null } }, [album, ...items])
}

/** The tracks of all pages; of one that moved from page to page while they were asked for, the first. */
function withoutRepeats (pages: unknown[][]): unknown[] {
  const seen = new Set<string | null>()
  return pages.flatMap((tracks) => {
    const fresh = tracks.filter((track) => !seen.has(trackKey(track)))
    for (const key of trackKeys(fresh)) seen.add(key)
    return fresh
  })
}

/** The album's text in the document is the stored one, to the byte. */
export function isAsAnswered ({ pages }: TrackCoverage): boolean {
  return pages.length === 1 && pages[0]?.body === null && !pages[0].hasNext
}
