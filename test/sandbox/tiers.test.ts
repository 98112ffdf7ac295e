import t from 'tap'
import type { Album, Page, Tier } from '../../src/sandbox/catalogue/objects.ts'
import {
  type Albums,
  type ArtistPage,
  type Batch,
  type Client,
  startClient,
  type TrackPage,
  UNKNOWN_ID,
} from './client.ts'

const ALBUM = 8
const LONG = 13
const FORBIDDEN = { error: { status: 403, message: 'Forbidden' } }

type Body = Albums & Page<unknown>

interface Row {
  endpoint: string
  path: (client: Client) => string
  page: (body: Body) => Page<unknown>
  /** Usual and largest page size, or a refusal. */
  development: [number, number] | 403
  extended: [number, number]
}

/** The prolific artist is the catalogue's second. */
const artistOf = (client: Client) => [...client.app.sandbox.catalogue.artists()][1]?.id ?? ''
const albumOf = (client: Client, index: number) => client.app.sandbox.catalogue.ids[index] ?? ''

const ROWS: Row[] = [
  {
    endpoint: 'new-releases',
    path: () => '/browse/new-releases?',
    page: (body) => body.albums,
    development: 403,
    extended: [20, 50],
  },
  {
    endpoint: 'search',
    path: () => '/search?q=tag:new&type=album&',
    page: (body) => body.albums,
    development: [5, 10],
    extended: [20, 50],
  },
  {
    endpoint: 'album tracks',
    path: (client) => `/albums/${albumOf(client, LONG)}/tracks?`,
    page: (body) => body,
    development: [20, 50],
    extended: [20, 50],
  },
  {
    endpoint: 'artist albums',
    path: (client) => `/artists/${artistOf(client)}/albums?`,
    page: (body) => body,
    development: [5, 10],
    extended: [20, 50],
  },
]

for (const tier of ['development', 'extended'] as const) {
  t.test(`${tier} tier`, async (t) => {
    const client = await startClient(t, { tier, albums: 400 })

    for (const { endpoint, path, page, ...tiers } of ROWS) {
      const sizes = tiers[tier]
      if (sizes === 403) {
        t.test(`${endpoint} is forbidden`, async (t) => {
          const reply = await client.get(path(client))
          t.equal(reply.status, 403)
          t.strictSame(reply.body, FORBIDDEN)
        })
        continue
      }
      const [usual, most] = sizes
      const sizeOf = (reply?: { body: Body }) => reply && [page(reply.body).items.length, page(reply.body).limit]
      t.test(`${endpoint} has pages of ${usual}, at most ${most}`, async (t) => {
        const [plain, largest, over, none, odd] = await Promise.all(
          ['', `limit=${most}`, `limit=${most + 1}`, 'limit=0', 'limit=ten'].map((limit) =>
            client.get<Body>(path(client) + limit)
          )
        )
        t.strictSame(sizeOf(plain), [usual, usual])
        t.strictSame(sizeOf(largest), [most, most])
        for (const refused of [over, none, odd]) {
          t.equal(refused?.status, 400)
          t.strictSame(refused?.body, { error: { status: 400, message: 'Invalid limit' } })
        }
      })
    }

    t.test('a batch of albums', async (t) => {
      const { ids } = client.app.sandbox.catalogue
      const reply = await client.get<Batch>(`/albums?ids=${[ids[3], UNKNOWN_ID, ids[0]].join(',')}`)
      if (tier === 'development') {
        t.equal(reply.status, 403)
        t.strictSame(reply.body, FORBIDDEN)
        return
      }
      t.strictSame(
        reply.body.albums.map((album) => album?.id ?? null),
        [ids[3], null, ids[0]],
        'in the order asked for, null for an unknown id'
      )
      t.equal((await client.get<Batch>(`/albums?ids=${ids.slice(0, 20).join(',')}`)).body.albums.length, 20)
      t.equal((await client.get(`/albums?ids=${ids.slice(0, 21).join(',')}`)).status, 400)
      t.strictSame((await client.get('/albums?ids=nonsense')).body, {
        error: { status: 400, message: 'Invalid base62 id' },
      })
    })

    t.test('fields', async (t) => {
      const album = (await client.get<Album>(`/albums/${albumOf(client, ALBUM)}`)).body
      const listed = (await client.get<Albums>('/search?q=tag:new&type=album')).body.albums.items[0]
      const ofArtist = (await client.get<ArtistPage>(`/artists/${artistOf(client)}/albums`)).body.items[0]
      t.strictSame(
        present(album, ['available_markets', 'label', 'popularity']),
        only(tier, ['available_markets', 'label', 'popularity'])
      )
      t.strictSame(present(listed, ['available_markets']), only(tier, ['available_markets']))
      t.strictSame(
        present(ofArtist, ['available_markets', 'album_group']),
        only(tier, ['available_markets', 'album_group'])
      )
      t.strictSame(
        present(album.tracks.items[0], ['available_markets', 'linked_from', 'preview_url']),
        only(tier, ['available_markets', 'linked_from', 'preview_url'])
      )
    })

    t.test('an album embeds its first 50 tracks and links to a bare page with the rest', async (t) => {
      const id = albumOf(client, LONG)
      const { tracks } = (await client.get<Album>(`/albums/${id}`)).body
      const second = (await client.get<TrackPage>(tracks.next)).body
      const third = (await client.get<TrackPage>(second.next)).body
      t.strictSame(
        [tracks, second, third].map((page) => [page.offset, page.items.length, page.total]),
        [
          [0, 50, 101],
          [50, 50, 101],
          [100, 1, 101],
        ]
      )
      t.equal(third.next, null)
      t.strictSame(
        [tracks, second, third].flatMap((page) => page.items),
        client.app.sandbox.catalogue.tracks(id, client.view)
      )
    })

    t.test('unknown and malformed ids', async (t) => {
      for (const path of [`/albums/${UNKNOWN_ID}`, `/albums/${UNKNOWN_ID}/tracks`, `/artists/${UNKNOWN_ID}/albums`]) {
        t.strictSame((await client.get(path)).body, { error: { status: 404, message: 'Resource not found' } }, path)
      }
      for (const path of ['/albums/short', '/albums/short/tracks', '/artists/short/albums']) {
        t.strictSame((await client.get(path)).body, { error: { status: 400, message: 'Invalid base62 id' } }, path)
      }
      t.equal((await client.get('/nothing/here')).status, 404)
    })
  })
}

t.test('a setting lowers the page size of one endpoint', async (t) => {
  const client = await startClient(t, { tier: 'extended', pageLimits: { search: 7 } })
  t.equal((await client.get<Albums>('/search?q=tag:new&type=album')).body.albums.limit, 7)
  t.equal((await client.get('/search?q=tag:new&type=album&limit=7')).status, 200)
  t.equal((await client.get('/search?q=tag:new&type=album&limit=8')).status, 400)
  t.equal((await client.get('/browse/new-releases?limit=50')).status, 200)
})

function present (object: object | undefined, fields: string[]): string[] {
  return fields.filter((field) => object && field in object)
}

function only (tier: Tier, fields: string[]): string[] {
  return tier === 'extended' ? fields : []
}
