import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { request } from 'undici'
import { download, post, startProcess, untilEnded } from './process.ts'
import { environment, startSandbox, temporaryFolder } from './service.ts'

interface Page {
  releases: Array<{ albumId: string }>
  nextCursor: string | null
}

async function readAll (url: string, cursor: string | null): Promise<{ ids: string[], cursor: string | null }> {
  const ids: string[] = []
  for (let since = cursor; ;) {
    const page = (await (
      await request(`${url}/releases?limit=50${since === null ? '' : `&since=${since}`}`)
    ).body.json()) as Page
    if (page.releases.length === 0) return { ids, cursor: page.nextCursor }
    ids.push(...page.releases.map(({ albumId }) => albumId))
    since = page.nextCursor
  }
}

/**
 * Keeps others from writing as soon as the run has ended with a document whose releases are not recorded; false: they
 * were faster.
 */
async function stopAfterEnd (file: DatabaseSync, id: string): Promise<boolean> {
  const ended = file.prepare('select releases_done from runs where id = ? and document_name is not null')
  for (const givesUpAtMs = performance.now() + 60_000; performance.now() < givesUpAtMs;) {
    file.exec('begin immediate')
    const row = ended.get(id)
    if (row?.['releases_done'] === 0) return true
    file.exec('rollback')
    if (row !== undefined) return false
    await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error('the run does not end')
}

t.test('kill -9 between the end of a run and the record of its releases, several times: a ' +
  'reader sees each release once', async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const env = environment(sandboxUrl, await temporaryFolder(t))
  let service = await startProcess(t, env)
  const seen: string[] = []
  const documented = new Set<string>()
  let cursor: string | null = null
  let kills = 0
  for (let limit = 40; limit <= 400 && kills < 2; limit += 40) {
    const { id } = await post(service.url, { limit })
    const file = new DatabaseSync(join(env['DATA_DIR'] ?? '', 'service.db'), { timeout: 5000 })
    const isBetween = await stopAfterEnd(file, id)
    if (isBetween) await service.kill('SIGKILL')
    file.close()
    if (isBetween) {
      kills++
      service = await startProcess(t, env)
      t.match(await untilEnded(service.url, id), { status: 'succeeded' })
    }
    for (const album of (await download(service.url, id)).albums) documented.add(album.id)
    for (
      const givesUpAtMs = performance.now() + 20_000;
      seen.length < documented.size && performance.now() < givesUpAtMs;
    ) {
      const read = await readAll(service.url, cursor)
      seen.push(...read.ids)
      cursor = read.cursor
    }
    t.equal(seen.length, documented.size)
    t.strictSame([...seen].sort(), [...documented].sort())
  }
  t.ok(kills > 0, `${kills} kills came between`)
  t.strictSame((await readAll(service.url, null)).ids, seen)
})
