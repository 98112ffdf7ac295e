import { createHash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { type Catalogue, createCatalogue, SPOTIFY_VIEW } from '../../src/sandbox/catalogue/catalogue.ts'
import { type Album, TIERS } from '../../src/sandbox/catalogue/objects.ts'
import { type Albums, type ArtistPage, type Batch, idsOf, pages, startClient, type TrackPage } from './client.ts'

/** What the catalogues were before the sandbox knew days. */
const DAY_ZERO: Array<[number, number, string]> = [
  [1, 120, '52a4d634181aac901d4d0e5c67d9ec746cdf4dfc4cdb9ac82c30963d6dd43519'],
  [7, 350, '561859b062c96f3fbe1333f83e1f070203a051122bdd2ba49dc9a9da6619fde1'],
  [42, 30, 'cd2e9a46474e1bcc48f48518ebdd916314e4ea987cd4977417cbfc9ffe27dd81'],
  [3, 0, '487caeddc7f8546088e177c5cfe647e27d16901fdf6731d8973cc2fa8d86e463'],
]
for (const [seed, size, expected] of DAY_ZERO) {
  t.test(`day 0 of seed ${seed} with ${size} albums is the catalogue without days, to the byte`, async (t) => {
    t.equal(hashOf(createCatalogue(seed, size)), expected)
    t.equal(hashOf(createCatalogue(seed, size, 0)), expected)
    if (size > 0) t.not(hashOf(createCatalogue(seed, size, 1)), expected)
  })
}

/** Everything that a catalogue answers, for each tier, with and without a market. */
function hashOf (catalogue: Catalogue): string {
  const hash = createHash('sha256')
  const add = (value: unknown) => hash.update(JSON.stringify(value ?? null))
  add([catalogue.seed, catalogue.ids, catalogue.newReleases, catalogue.searchOrder])
  for (const tier of ['extended', 'development'] as const) {
    for (const market of [null, 'US']) {
      const view = { ...SPOTIFY_VIEW, tier, market }
      for (const id of catalogue.ids) {
        add([catalogue.summary(id, view), catalogue.album(id, view), catalogue.answer(id, view), catalogue.upc(id)])
      }
      for (const artist of catalogue.artists(view)) add([artist, catalogue.artistAlbums(artist.id)])
    }
  }
  return hash.digest('hex')
}

const KINDS = ['delisted', 'grown', 'renamed', 'retitled']

const seeds = fc.nat(2 ** 32 - 1)
const sizes = fc.integer({ min: 1, max: 400 })
const days = fc.integer({ min: 1, max: 40 })

t.test('on any day, what is listed can be fetched, and every list agrees with it', async () => {
  fc.assert(fc.property(seeds, sizes, days, (seed, size, day) => {
    const catalogue = createCatalogue(seed, size, day)
    const { ids, listed, searchOrder, newReleases, delisted } = catalogue
    const present = new Set(listed)
    const trackIds = ids.flatMap((id) => catalogue.album(id)?.tracks.items.map((track) => track.id) ?? [])
    return isUnique(ids) && isUnique(trackIds) &&
      sameSet([...listed, ...delisted], ids) &&
      [...searchOrder, ...newReleases].every((id) => present.has(id)) &&
      newReleases.join() === ids.filter((id) => present.has(id)).slice(0, 100).join() &&
      ids.every((id) => isWhole(catalogue.album(id))) &&
      [...catalogue.artists()].every(({ id }) => catalogue.artistAlbums(id)?.every((album) => present.has(album.id)))
  }), { numRuns: 25 })
})

t.test('each day puts its releases, with its date, at the head of both listings', async () => {
  fc.assert(fc.property(seeds, sizes, days, (seed, size, day) => {
    const before = new Set(createCatalogue(seed, size, day - 1).ids)
    const today = createCatalogue(seed, size, day)
    const released = today.ids.filter((id) => !before.has(id))
    const dates = released.map((id) => today.summary(id)?.release_date ?? '')
    return released.length === Math.ceil(size / 14) &&
      released.join() === today.newReleases.slice(0, released.length).join() &&
      sameSet(released, today.searchOrder.slice(0, 40 + released.length).filter((id) => !before.has(id))) &&
      dates.every((date) => date === '0000' || dateOf(day).startsWith(date))
  }), { numRuns: 40 })
})

t.test('tag:new is the last two weeks, whatever the day', async () => {
  fc.assert(fc.property(seeds, sizes, days, (seed, size, day) => {
    const catalogue = createCatalogue(seed, size, day)
    const fresh = new Set(catalogue.searchOrder)
    return catalogue.listed.every((id) => {
      const { release_date: date = '', release_date_precision: precision } = catalogue.summary(id) ?? {}
      return precision !== 'day' || fresh.has(id) === (date > dateOf(day - 14) && date <= dateOf(day))
    })
  }), { numRuns: 40 })
})

t.test('from one day to the next an album stays as it is or changes in one way', async () => {
  fc.assert(fc.property(seeds, sizes, days, (seed, size, day) => {
    const [before, after] = [createCatalogue(seed, size, day - 1), createCatalogue(seed, size, day)]
    const delisted = new Set(after.delisted)
    return before.delisted.every((id) => delisted.has(id)) &&
      before.ids.map((id) => changesOf(before, after, id))
        .every((kinds) => kinds.length <= 1 && kinds.every((kind) => KINDS.includes(kind)))
  }), { numRuns: 25 })
})

for (const seed of [1, 2, 3, 42, 4_294_967_295]) {
  for (const size of [30, 120, 1200]) {
    t.test(`by day 3 the first hundred has changes of every kind: seed ${seed}, ${size} albums`, async (t) => {
      for (const listing of ['newReleases', 'searchOrder'] as const) {
        const kinds = [0, 1, 2].flatMap((day) => {
          const [before, after] = [createCatalogue(seed, size, day), createCatalogue(seed, size, day + 1)]
          return before[listing].slice(0, 100).flatMap((id) => changesOf(before, after, id))
        })
        t.strictSame([...new Set(kinds)].sort(), KINDS, listing)
      }
    })
  }
}

t.test('albums with unusual names, covers or restrictions keep them and stay listed', async (t) => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const [before, after] = [createCatalogue(seed, 120), createCatalogue(seed, 120, 30)]
    for (const place of [1, 2, 4, 6, 7, 9, 10, 11, 12, 14, 15, 16, 22, 23, 24, 25, 26, 27, 44, 45]) {
      const id = before.ids[place] ?? ''
      const { total_tracks: _, ...old } = before.summary(id) ?? { total_tracks: 0 }
      t.match(after.summary(id), old)
      t.notOk(after.delisted.includes(id))
    }
  }
})

