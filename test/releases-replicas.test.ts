import t from 'tap'
import { request } from 'undici'
import { startPostgresql } from './postgresql.ts'
import { type Service, ended, replicaEnvironment, startSandbox, startService } from './service.ts'

interface Page {
  releases: Array<{ albumId: string }>
  nextCursor: string | null
}

/** A reader that keeps its cursor, and asks another replica each time. */
function createReader (services: readonly Service[]) {
  const seen: string[] = []
  let cursor: string | null = null
  let asked = 0
  return {
    seen,
    async read (limit: number): Promise<number> {
      const { url } = services[asked++ % services.length] as Service
      const page = (await (
        await request(`${url}/releases?limit=${limit}${cursor === null ? '' : `&since=${cursor}`}`)
      ).body.json()) as Page
      cursor = page.nextCursor
      seen.push(...page.releases.map(({ albumId }) => albumId))
      return page.releases.length
    },
  }
}

t.test('two replicas record at the same time while a reader pages over both: it sees each release once', async (t) => {
  const postgresql = await startPostgresql(t)
  if (postgresql === null) return
  const on = await startSandbox(t)
  const env = { ...replicaEnvironment(postgresql), REQUESTS_PER_MINUTE: '0', RUN_CONCURRENCY: '2' }
  const both = [await startService(t, { on, env }), await startService(t, { on, env })] as const
  const reader = createReader(both)
  const posted = [20, 60, 100, 140, 180, 220].map(async (limit, n) => {
    const answer = await request(`${both[(n % 2) as 0 | 1].url}/ingest`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ limit }),
    })
    return (await answer.body.json() as { id: string }).id
  })
  const ids = await Promise.all(posted)
  const over = new AbortController()
  const reading = (async () => {
    while (!over.signal.aborted) await reader.read(3)
  })()
  const runs = await Promise.all(ids.map(async (id) => await ended(both[0].app, id)))
  for (const run of runs) t.match(run, { status: 'succeeded' })
  over.abort()
  await reading
  t.ok(reader.seen.length > 0, `${reader.seen.length} were read meanwhile`)
  const documented = new Set<string>()
  for (const { id } of runs) for (const album of (await both[1].document(id)).albums) documented.add(album.id)
  for (
    const givesUpAtMs = performance.now() + 20_000;
    performance.now() < givesUpAtMs && reader.seen.length < documented.size;
  ) { await reader.read(100) }
  t.equal(await reader.read(100), 0)
  t.equal(reader.seen.length, documented.size)
  t.strictSame([...reader.seen].sort(), [...documented].sort())

  const again = createReader([both[1]])
  while (await again.read(100) > 0);
  t.strictSame(again.seen, reader.seen, 'whoever begins later reads the same in the same order')
  const executed = both.map(({ log }) => log().match(/"run started"/g)?.length ?? 0)
  t.ok(executed.every((count) => count > 0), `runs by replica: ${executed.join()}`)
})
