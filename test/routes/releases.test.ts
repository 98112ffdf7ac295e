import { XMLParser, XMLValidator } from 'fast-xml-parser'
import t from 'tap'
import { request } from 'undici'
import type { Problem } from '../../src/schemas/problem.ts'
import { validateJsonFeed } from '../services/releases/json-feed.ts'
import { createFakeClock } from '../fake-clock.ts'
import { type Service, skipOnReplicas, startService } from '../service.ts'

interface Page {
  releases: Array<{
    albumId: string
    name: string | null
    artists: object[] | null
    releaseDate: string | null
    url: string | null
    imageUrl: string | null
    firstSeenAt: string
    runId: string | null
  }>
  nextCursor: string | null
}

async function call (
  { url }: Service,
  path: string,
  headers: Record<string, string> = {},
  method: 'GET' | 'HEAD' = 'GET'
) {
  const answer = await request(url + path, { method, headers })
  const text = await answer.body.text()
  const { statusCode } = answer
  return { statusCode, headers: answer.headers, text, json: <T = Page>(): T => JSON.parse(text) as T }
}

/** Every release after the cursor, by pages. */
async function readAll (
  service: Service,
  cursor: string | null = null,
  limit = 7
): Promise<{ ids: string[], cursor: string | null }> {
  const ids: string[] = []
  for (let since = cursor; ;) {
    const { releases, nextCursor } = (
      await call(service, `/releases?limit=${limit}${since === null ? '' : `&since=${since}`}`)
    ).json()
    if (releases.length === 0) return { ids, cursor: nextCursor }
    ids.push(...releases.map(({ albumId }) => albumId))
    since = nextCursor
  }
}

async function idsOf (service: Service, id: string): Promise<string[]> {
  return (await service.document(id)).albums.map((album) => album.id)
}

t.test('each release comes once, as soon as its run has ended; a kept cursor goes on over further ' +
  'runs, deleted runs and restarts', async (t) => {
  const service = await startService(t)
  t.strictSame((await call(service, '/releases')).json(), { releases: [], nextCursor: null })
  const first = await service.ingest({ limit: 10 })
  const [early, documented] = [await readAll(service), await idsOf(service, first.id)]
  t.strictSame(early.ids, documented)
  t.strictSame((await readAll(service, early.cursor)).ids, [])

  const second = await service.ingest({ limit: 25 })
  t.strictSame(
    (await readAll(service, early.cursor)).ids,
    (await idsOf(service, second.id)).filter((id) => !documented.includes(id))
  )

  const shown = (await call(service, '/releases?limit=1')).json().releases[0]
  const [album] = (await service.document(first.id)).albums
  t.match(shown, {
    albumId: album?.id,
    name: album?.['name'],
    releaseDate: album?.['release_date'],
    runId: first.id,
    url: /^https:\/\/open\.spotify\.com\/album\//,
  })
  await service.app.runs.remove(first.id)
  const forgotten = (await call(service, '/releases?limit=11')).json().releases
  t.strictSame(forgotten[0], {
    ...shown,
    name: null,
    artists: null,
    releaseDate: null,
    url: null,
    imageUrl: null,
    runId: null,
  })
  t.match(forgotten[10], { runId: second.id, name: String })

  const { dataDir, sandbox, sandboxUrl } = service
  await service.app.close()
  const next = await startService(t, { on: { sandbox, sandboxUrl }, dataDir })
  const third = await next.ingest({ limit: 30 })
  const all = await idsOf(next, third.id)
  t.strictSame((await readAll(next)).ids.sort(), [...all].sort())
  t.strictSame((await readAll(next, early.cursor)).ids.sort(), all.filter((id) => !documented.includes(id)).sort())
})

t.test('retention takes the content, and leaves ' +
  'ids and times', { skip: skipOnReplicas('the time is that of PostgreSQL') }, async (t) => {
  const clock = createFakeClock()
  const service = await startService(t, { dependencies: { clock }, env: { RETENTION_DAYS: '1' } })
  const { id } = await service.ingest({ limit: 5 })
  const before = (await call(service, '/releases')).json()
  await service.app.close()
  clock.jump(3 * 24 * 3_600_000)
  const { dataDir, sandbox, sandboxUrl } = service
  const next = await startService(t, {
    on: { sandbox, sandboxUrl },
    dataDir,
    dependencies: { clock },
    env: { RETENTION_DAYS: '1' },
  })
  await clock.pass(10 * 60_000)
  await next.app.runs.recover(true)
  await t.rejects(next.app.runs.get(id), 'the run is gone')
  const after = (await call(next, '/releases')).json()
  t.strictSame(
    after.releases.map(({ albumId, firstSeenAt, name, runId }) => [albumId, firstSeenAt, name, runId]),
    before.releases.map(({ albumId, firstSeenAt }) => [albumId, firstSeenAt, null, null])
  )
  t.equal(after.nextCursor, before.nextCursor)
  t.notMatch((await call(next, '/releases.atom')).text, /<entry>/)
})

