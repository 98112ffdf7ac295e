import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createAlbumCache } from '../src/services/store/album-cache.ts'
import { download, post, runCommand, runProgram, startProcess, untilEnded } from './process.ts'
import { environment, startSandbox, temporaryFolder } from './service.ts'
import { createRecordingLog } from './services/recording-log.ts'
import { matchesTruth } from './truth.ts'

t.test('kill -9 in a run that has taken albums from the cache: they are its own from then on, also when the cache is gone', async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t, { latencyMs: 15 })
  const env = environment(sandboxUrl, await temporaryFolder(t))
  const albumIds = sandbox.sandbox.catalogue.searchOrder.slice(0, 50)
  const first = await startProcess(t, env)
  await untilEnded(first.url, (await post(first.url, { source: 'albums', albumIds })).id)
  const { id } = await post(first.url)
  while (Object.keys(sandbox.sandbox.stats().served).length < 60) await new Promise(setImmediate)
  await first.kill('SIGKILL')
  await rm(join(env['DATA_DIR'] ?? '', 'cache'), { recursive: true })

  const second = await startProcess(t, env)
  const run = await untilEnded(second.url, id)
  t.match(run, { status: 'succeeded', complete: true, gaps: [], progress: { albumsFetched: 100 }, cost: { cached: 50 } })
  matchesTruth(t, await download(second.url, id), sandbox, sandboxUrl)
  const { served } = sandbox.sandbox.stats()
  t.strictSame(albumIds.filter((album) => served[album] !== 1), [], 'each of them was fetched once, by the run before')
})

t.test('npm run ingest uses the albums of earlier runs, and says so', async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t)
  const env = environment(sandboxUrl, await temporaryFolder(t))
  t.equal((await runProgram('src/cli.ts', ['--limit', '20'], env)).code, 0)
  const { calls } = sandbox.sandbox.stats()
  const { code, stderr } = await runProgram('src/cli.ts', ['--limit', '15'], env)
  t.equal(code, 0)
  t.match(stderr, /succeeded: 15 of 15 albums, \d+ tracks, 2 calls, 15 albums from the cache/)
  t.equal(sandbox.sandbox.stats().calls - calls, 2, 'the pages of the search: that new-releases is refused is remembered')
})

const WRITER = `
  import { createAlbumCache } from './src/services/store/album-cache.ts'
  const [folder, name] = process.argv.slice(1)
  const log = { warn (_fields, message) { throw new Error(message) } }
  const cache = createAlbumCache({ folder, maxAgeMs: 3_600_000, maxEntries: 30, maxBytes: 100_000_000, clock: { now: Date.now }, log })
  for (let round = 0; round < 300; round++) {
    const body = JSON.stringify((name + round).repeat(1000 + round))
    await cache.write(Date.now(), [{ key: 'key ' + round % 40, meta: { length: body.length }, body: Buffer.from(body) }])
  }
  await cache.close()`

t.test('two processes that write the same keys, tidy up and never break an entry, while a third one reads', async (t) => {
  const folder = await temporaryFolder(t)
  const write = async (name: string): Promise<void> => {
    const { code, stderr } = await runCommand(process.execPath, ['--input-type=module', '-e', WRITER, folder, name])
    t.equal(code, 0, stderr)
  }
  const log = createRecordingLog()
  const reader = createAlbumCache<{ length: number }>({ folder, maxAgeMs: 3_600_000, maxEntries: 30, maxBytes: 100_000_000, clock: { now: Date.now }, log })
  const whole = new Set<boolean>()
  const writing = { ended: false }
  const written = Promise.all([write('a'), write('b')]).finally(() => { writing.ended = true })
  for (let round = 0; !writing.ended; round++) {
    const entry = await reader.read(`key ${round % 40}`)
    if (entry !== null) whole.add(entry.body.length === entry.meta.length && /^"(a\d+|b\d+)\1+"$/.test(entry.body))
  }
  await written
  t.same([...whole], [true], 'whatever was read was one of the two')
  await reader.sweep()
  const left = await Promise.all(Array.from({ length: 40 }, async (_, key) => await reader.read(`key ${key}`)))
  const count = left.filter((entry) => entry !== null).length
  t.ok(count > 20 && count <= 30, `${count} entries are left, of at most 30`)
  t.same(log.lines, [])
  await reader.close()
})
