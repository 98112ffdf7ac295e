import t from 'tap'
import type { Run } from '../../../src/schemas/run.ts'
import { documentText } from '../../../src/services/ingest/document.ts'
import { type Ledger, albumEvent, gapOf, openLedger } from '../../../src/services/ingest/ledger.ts'
import { type ListedAlbum, isTrack, readAlbumHead, trackKeys } from '../../../src/services/spotify/item-check.ts'
import { newRecord } from '../../../src/services/runs/transitions.ts'
import { START_MS } from '../../fake-clock.ts'
import { WITH_RECORDED, recorded } from '../spotify/recorded.ts'
import { createMemoryLedger } from './memory-ledger.ts'

const { run: RUN } = newRecord(
  '0193549a-0000-7000-8000-000000000000',
  { source: 'albums', limit: 3, pagination: 'next', market: null, refresh: false, albumIds: ['a', 'b', 'c'] },
  START_MS
)

interface Document extends Run { albums: Array<{ id: string, tracks: { items: unknown[], next: unknown } }> }

const listed = (id: string): ListedAlbum => ({ id, name: null, releaseDate: null, totalTracks: null })
const track = (number: number): object => ({
  name: `track ${number}`,
  track_number: number,
  disc_number: 1,
  id: `t${number}`,
})
const tracks = (from: number, count: number): object[] => Array.from({ length: count }, (_, i) => track(from + i))

/** A ledger that fetched these album answers, and further pages of their tracks. */
async function fetched (
  bodies: unknown[],
  pages: Array<[id: string, offset: number, items: unknown[], hasNext?: boolean]> = []
): Promise<Ledger> {
  const ledger = await openLedger(createMemoryLedger(), { limit: 100, monotonic: () => 0 })
  for (const body of bodies) {
    const head = readAlbumHead(body)
    if (head === null) throw new Error('no album')
    await ledger.record(albumEvent(String(head.album['id']), head), JSON.stringify(head.album))
  }
  for (const [id, offset, items, hasNext = false] of pages) {
    const valid = items.filter(isTrack)
    await ledger.record(
      { kind: 'tracks', id, offset, places: items.length, valid: valid.length, hasNext, keys: trackKeys(valid) },
      JSON.stringify(valid)
    )
  }
  return ledger
}

async function textOf (ledger: Ledger, ids: string[], run: Run = RUN): Promise<string> {
  let text = ''
  for await (const piece of documentText(run, ids.map(listed), ledger)) text += piece
  return text
}

const parse = (text: string): Document => JSON.parse(text) as Document

t.test('the document is the run without file, then the albums in the order of the listing', async (t) => {
  const bodies = ['a', 'b', 'c'].map((id) => ({ id, tracks: { items: [track(1)], next: null } }))
  const { albums, ...run } = parse(await textOf(await fetched(bodies), ['c', 'a', 'b']))
  const { file: _file, ...expected } = RUN
  t.strictSame(run, expected)
  t.same(albums.map(({ id }) => id), ['c', 'a', 'b'])
})

t.test('the path of the file is not inside the file', async (t) => {
  const run = { ...RUN, file: { name: 'album_items_20261122T134059Z.json', bytes: 1, sha256: 'x' } }
  t.notMatch(await textOf(await fetched([]), [], run), /album_items|sha256/)
})

t.test('an album that was not fetched is left out, wherever it stood', async (t) => {
  const ledger = await fetched([{ id: 'b', tracks: { items: [track(1)] } }])
  for (const ids of [['a', 'b', 'c'], ['b'], ['b', 'a'], ['a', 'b']]) {
    t.same(
      parse(await textOf(ledger, ids)).albums.map(({ id }) => id),
      ['b']
    )
  }
})

t.test('without any album the document is still one', async (t) => {
  t.same(parse(await textOf(await fetched([]), ['a'])).albums, [])
})

