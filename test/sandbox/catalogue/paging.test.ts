import t from 'tap'
import { type Albums, type ArtistPage, idsOf, pages, startClient, type TrackPage } from '../client.ts'

const SEARCH = '/search?q=tag:new&type=album'
const albumsOf = (body: Albums) => body.albums

t.test('new releases end after 100 albums with next null', async (t) => {
  const client = await startClient(t, { tier: 'extended', albums: 300 })
  const found = await pages(client, '/browse/new-releases?limit=50', albumsOf)
  t.strictSame(found.flatMap(idsOf), client.app.sandbox.catalogue.ids.slice(0, 100))
  t.strictSame(found.map(({ total }) => total), [100, 100])
  const past = (await client.get<Albums>('/browse/new-releases?offset=100')).body.albums
  t.strictSame([past.items, past.next], [[], null])
})

t.test('a search for tag:new yields the whole catalogue, by relevance', async (t) => {
  const client = await startClient(t)
  const found = await pages(client, '/search?q=tag:new&type=album&limit=10', albumsOf)
  t.equal(found.length, 12)
  t.strictSame(found.flatMap(idsOf), client.app.sandbox.catalogue.searchOrder)
})

t.test('links are absolute, on the origin that was called, and carry limit, query and locale', async (t) => {
  const client = await startClient(t, { tier: 'extended' })
  const first = (await client.get<Albums>('/search?q=tag%3Anew&type=album&limit=20&offset=20&market=DE')).body.albums
  const link = (offset: number) =>
    `${client.origin}/v1/search?offset=${offset}&limit=20&query=tag%3Anew&type=album&market=DE&locale=*`
  t.strictSame([first.href, first.next, first.previous], [link(20), link(40), link(0)])

  const named = (
    await client.get<Albums>('/browse/new-releases', { host: 'spotify.test:81', 'accept-language': 'de-DE' })
  ).body.albums
  t.equal(named.next, 'http://spotify.test:81/v1/browse/new-releases?offset=20&limit=20&locale=de-DE')
  t.equal(named.items[0]?.href, `http://spotify.test:81/v1/albums/${named.items[0]?.id}`)

  const ofArtist = (
    await client.get<ArtistPage>(
      `/artists/${[...client.app.sandbox.catalogue.artists()][1]?.id}/albums?include_groups=single,album&limit=2`
    )
  ).body
  t.match(ofArtist.next ?? '', /\?offset=2&limit=2&include_groups=single%2Calbum&locale=\*$/)
  t.strictSame(ofArtist.items.filter(({ album_group: group }) => group !== 'single' && group !== 'album'), [])
})

t.test('previous leads back to the start, also from an odd offset', async (t) => {
  const client = await startClient(t, { tier: 'extended' })
  const { previous } = (await client.get<Albums>('/browse/new-releases?limit=10&offset=4')).body.albums
  t.match(previous ?? '', /offset=0&limit=10/)
  t.equal((await client.get<Albums>(previous)).body.albums.previous, null)
})

t.test('search reaches 1000 results and refuses what lies beyond', async (t) => {
  const client = await startClient(t, { tier: 'extended', albums: 1200 })
  const last = (await client.get<Albums>('/search?q=tag:new&type=album&limit=50&offset=950')).body.albums
  t.equal(last.items.length, 50)
  t.equal(last.next, null)
  t.equal((await client.get('/search?q=tag:new&type=album&limit=50&offset=951')).status, 400)
})

t.test('the total of a search changes from page to page, stays ahead of what was shown and ' +
  'is the same when asked again', async (t) => {
  const client = await startClient(t)
  const found = await pages(client, '/search?q=tag:new&type=album&limit=10', albumsOf)
  t.ok(new Set(found.map(({ total }) => total)).size > 3)
  for (const page of found) t.ok(page.total > page.offset + (page.next === null ? 0 : page.items.length - 1))
  t.strictSame(await pages(client, '/search?q=tag:new&type=album&limit=10', albumsOf), found)
})

t.test('search finds names, artists and barcodes, and answers empty pages for what it does not have', async (t) => {
  const client = await startClient(t, { tier: 'extended', albums: 100 })
  const { catalogue } = client.app.sandbox
  const album = catalogue.album(catalogue.ids[9] ?? '')
  const search = async (q: string, type = 'album') =>
    (await client.get<Albums & { tracks: TrackPage }>(`/search?q=${encodeURIComponent(q)}&type=${type}`)).body
  t.strictSame(idsOf((await search(album?.name ?? '')).albums), [album?.id])
  t.strictSame(idsOf((await search(`upc:${album?.external_ids.upc}`)).albums), [album?.id])
  t.ok(idsOf((await search(`tag:new artist:"${album?.artists[0]?.name}"`)).albums).includes(album?.id ?? ''))
  const nothing = await search('no such words', 'album,track')
  t.strictSame(Object.keys(nothing), ['albums', 'tracks'])
  t.strictSame(
    [nothing.albums.items, nothing.albums.total, nothing.albums.next, nothing.tracks.items],
    [[], 0, null, []]
  )
})

const REFUSED: Array<[string, string]> = [
  ['/search?type=album', 'No search query'],
  ['/search?q=x', 'Missing parameter type'],
  ['/search?q=x&type=song', 'Bad search type field song'],
  ['/search?q=x&type=album&offset=-1', 'Invalid offset'],
  ['/search?q=x&type=album&market=Germany', 'Invalid market code'],
]
for (const [path, message] of REFUSED) {
  t.test(`400 ${message}: ${path}`, async (t) => {
    const client = await startClient(t)
    const reply = await client.get(path)
    t.strictSame([reply.status, reply.body], [400, { error: { status: 400, message } }])
  })
}

t.test('with a market, tracks say whether they play there in place of where they are out', async (t) => {
  const client = await startClient(t, { tier: 'extended' })
  const { ids } = client.app.sandbox.catalogue
  const tracks = (await client.get<TrackPage>(`/albums/${ids[0]}/tracks?market=US`)).body.items
  for (const track of tracks) t.strictSame([track.is_playable, 'available_markets' in track], [true, false])
  const nowhere = (await client.get<TrackPage>(`/albums/${ids[0]}/tracks?market=XX`)).body.items
  t.equal(nowhere[0]?.is_playable, false)
})

t.test('whoever takes gzip gets it', async (t) => {
  const client = await startClient(t)
  const plain = await client.get(SEARCH)
  const packed = await fetch(`${client.origin}/v1${SEARCH}`, {
    headers: { authorization: `Bearer ${client.token}`, 'accept-encoding': 'gzip', 'accept-language': '*' },
  })
  t.equal(plain.headers['content-encoding'], undefined)
  t.equal(packed.headers.get('content-encoding'), 'gzip')
  t.equal(await packed.text(), plain.text)
})

t.test('latency and jitter delay the answer', async (t) => {
  const client = await startClient(t, { latencyMs: 20, jitterMs: 5 })
  const start = performance.now()
  await client.get(SEARCH)
  t.ok(performance.now() - start > 18)
})