t.test('a cursor that is none of this service, and any other odd query, is refused with what to do', async (t) => {
  const service = await startService(t)
  await service.ingest({ limit: 3 })
  const { nextCursor } = (await call(service, '/releases?limit=2')).json()
  const text = Buffer.from(nextCursor ?? '', 'base64url').toString()
  const encoded = (cursor: string): string => Buffer.from(cursor).toString('base64url')
  const foreign = [
    encoded(text.replace('2:', '1:')),
    encoded(text.replace('2:', '900:')),
    encoded(`${text.slice(0, -1)}_`),
    encoded('2:'),
    'x',
    encoded('0'),
  ]
  for (const since of [...foreign, '', '!!', 'a'.repeat(121)]) {
    const answer = await call(service, `/releases?since=${encodeURIComponent(since)}`)
    t.match([answer.statusCode, answer.json<Problem>()], [400, { code: 'invalid_request', detail: /since/ }], since)
  }
  for (const query of ['limit=0', 'limit=501', 'limit=x', 'cursor=x', 'limit=1&limit=2']) {
    t.match([(await call(service, `/releases?${query}`)).statusCode, query], [400, query])
  }
  for (const feed of ['atom', 'json']) t.equal((await call(service, `/releases.${feed}?limit=1`)).statusCode, 400)
})

interface Atom {
  feed: { id: string, link: Array<{ '@_rel': string, '@_href': string }>, entry: Array<{ id: string }> }
}
const parser = new XMLParser({ ignoreAttributes: false })

t.test('both feeds have the releases, newest first, with links by PUBLIC_URL, or as the ' +
  'client reached the service', async (t) => {
  for (const PUBLIC_URL of ['https://music.example/ingest/', '']) {
    const service = await startService(t, { env: { PUBLIC_URL } })
    await service.ingest({ limit: 10 })
    const base = PUBLIC_URL === '' ? `${service.url}/` : PUBLIC_URL
    const newest = (await readAll(service)).ids.reverse().map((id) => `spotify:album:${id}`)
    const atom = await call(service, '/releases.atom')
    t.equal(XMLValidator.validate(atom.text), true)
    t.equal(atom.headers['content-type'], 'application/atom+xml; charset=utf-8')
    const { feed } = parser.parse(atom.text) as Atom
    t.strictSame(feed.entry.map(({ id }) => id), newest)
    t.strictSame(
      [feed.id, ...feed.link.map((link) => link['@_href'])],
      [`${base}releases.atom`, base, `${base}releases.atom`]
    )

    const json = await call(service, '/releases.json')
    t.equal(json.headers['content-type'], 'application/feed+json; charset=utf-8')
    const value = json.json<{ items: Array<{ id: string }>, feed_url: string, home_page_url: string }>()
    t.equal(validateJsonFeed(value), null)
    t.strictSame([value.feed_url, value.home_page_url], [`${base}releases.json`, base])
    t.strictSame(value.items.map(({ id }) => id), newest)
  }
})

t.test('a feed that has not changed is not sent ' +
  'again', { skip: skipOnReplicas('the time is that of PostgreSQL') }, async (t) => {
  const clock = createFakeClock()
  const service = await startService(t, { dependencies: { clock } })
  await service.ingest({ limit: 3 })
  for (const path of ['/releases.atom', '/releases.json']) {
    const fresh = await call(service, path)
    t.equal(fresh.headers['last-modified'], undefined, 'more may come within the same second')
    await clock.pass(5000)
    const { headers } = await call(service, path)
    t.equal(headers['etag'], fresh.headers['etag'])
    for (const [name, value] of [
      ['if-none-match', headers['etag']],
      ['if-modified-since', headers['last-modified']],
    ] as const) {
      const again = await call(service, path, { [name]: String(value) })
      t.strictSame([again.statusCode, again.text], [304, ''], `${path} ${name}`)
    }
    const head = await call(service, path, {}, 'HEAD')
    t.strictSame([head.statusCode, head.text, head.headers['etag']], [200, '', headers['etag']])
    await service.ingest({ limit: path === '/releases.atom' ? 5 : 7 })
    for (const [name, value] of [
      ['if-none-match', headers['etag']],
      ['if-modified-since', headers['last-modified']],
    ] as const) {
      t.equal((await call(service, path, { [name]: String(value) })).statusCode, 200, `${path} ${name} after a run`)
    }
  }
})
