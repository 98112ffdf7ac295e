import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { MockAgent } from 'undici'
import type { Run } from '../src/schemas/run.ts'
import { type AlbumJson, type Json, startService } from './service.ts'

/** Bodies as Spotify served them; see the README beside them. They are not part of the project. */
const RECORDED = join('..', 'shared', 'spotify', 'recorded')
const skip = !existsSync(RECORDED) && process.env['CI'] !== 'true' ? `${RECORDED} is not here` : false

/** What `next` names in the recorded pages; nothing goes there, the answers come from the test. */
const API = 'https://api.spotify.com'
const LONG_ALBUM = '32nryzA6XBCX9ZUspVc1yz'
const SINGLE = '10FLjwfpbxLmW8c25Xyc2N'

t.test('a real album of 55 tracks in two pages, and a real single: each field ' +
  'unchanged, all tracks in order', { skip }, async (t) => {
  const { run, albums } = await replay(t, { source: 'albums', albumIds: [LONG_ALBUM, SINGLE] }, {
    '/v1/albums?ids=': [403, '11-error-403-devmode-forbidden.json'],
    [`/v1/albums/${LONG_ALBUM}/tracks`]: [200, '03-album-tracks-page2.json'],
    [`/v1/albums/${LONG_ALBUM}`]: [200, '02-album-full-over-50-tracks.json'],
    [`/v1/albums/${SINGLE}`]: [200, '01-album-full.json'],
  })
  t.match(run, { status: 'succeeded', complete: true, progress: { albumsFetched: 2, tracks: 56 } })
  const head = await recorded('02-album-full-over-50-tracks.json') as AlbumJson
  const page2 = await recorded('03-album-tracks-page2.json') as { items: Json[] }
  t.strictSame(albums[0], {
    ...head,
    tracks: { ...head.tracks, items: [...head.tracks.items, ...page2.items], next: null },
  })
  t.strictSame(
    albums[0]?.tracks.items.map((track) => track['track_number']),
    Array.from({ length: 55 }, (_, index) => index + 1)
  )
  t.strictSame(albums[1], await recorded('01-album-full.json'))
})

t.test('a batch that is refused because of one id costs that album alone', { skip }, async (t) => {
  const wrong = 'z'.repeat(22)
  const refusal: [number, string] = [400, JSON.stringify({ error: { status: 400, message: 'Invalid base62 id' } })]
  const { run, albums } = await replay(t, { source: 'albums', albumIds: [wrong, SINGLE] }, {
    '/v1/albums?ids=': refusal,
    [`/v1/albums/${wrong}`]: refusal,
    [`/v1/albums/${SINGLE}`]: [200, '01-album-full.json'],
  })
  t.match(run, {
    status: 'partial',
    progress: { albumsFetched: 1 },
    gaps: [{ albumId: wrong, code: 'album_unavailable', detail: /Invalid base62 id/ }],
  })
  t.equal(run.gaps.length, 1)
  t.strictSame(albums, [await recorded('01-album-full.json')])
})

t.test('a real search page: its album is fetched', { skip }, async (t) => {
  const { run, albums } = await replay(t, {}, {
    '/v1/browse/new-releases': [403, '11-error-403-devmode-forbidden.json'],
    '/v1/search': [200, '04-search-album-page.json'],
    [`/v1/albums/${SINGLE}`]: [200, '01-album-full.json'],
  })
  t.match(run, { status: 'succeeded', source: { used: 'search', query: 'tag:new' }, progress: { albumsListed: 1 } })
  t.strictSame(albums, [await recorded('01-album-full.json')])
})

t.test('a real new-releases page: its albums are fetched by one batch, in its order', { skip }, async (t) => {
  const page = await recorded('07-new-releases-page.json') as { albums: { items: Array<Json & { id: string }> } }
  const single = await recorded('01-album-full.json') as AlbumJson
  /** No full bodies of these albums were recorded: what the listing says of them, around a real tracks object. */
  const full = page.albums.items.map((item) => ({ ...single, ...item, total_tracks: 1 }))
  const { run, albums } = await replay(t, { limit: 3 }, {
    '/v1/browse/new-releases': [200, JSON.stringify(page)],
    '/v1/albums?ids=': [200, JSON.stringify({ albums: full })],
  })
  t.match(run, {
    status: 'succeeded',
    source: { used: 'new-releases' },
    cost: { byEndpoint: { newReleases: 1, albums: 1 } },
  })
  t.strictSame(albums, full)
})

t.test('a real empty search page is a listing that is empty', { skip }, async (t) => {
  const { run } = await replay(
    t,
    { source: 'search', query: 'upc:602475093060' },
    { '/v1/search': [200, '05-search-album-empty-page.json'] }
  )
  t.match(run, { status: 'failed', error: { code: 'listing_empty' } })
})

t.test('a real refusal because of the owner\'s lapsed Premium says so, once it has stayed so', { skip }, async (t) => {
  const { run } = await replay(t, {}, { '/v1/': [403, '11b-error-403-owner-not-premium.txt'] })
  t.match(run, {
    status: 'failed',
    error: { code: 'premium_required', detail: /Active premium subscription required/ },
    cost: { calls: 3 },
  })
})

t.test('a real refusal of the credentials says so, and is not tried again', { skip }, async (t) => {
  for (const name of ['13-token-invalid-client.json', '13b-token-no-credentials.json']) {
    const { run } = await replay(t, {}, { '/api/token': [400, name] })
    t.match(run, {
      status: 'failed',
      error: { code: 'invalid_client', detail: /SPOTIFY_CLIENT_SECRET/ },
      cost: { calls: 0 },
    })
  }
})

type Answers = Record<string, [status: number, body: string]>

/** One run against answers by the beginning of the path: names of recorded files, or bodies. */
async function replay (t: Test, body: unknown, answers: Answers): Promise<{ run: Run, albums: AlbumJson[] }> {
  const agent = new MockAgent()
  agent.disableNetConnect()
  const all: Answers = {
    ...answers,
    ...(answers['/api/token'] === undefined ? { '/api/token': [200, '12-token-ok.json'] } : {}),
  }
  for (const [path, [status, answer]] of Object.entries(all)) {
    const text = answer.startsWith('{') ? answer : await readFile(join(RECORDED, answer), 'utf8')
    agent.get(API)
      .intercept({ path: (asked) => asked.startsWith(path), method: path === '/api/token' ? 'POST' : 'GET' })
      .reply(status, text).persist()
  }
  const service = await startService(t, {
    dependencies: { dispatcher: agent },
    env: { SPOTIFY_API_URL: `${API}/v1`, SPOTIFY_TOKEN_URL: `${API}/api/token` },
  })
  const run = await service.ingest(body)
  return { run, albums: (await service.document(run.id)).albums }
}

async function recorded (name: string): Promise<unknown> {
  return JSON.parse(await readFile(join(RECORDED, name), 'utf8'))
}
