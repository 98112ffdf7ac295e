import t from 'tap'
import { createCatalogue } from '../../../src/sandbox/catalogue/catalogue.ts'
import type { SimplifiedAlbum } from '../../../src/sandbox/catalogue/objects.ts'

const SIZES = [100, 120, 350]

t.test('the same seed and size give the same bytes, another seed gives other albums', async (t) => {
  const bytes = (seed: number) =>
    JSON.stringify([...createCatalogue(seed, 120).ids].map((id) => createCatalogue(seed, 120).album(id)))
  t.equal(bytes(1), bytes(1))
  const [first, second] = [createCatalogue(1, 120), createCatalogue(2, 120)]
  t.notOk(first.ids.some((id) => second.ids.includes(id)))
})

/** What both listings of the default hundred must contain, whatever the seed. */
const KINDS: Array<[string, (album: SimplifiedAlbum) => boolean, number]> = [
  ['a single of one track', (album) => album.album_type === 'single' && album.total_tracks === 1, 1],
  ['an EP', (album) => album.album_type === 'single' && album.total_tracks > 3, 1],
  ['an album', (album) => album.album_type === 'album', 10],
  [
    'a compilation by various artists',
    (album) => album.album_type === 'compilation' && album.artists[0]?.name === 'Various Artists',
    2,
  ],
  ['an album of exactly one full page of tracks', (album) => album.total_tracks === 50, 1],
  ['an album of one track more than a page', (album) => album.total_tracks === 51, 1],
  ['albums over 50 tracks', (album) => album.total_tracks > 50, 4],
  ['two albums over 100 tracks', (album) => album.total_tracks > 100, 2],
  ['names that a spreadsheet takes for formulas', (album) => /^[=+@\-\t]/.test(album.name), 5],
  ['a name with quotes, commas and a line break', (album) => /"[^]*,[^]*\r\n/.test(album.name), 1],
  ['CJK', (album) => /\p{Script=Han}/u.test(album.name), 1],
  ['right to left', (album) => /\p{Script=Arabic}|\p{Script=Hebrew}/u.test(album.name), 2],
  ['emoji', (album) => /\p{Extended_Pictographic}/u.test(album.name), 1],
  ['combining marks', (album) => /\p{Mark}/u.test(album.name), 1],
  ['an empty name', (album) => album.name === '', 1],
  [
    'a release date of a month',
    (album) => album.release_date_precision === 'month' && /^\d{4}-\d\d$/.test(album.release_date),
    1,
  ],
  [
    'a release date of a year',
    (album) => album.release_date_precision === 'year' && /^\d{4}$/.test(album.release_date),
    2,
  ],
  ['the release date 0000', (album) => album.release_date === '0000', 1],
  ['no images', (album) => album.images?.length === 0, 1],
  ['images null', (album) => album.images === null, 1],
  ['images without a size', (album) => album.images?.[0]?.width === null, 1],
  ['restrictions', (album) => album.restrictions !== undefined, 3],
]

for (const size of SIZES) {
  const catalogue = createCatalogue(7, size)
  const listings = {
    newReleases: catalogue.newReleases,
    'first 100 of the search': catalogue.searchOrder.slice(0, 100),
  }
  for (const [listing, ids] of Object.entries(listings)) {
    t.test(`of ${size} albums, ${listing} has every kind that bites`, async (t) => {
      const albums = ids.map((id) => catalogue.summary(id)).filter((album) => album !== undefined)
      t.equal(albums.length, 100)
      for (const [kind, is, least] of KINDS) t.ok(albums.filter(is).length >= least, kind)
      const tracks = albums.reduce((sum, album) => sum + album.total_tracks, 0)
      t.ok(tracks > 600 && tracks < 1100, `${tracks} tracks`)
    })
  }
}

t.test('ids are 22 base62 characters and never the same twice', async (t) => {
  const catalogue = createCatalogue(1, 300)
  const tracks = catalogue.ids.flatMap((id) => catalogue.tracks(id).map((track) => track.id))
  const ids = [...catalogue.ids, ...tracks, ...[...catalogue.artists()].map(({ id }) => id)]
  t.equal(new Set(ids).size, ids.length)
  t.strictSame(ids.filter((id) => !/^[0-7][0-9A-Za-z]{21}$/.test(id)), [])
})

t.test('discs start again at track 1 and have no holes', async (t) => {
  const catalogue = createCatalogue(1, 100)
  const id = catalogue.ids.find((id) => catalogue.tracks(id).some(({ disc_number: disc }) => disc > 3))
  t.ok(id)
  const places = catalogue.tracks(id ?? '').map(({ disc_number: disc, track_number: number }) => `${disc}.${number}`)
  const expected = [32, 28, 26, 24].flatMap((tracks, disc) =>
    Array.from({ length: tracks }, (_, i) => `${disc + 1}.${i + 1}`)
  )
  t.strictSame(places, expected)
})

t.test('an album that is out nowhere has its first 50 tracks relinked and the others not', async (t) => {
  const catalogue = createCatalogue(1, 100)
  const album = [...catalogue.albums()].find(({ available_markets: markets }) => markets?.length === 0)
  t.ok(album)
  const tracks = catalogue.tracks(album?.id ?? '')
  t.strictSame(tracks.map((track) => track.linked_from !== undefined), tracks.map((_, position) => position < 50))
  t.notOk(tracks.some((track) => track.linked_from?.id === track.id))
})

t.test('total_tracks, the tracks and every window of them agree', async (t) => {
  const catalogue = createCatalogue(3, 100)
  for (const { id, total_tracks: total } of catalogue.albums()) {
    const all = catalogue.tracks(id)
    t.equal(all.length, total)
    t.equal(catalogue.trackTotal(id), total)
    t.strictSame(catalogue.tracks(id, undefined, { offset: total - 1, limit: 50 }), all.slice(-1))
    t.strictSame(catalogue.album(id)?.tracks.items, all)
    t.strictSame(catalogue.answer(id)?.tracks.items, all.slice(0, 50))
  }
})

t.test('the search order is another order of the same albums', async (t) => {
  const catalogue = createCatalogue(1, 120)
  t.strictNotSame(catalogue.searchOrder, catalogue.ids)
  t.strictSame([...catalogue.searchOrder].sort(), [...catalogue.ids].sort())
})

t.test('every artist finds the albums he takes part in', async (t) => {
  const catalogue = createCatalogue(1, 200)
  for (const artist of catalogue.artists()) {
    const own = [...catalogue.albums()]
      .filter((album) => album.artists.some(({ id }) => id === artist.id))
      .map(({ id }) => id)
    t.strictSame(catalogue.artistAlbums(artist.id)?.map(({ id }) => id).sort(), own.sort())
  }
  t.ok(
    [...catalogue.artists()].some(({ id }) => (catalogue.artistAlbums(id)?.length ?? 0) > 20),
    'one has more than a page of them'
  )
})

t.test('unknown ids are nowhere, and a catalogue can be empty', async (t) => {
  const catalogue = createCatalogue(1, 100)
  const unknown = '0'.repeat(22)
  t.equal(catalogue.summary(unknown), undefined)
  t.equal(catalogue.album(unknown), undefined)
  t.equal(catalogue.artistAlbums(unknown), undefined)
  t.strictSame(catalogue.tracks(unknown), [])
  t.strictSame(createCatalogue(1, 0).ids, [])
})

t.test('20,000 albums cost little: nothing but their ids is kept', async (t) => {
  const catalogue = createCatalogue(1, 20_000)
  t.equal(new Set(catalogue.ids).size, 20_000)
  t.ok(catalogue.album(catalogue.ids.at(-1) ?? ''))
})