t.test('days may be taken in any order: the sandbox answers the same for the same day', async (t) => {
  const client = await startClient(t, { tier: 'extended' })
  const hashes = new Map<number, string>()
  for (const day of [0, 3, 1, 0, 14, 3, 1, 365, 0, 14]) {
    client.app.sandbox.change({ day })
    const hash = hashOf(client.app.sandbox.catalogue)
    t.equal(hash, hashes.get(day) ?? hash, `day ${day}`)
    hashes.set(day, hash)
  }
  t.equal(new Set(hashes.values()).size, 5)
})

for (const tier of TIERS) {
  t.test(`${tier} tier: a day set over HTTP is there on every endpoint`, async (t) => {
    const client = await startClient(t, { tier })
    const listedPath = tier === 'extended' ? '/browse/new-releases?limit=50' : '/search?q=tag:new&type=album&limit=10'
    const listedIds = async () => (await pages(client, listedPath, (body: Albums) => body.albums)).flatMap(idsOf)
    const albums = async (ids: readonly string[]) => tier === 'extended'
      ? (await client.get<Batch>(`/albums?ids=${ids.join(',')}`)).body.albums
      : Promise.all(ids.map(async (id) => (await client.get<Album>(`/albums/${id}`)).body))

    const dayZero = new Set(client.app.sandbox.catalogue.ids)
    const before = await listedIds()
    const put = await client.send('PUT', '/sandbox/settings', '{"day":3}', { 'content-type': 'application/json' })
    t.match([put.status, put.body], [200, { day: 3, albums: 120 }])
    const { catalogue } = client.app.sandbox
    const after = await listedIds()
    const released = catalogue.ids.filter((id) => !dayZero.has(id))
    t.equal(released.length, 27)
    t.strictSame(released.filter((id) => !catalogue.delisted.includes(id) && !after.includes(id)), [])

    const some = released.slice(0, 20)
    t.strictSame(await albums(some), some.map((id) => catalogue.answer(id, client.view)))
    const first = createCatalogue(1, 120)
    const grown = first.ids.find((id) => catalogue.trackTotal(id) > first.trackTotal(id)) ?? ''
    const tracks = await pages(client, `/albums/${grown}/tracks`, (body: TrackPage) => body)
    t.strictSame(tracks.flatMap(({ items }) => items), catalogue.tracks(grown, client.view))

    const gone = catalogue.delisted.find((id) => before.includes(id)) ?? ''
    t.notOk(after.includes(gone), 'a delisted album is not listed')
    t.match(await albums([gone]), [{ id: gone, name: String }], 'and is still there')
    const artist = catalogue.summary(gone)?.artists[0]?.id
    const ofArtist = await pages(client, `/artists/${artist}/albums`, (body: ArtistPage) => body)
    t.notOk(ofArtist.flatMap(idsOf).includes(gone), 'nor is it among the albums of its artist')
    const named = await client.get<Albums>(`/search?q=upc:${catalogue.upc(gone)}&type=album`)
    t.strictSame(named.body.albums.items, [], 'nor is it found')
  })
}

