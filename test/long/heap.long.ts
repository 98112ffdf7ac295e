import { gzipSync } from 'node:zlib'
import t from 'tap'
import { request } from 'undici'
import type { Run } from '../../src/schemas/run.ts'
import { type Change, albumOf, startBetween } from '../between.ts'
import { download, post, startProcess, untilEnded } from '../process.ts'
import { environment, startSandbox, temporaryFolder } from '../service.ts'

t.setTimeout(300_000)

const RUN_ENDS_WITHIN_MS = 100_000

t.test('a process with a heap of 128 MB survives what is made to end it, and ' +
  'then makes the default run', { timeout: 280_000 }, async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t)
  const { catalogue } = sandbox.sandbox
  /** Another album each time. */
  const ids = catalogue.searchOrder.values()
  const take = (count: number): string[] => Array.from({ length: count }, () => ids.next().value ?? '')
  let changeOf: (path: string) => Change | undefined = () => undefined
  const isToken = (path: string): boolean => path.startsWith('/api/token')
  const between = await startBetween(t, sandboxUrl, (path) =>
    isToken(path) ? (text) => text.replace(/"expires_in":\d+/, '"expires_in":10000000000000') : changeOf(path)
  )
  const service = await startProcess(t, {
    ...environment(between, await temporaryFolder(t)),
    LOG_LEVEL: 'info',
    SPOTIFY_MAX_ATTEMPTS: '2',
    SPOTIFY_TIMEOUT_MS: '30000',
    ALBUM_CACHE_HOURS: '0',
    NODE_OPTIONS: '--max-old-space-size=128',
  })

  async function run (body: object, change: typeof changeOf): Promise<Run> {
    changeOf = change
    const { id } = await post(service.url, body)
    return await untilEnded(service.url, id, AbortSignal.timeout(RUN_ENDS_WITHIN_MS)).catch((error: unknown) => {
      throw new Error(`the service does not answer: ${service.output().slice(-2000)}`, { cause: error })
    })
  }
  /** A run of albums of which those are changed. */
  const runAlbums = async (albumIds: string[], change: Change, changed = albumIds): Promise<Run> =>
    await run({ source: 'albums', albumIds }, (path) => changed.includes(albumOf(path)) ? change : undefined)

  for (const claimed of [1_000_000_000, 1200, 100_000]) {
    const albumIds = take(3)
    const claiming: Change = (text) =>
      text.replace(/"total_tracks":\d+/, `"total_tracks":${claimed}`).replace(/"total":\d+/, `"total":${claimed}`)
    const ended = await runAlbums(albumIds, claiming)
    t.match(ended, { status: 'partial', progress: { albumsFetched: 3 } }, `albums that claim ${claimed} tracks`)
    t.same(
      ended.gaps.map(({ code, expectedTracks }) => [code, expectedTracks]),
      albumIds.map(() => ['tracks_missing', claimed])
    )
    t.ok(ended.cost.calls < 100, `${ended.cost.calls} calls`)
  }

  const [artist = ''] = [...catalogue.artists()].map(({ id }) => id)
  const endless = (path: string): Change | undefined => {
    const { pathname, searchParams } = new URL(path, between)
    if (!pathname.startsWith('/v1/artists/')) return undefined
    const [offset, limit] = [Number(searchParams.get('offset')), Number(searchParams.get('limit'))]
    const items = Array.from({ length: limit }, (_, place) => ({
      id: `n${String(offset + place).padStart(21, '0')}`,
      name: 'x',
      release_date: '2020',
    }))
    return () =>
      JSON.stringify({ items, next: `${between}${pathname}?offset=${offset + limit}&limit=${limit}`, total: 1e9 })
  }
  const listing = await run({ source: 'artists', artistIds: [artist], limit: 5 }, endless)
  t.match(listing.gaps[0], { code: 'listing_incomplete' }, "an artist's listing that does not end")
  t.ok(listing.cost.calls <= 200, `${listing.cost.calls} calls`)

  const legal = gzipSync(`{"id":"x","tracks":{"items":[]},"extra":[${'{"a":[1,2,3]},'.repeat(2_200_000)}0]}`, {
    level: 1,
  })
  const bombs = await runAlbums(take(10), () => legal)
  t.match(bombs, { status: 'failed', error: { code: 'nothing_fetched' } }, 'ten albums of 30 MB of legal JSON')

  const blanks = gzipSync(Buffer.alloc(30_000_000, ' '))
  const albumIds = take(20)
  const extra = (text: string, items: string): Buffer =>
    gzipSync(`${text.slice(0, -1)},"extra":[${items}]}`, { level: 1 })
  const changes: Change[] = [
    () => blanks,
    () => legal,
    (text) => extra(text, `${'{},'.repeat(1_000_000)}{}`),
    (text) => extra(text, `${'1234,'.repeat(600_000)}1`),
  ]
  const mixed = await run({ source: 'albums', albumIds }, (path) => changes[albumIds.indexOf(albumOf(path)) % 4])
  t.match(
    mixed,
    { status: 'partial', progress: { albumsFetched: 5 } },
    'ten albums of 30 MB, five of millions of objects and five of 3 MB'
  )
  t.same(mixed.gaps.map(({ albumId }) => albumId).sort(), albumIds.filter((_id, place) => place % 4 !== 3).sort())
  t.ok(
    mixed.gaps.every(
      ({ code, detail }) => code === 'upstream_invalid' && /more than (4194304 bytes|200000 objects)/.test(detail)
    ),
    JSON.stringify(mixed.gaps[0])
  )

  const nested = take(20)
  const deep = await runAlbums(
    nested,
    (text) => `${text.slice(0, -1)},"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
    nested.slice(7, 8)
  )
  t.match(
    deep,
    { status: 'partial', progress: { albumsFetched: 19 }, gaps: [{ albumId: nested[7], code: 'upstream_invalid' }] },
    'an album nested 20,000 deep among twenty'
  )

  const zeros = JSON.stringify({ albumIds: Array<number>(524_000).fill(0) })
  const refused = await request(`${service.url}/ingest`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: zeros,
  })
  await refused.body.dump()
  t.equal(refused.statusCode, 413, 'a request of 1 MiB of zeros')

  const usual = await run({}, () => undefined)
  t.match(
    usual,
    { status: 'succeeded', complete: true, progress: { albumsListed: 100, albumsFetched: 100 } },
    'the default run'
  )
  t.equal((await download(service.url, usual.id)).albums.length, 100)
  t.equal(service.child.exitCode, null, 'in the same process')
  t.notMatch(service.output(), /"level":(50|60)/, 'nothing was logged as an error')
})
