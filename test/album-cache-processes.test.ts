import t from 'tap'
import { query } from './ledger-events.ts'
import { download, post, runProgram, startProcess, untilEnded } from './process.ts'
import { environment, startSandbox, temporaryFolder } from './service.ts'
import { matchesTruth } from './truth.ts'

t.test('kill -9 in a run that has taken albums from the cache: they are its own from then on, ' +
  'also when the cache is gone', async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t, { latencyMs: 15 })
  const env = environment(sandboxUrl, await temporaryFolder(t))
  const albumIds = sandbox.sandbox.catalogue.searchOrder.slice(0, 50)
  const first = await startProcess(t, env)
  await untilEnded(first.url, (await post(first.url, { source: 'albums', albumIds })).id)
  const { id } = await post(first.url)
  while (Object.keys(sandbox.sandbox.stats().served).length < 60) await new Promise((resolve) => setTimeout(resolve, 2))
  await first.kill('SIGKILL')
  await query({ dataDir: env['DATA_DIR'] ?? '' }, 'delete from cached_albums')

  const second = await startProcess(t, env)
  const run = await untilEnded(second.url, id)
  t.match(run, {
    status: 'succeeded',
    complete: true,
    gaps: [],
    progress: { albumsFetched: 100 },
    cost: { cached: 50 },
  })
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
  t.equal(
    sandbox.sandbox.stats().calls - calls,
    2,
    'the pages of the search: that new-releases is refused is remembered'
  )
})