t.test('another date of day 0 moves each date, and changes nothing else', async (t) => {
  const client = await startClient(t, { day: 2 })
  const listed = async () => (await client.get<Albums>('/search?q=tag:new&type=album&limit=10')).body.albums.items
  const before = await listed()
  client.app.sandbox.change({ dayZero: '2027-02-27' })
  const after = await listed()
  const days = (albums: Array<{ release_date: string }>) => albums.map(({ release_date: date }) => Date.parse(date))
  t.strictSame(after.map(({ id, name }) => [id, name]), before.map(({ id, name }) => [id, name]))
  t.strictSame(new Set(days(after).map((ms, index) => (ms - (days(before)[index] ?? 0)) / 86_400_000)), new Set([99]))
})

t.test('an artist finds what a later day released', async (t) => {
  const catalogue = createCatalogue(1, 120, 2)
  const [newest] = catalogue.albums()
  t.match(newest?.release_date, '2026-11-22')
  for (const { id } of newest?.artists ?? []) t.ok(catalogue.artistAlbums(id)?.some((album) => album.id === newest?.id))
})

/** How an album differs on the next day: ways of KINDS, `lost`, or `other` for a change that no day makes. */
function changesOf (before: Catalogue, after: Catalogue, id: string): string[] {
  const [old, now] = [before.album(id), after.album(id)]
  if (old === undefined || now === undefined) return ['lost']
  const [oldTracks, nowTracks] = [old.tracks.items, now.tracks.items]
  const same = nowTracks.slice(0, oldTracks.length)
  const retitled = same.filter((track, position) => track.name !== oldTracks[position]?.name)
  const others = { ...now, name: old.name, total_tracks: old.total_tracks, tracks: null }
  const isOther = JSON.stringify(others) !== JSON.stringify({ ...old, tracks: null }) ||
    JSON.stringify(same.map(unnamed)) !== JSON.stringify(oldTracks.map(unnamed))
  return [
    ...(isOther ? ['other'] : []),
    ...(nowTracks.length > oldTracks.length ? ['grown'] : []),
    ...(now.name === old.name ? [] : ['renamed']),
    ...(retitled.length === 0 ? [] : [retitled.length === 1 ? 'retitled' : 'other']),
    ...(after.delisted.includes(id) && !before.delisted.includes(id) ? ['delisted'] : []),
  ]
}

function unnamed (track: Album['tracks']['items'][number]): object {
  return { ...track, name: '' }
}

function isWhole (album: Album | undefined): boolean {
  const total = album?.total_tracks ?? 0
  return total > 0 && album?.tracks.items.length === total && album.tracks.total === total
}

function isUnique (ids: readonly string[]): boolean {
  return new Set(ids).size === ids.length
}

function sameSet (some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && [...some].sort().join() === [...others].sort().join()
}

/** Day 0 is the 20th of November 2026. */
function dateOf (day: number): string {
  return new Date(Date.UTC(2026, 10, 20 + day)).toISOString().slice(0, 10)
}
