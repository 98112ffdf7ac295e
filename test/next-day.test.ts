import t, { type Test } from 'tap'
import { request } from 'undici'
import { TIERS } from '../src/sandbox/catalogue/objects.ts'
import { type AlbumJson, type Service, startService } from './service.ts'
import { matchesTruth } from './truth.ts'

type Albums = Map<string, AlbumJson>

for (const tier of TIERS) {
  t.test(`${tier} tier: a run on the next day has new, grown and renamed albums, and no delisted ones`, async (t) => {
    const service = await startService(t, { sandbox: { tier }, env: { ALBUM_CACHE_HOURS: '0' } })
    const { sandbox } = service.sandbox
    const known = new Set(sandbox.catalogue.ids)
    const before = await albumsOf(t, service)
    await setDay(service, 1)
    const after = await albumsOf(t, service)

    const listing = tier === 'extended' ? sandbox.catalogue.newReleases : sandbox.catalogue.searchOrder
    t.strictSame([...after.keys()], listing.slice(0, 100), 'the listing of the day, in its order')
    const released = sandbox.catalogue.ids.filter((id) => !known.has(id))
    t.strictSame(released.filter((id) => before.has(id) || !after.has(id)), [])
    t.ok(released.length > 0)

    const both = [...before.keys()].filter((id) => after.has(id))
    const tracksOf = (albums: Albums, id: string) => albums.get(id)?.tracks.items.map(({ id }) => id) ?? []
    t.ok(both.some((id) => tracksOf(after, id).length > tracksOf(before, id).length), 'one has grown')
    const shrunk = both.filter((id) => !tracksOf(after, id).join().startsWith(tracksOf(before, id).join()))
    t.strictSame(shrunk, [], 'none has lost one')
    t.ok(both.some((id) => before.get(id)?.['name'] !== after.get(id)?.['name']), 'one has another name')
    const delisted = sandbox.catalogue.delisted.filter((id) => before.has(id))
    t.ok(delisted.length > 0)
    t.strictSame(delisted.filter((id) => after.has(id)), [])

    const [gone = ''] = delisted
    const run = await service.ingest({ source: 'albums', albumIds: [gone] })
    t.match(run, { status: 'succeeded', progress: { albumsFetched: 1 } }, 'a delisted album is there by its id')
    await setDay(service, 0)
    t.strictSame(await albumsOf(t, service), before, 'and the first day is as it was')
  })
}

t.test('an album that grew overnight is fetched again although it is cached', async (t) => {
  const service = await startService(t, { sandbox: { tier: 'extended' } })
  const { sandbox } = service.sandbox
  const before = new Map(sandbox.catalogue.ids.map((id) => [id, sandbox.catalogue.trackTotal(id)]))
  await service.ingest()
  await setDay(service, 1)
  const run = await service.ingest()
  t.match(run, { status: 'succeeded', complete: true })
  const document = await service.document(run.id)
  const grown = document.albums.filter(({ id }) => sandbox.catalogue.trackTotal(id) > (before.get(id) ?? Infinity))
  t.ok(grown.length > 0)
  t.strictSame(grown.map(({ tracks }) => tracks.items.length), grown.map(({ id }) => sandbox.catalogue.trackTotal(id)))
  t.ok(run.cost.cached > 50 && run.cost.cached < 100, `${run.cost.cached} were taken from the cache`)
})

/** Runs an ingestion and returns its albums by id, in their order. */
async function albumsOf (t: Test, service: Service): Promise<Albums> {
  const run = await service.ingest()
  t.match(run, { status: 'succeeded', complete: true, gaps: [] })
  const document = await service.document(run.id)
  matchesTruth(t, document, service.sandbox, service.sandboxUrl)
  return new Map(document.albums.map((album) => [album.id, album]))
}

async function setDay ({ sandboxUrl }: Service, day: number): Promise<void> {
  const { body } = await request(`${sandboxUrl}/sandbox/settings`, {
    method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ day }),
  })
  await body.dump()
}
