import t from 'tap'
import type { Catalogue } from '../src/sandbox/catalogue/catalogue.ts'
import type { IngestBody } from '../src/schemas/ingest-body.ts'
import type { UsedSource } from '../src/schemas/run.ts'
import { startService } from './service.ts'

interface Example {
  body: (catalogue: Catalogue) => IngestBody
  /** The albums that the source may list for it: not all that there are. */
  albums: (catalogue: Catalogue) => readonly string[]
}

/** For each source a request that not every album answers: the sandbox must obey what the request says. */
const EXAMPLES: Record<UsedSource['used'], Example> = {
  'new-releases': { body: () => ({ limit: 10 }), albums: ({ newReleases }) => newReleases.slice(0, 10) },
  search: { body: () => ({ query: 'artist:golden', limit: 10 }), albums: byGolden },
  artists: {
    body: (catalogue) => ({ artistIds: [artistOf(catalogue)] }),
    albums: (catalogue) => listedBy(catalogue, artistOf(catalogue)),
  },
  albums: { body: ({ ids }) => ({ albumIds: ids.slice(3, 5) }), albums: ({ ids }) => ids.slice(3, 5) },
}

function byGolden (catalogue: Catalogue): string[] {
  return catalogue.listed.filter((id) =>
    catalogue.searchFields(id)?.artists.some((artist) => artist.toLowerCase().includes('golden'))
  )
}

function artistOf (catalogue: Catalogue): string {
  return [...catalogue.artists()].find(({ id }) => listedBy(catalogue, id).length > 0)?.id ?? ''
}

/** Albums of an artist's own: those on which it only appears are not asked for. */
function listedBy (catalogue: Catalogue, artistId: string): string[] {
  return (catalogue.artistAlbums(artistId) ?? [])
    .filter(({ group }) => group === 'album' || group === 'single')
    .map(({ id }) => id)
}

t.test('a run of each source has albums that its request asks for, and no others', async (t) => {
  const service = await startService(t, { sandbox: { albums: 200, tier: 'extended' } })
  const { catalogue } = service.sandbox.sandbox
  for (const [source, { body, albums }] of Object.entries(EXAMPLES) as Array<[UsedSource['used'], Example]>) {
    const run = await service.ingest({ source, ...body(catalogue) })
    t.match(run, { status: 'succeeded', error: null, source: { used: source } }, source)
    const ids = (await service.document(run.id)).albums.map(({ id }) => String(id))
    const wanted = albums(catalogue)
    t.ok(ids.length > 0 && wanted.length < catalogue.ids.length, `${source}: ${ids.length} albums`)
    t.strictSame(ids.filter((id) => !wanted.includes(id)), [], source)
  }
})