t.test('an album a line: a document can be read in pieces', async (t) => {
  const bodies = ['a', 'b', 'c'].map((id) => ({ id, name: 'two\nlines', tracks: { items: tracks(1, 3) } }))
  const lines = (await textOf(await fetched(bodies), ['a', 'b', 'c'])).split('\n')
  t.equal(lines.length, 6)
  t.same(lines.slice(1, 4).map((line) => (JSON.parse(line.replace(/,$/, '')) as { id: string }).id), ['a', 'b', 'c'])
  t.match(lines[0], /"albums":\[$/)
  t.same(lines.slice(4), [']}', ''])
})

t.test('an album of one page is as Spotify sent it, field for field', async (t) => {
  const body = {
    id: 'a',
    brand_new: { deep: [1, null, 'ü🎵'] },
    images: null,
    name: '',
    popularity: 0,
    tracks: { href: 'h', items: [track(1)], limit: 50, next: null, offset: 0, previous: null, total: 1 },
  }
  t.strictSame(parse(await textOf(await fetched([body]), ['a'])).albums, [body])
})

t.test('numbers of further pages are as they were sent, also where the album itself has only usual ones', async (t) => {
  const ledger = await fetched([
    { id: 'a', tracks: { items: [track(1)], next: 'https://api.spotify.com/next', total: 2 } },
  ])
  await ledger.record(
    { kind: 'tracks', id: 'a', offset: 1, places: 1, valid: 1, hasNext: false, keys: ['t2'] },
    '[{"id":"t2","duration_ms":12345678901234567890,"n":[1e400,1.0]}]'
  )
  t.match(await textOf(ledger, ['a']), '{"id":"t2","duration_ms":12345678901234567890,"n":[1e400,1.0]}')
})

t.test('tracks of all pages are in one list, in the order of their places, with next null', async (t) => {
  const body = {
    id: 'a',
    label: 'x',
    tracks: { href: 'h', items: tracks(1, 50), next: 'https://api.spotify.com/next', total: 120 },
  }
  const ledger = await fetched([body], [['a', 100, tracks(101, 20)], ['a', 50, tracks(51, 50), true]])
  t.strictSame(parse(await textOf(ledger, ['a'])).albums, [
    { ...body, tracks: { ...body.tracks, items: tracks(1, 120), next: null } },
  ])
})

t.test('next is null although the page behind it was empty', async (t) => {
  const body = { id: 'a', tracks: { items: tracks(1, 50), next: 'https://api.spotify.com/next', total: 50 } }
  const [album] = parse(await textOf(await fetched([body], [['a', 50, []]]), ['a'])).albums
  t.same(album?.tracks, { items: tracks(1, 50), next: null, total: 50 })
})

t.test('next is null although the page behind it is missing: the gap tells', async (t) => {
  const body = { id: 'a', tracks: { items: tracks(1, 50), next: 'https://api.spotify.com/next', total: 70 } }
  const [album] = parse(await textOf(await fetched([body]), ['a'])).albums
  t.equal(album?.tracks.next, null)
})

t.test('a first page that was asked again replaces the embedded one', async (t) => {
  const ledger = await fetched(
    [{ id: 'a', tracks: { items: [track(1), null, track(3)], total: 3 } }],
    [['a', 0, tracks(1, 3)]]
  )
  t.same(parse(await textOf(ledger, ['a'])).albums[0]?.tracks.items, tracks(1, 3))
})

t.test('null and broken tracks are left out, and no null stays', async (t) => {
  const ledger = await fetched([{ id: 'a', tracks: { items: [null, track(2), { name: 5 }], total: 3 } }])
  t.same(parse(await textOf(ledger, ['a'])).albums[0]?.tracks.items, [track(2)])
})

t.test('a page that repeated the tracks of another place is not in the document twice', async (t) => {
  const ledger = await fetched(
    [{ id: 'a', tracks: { items: tracks(1, 50), total: 100, next: 'u' } }],
    [['a', 50, tracks(1, 50)]]
  )
  t.same(parse(await textOf(ledger, ['a'])).albums[0]?.tracks.items, tracks(1, 50))
})

t.test('a track that moved from page to page is in the document once, and in the count of its tracks', async (t) => {
  const ledger = await fetched(
    [{ id: 'a', tracks: { items: tracks(1, 50), total: 100, next: 'u' } }],
    [['a', 50, [track(50), ...tracks(52, 49)]]]
  )
  const { items } = parse(await textOf(ledger, ['a'])).albums[0]?.tracks ?? { items: [] }
  t.same(items, [...tracks(1, 50), ...tracks(52, 49)])
  t.equal(gapOf(ledger, listed('a'), undefined)?.tracks, items.length)
})

t.test('the recorded album of 55 tracks and its second page make one album of 55', WITH_RECORDED, async (t) => {
  const body = JSON.parse(recorded('02-album-full-over-50-tracks.json')) as { id: string }
  const { items } = JSON.parse(recorded('03-album-tracks-page2.json')) as { items: unknown[] }
  const ledger = await fetched([body], [[body.id, 50, items]])
  t.equal(ledger.isComplete(body.id), true)
  const [album] = parse(await textOf(ledger, [body.id])).albums
  t.equal(album?.tracks.items.length, 55)
  const numbers = album?.tracks.items.map((item) => (item as { track_number: number }).track_number)
  t.same(numbers, Array.from({ length: 55 }, (_, i) => i + 1))
})
