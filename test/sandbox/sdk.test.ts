import { type SimplifiedAlbum, SpotifyApi } from '@spotify/web-api-ts-sdk'
import t, { type Test } from 'tap'
import { type Client, startClient } from './client.ts'

// The official client has Spotify's origins written into it, and takes the token with the global fetch: so that is
// where they are
// changed, and nothing else of its requests is.

/** The official client, talking to the sandbox instead. */
function officialClient (t: Test, client: Client): SpotifyApi {
  const original = globalThis.fetch
  t.teardown(() => { globalThis.fetch = original })
  globalThis.fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    t.match(url.origin, /^https:\/\/(api|accounts)\.spotify\.com$/)
    return original(client.origin + url.pathname + url.search, init)
  }
  return SpotifyApi.withClientCredentials('sandbox-id', 'sandbox-secret')
}

async function allTracks (api: SpotifyApi, id: string): Promise<string[]> {
  const ids: string[] = []
  for (let more = true; more;) {
    const page = await api.albums.tracks(id, undefined, 50, ids.length)
    ids.push(...page.items.map((track) => track.id))
    more = page.next !== null
  }
  return ids
}

t.test('the official client with everything allowed', async (t) => {
  const client = await startClient(t, { tier: 'extended' })
  const api = officialClient(t, client)
  const { catalogue } = client.app.sandbox
  const albums: SimplifiedAlbum[] = []
  for (const offset of [0, 50]) albums.push(...(await api.browse.getNewReleases(undefined, 50, offset)).albums.items)
  t.strictSame(albums.map(({ id }) => id), catalogue.newReleases)

  const found: string[] = []
  for (const offset of [0, 50, 100]) {
    found.push(...(await api.search('tag:new', ['album'], undefined, 50, offset)).albums.items.map(({ id }) => id))
  }
  t.strictSame(found, catalogue.searchOrder)

  for (let start = 0; start < 100; start += 20) {
    const batch = await api.albums.get(catalogue.ids.slice(start, start + 20))
    t.strictSame(batch, catalogue.ids.slice(start, start + 20).map((id) => catalogue.answer(id, client.view)))
  }
  for (const { id, total_tracks: total } of albums.filter(({ total_tracks: total }) => total > 50)) {
    t.equal((await api.albums.get(id)).tracks.items.length, 50)
    const tracks = await allTracks(api, id)
    t.equal(tracks.length, total)
    t.strictSame(tracks, catalogue.tracks(id).map((track) => track.id))
  }
  t.equal(client.app.sandbox.stats().tokensIssued, 2, 'one token for each client')
})

t.test('the official client of a development-mode app', async (t) => {
  const client = await startClient(t)
  const api = officialClient(t, client)
  const { catalogue } = client.app.sandbox
  await t.rejects(api.browse.getNewReleases(), { message: /Forbidden/ })
  await t.rejects(api.albums.get([...catalogue.ids.slice(0, 2)]), { message: /Forbidden/ })
  const { albums } = await api.search('tag:new', ['album'], undefined, 10)
  t.strictSame(albums.items.map(({ id }) => id), catalogue.searchOrder.slice(0, 10))
  const album = await api.albums.get(albums.items[0]?.id ?? '')
  t.strictSame(album, catalogue.answer(album.id, client.view))
  const [, prolific] = catalogue.artists()
  const ofArtist = await api.artists.albums(prolific?.id ?? '', undefined, undefined, 10)
  t.equal(ofArtist.items.length, 10)
})
