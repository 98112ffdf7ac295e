import t from 'tap'
import type { Fault } from '../src/sandbox/settings/settings.ts'
import { storedEvents } from './ledger-events.ts'
import { download, post, startProcess, untilEnded } from './process.ts'
import { environment, startSandbox, startService, temporaryFolder } from './service.ts'
import { matchesTruth } from './truth.ts'

/**
 * The default of SPOTIFY_MAX_CONCURRENCY: a call is in flight until its answer is stored, so a kill costs no more calls
 * than these.
 */
const MAX_CONCURRENCY = 10
/** A further page of tracks is asked for when the batch with its album is stored: then the rest stands still. */
const AFTER_THE_FIRST_BATCH: Fault[] = [
  { kind: 'stall', endpoint: 'albums', skip: 1 },
  { kind: 'stall', endpoint: 'albumTracks' },
]

for (const tier of ['development', 'extended'] as const) {
  t.test(`${tier} tier: kill -9 in the middle of a run, start again: it ends complete, and no ` +
    'stored album is fetched twice', async (t) => {
    const { sandbox, sandboxUrl } = await startSandbox(t, {
      tier,
      latencyMs: 15,
      faults: tier === 'extended' ? AFTER_THE_FIRST_BATCH : [],
    })
    const undisturbed = await startService(t, { sandbox: { tier } })
    await undisturbed.ingest()
    const planned = undisturbed.sandbox.sandbox.stats().calls
    const env = environment(sandboxUrl, await temporaryFolder(t))
    const first = await startProcess(t, env)
    const { id } = await post(first.url)
    if (tier === 'extended') await until(() => sandbox.sandbox.stats().byEndpoint.albumTracks.total > 0)
    else await until(() => sandbox.sandbox.stats().calls >= 60)
    await first.kill('SIGKILL')
    sandbox.sandbox.change({ faults: [] })
    const stored = await storedAlbums(env['DATA_DIR'] ?? '', id)

    const second = await startProcess(t, env)
    const run = await untilEnded(second.url, id)
    t.match(run, { id, status: 'succeeded', complete: true, gaps: [], progress: { albumsFetched: 100 } })
    const document = await download(second.url, id)
    t.equal(document.albums.length, 100)
    matchesTruth(t, document, sandbox, sandboxUrl)
    const { served, calls } = sandbox.sandbox.stats()
    t.ok(calls >= planned && calls <= planned + MAX_CONCURRENCY, `${calls} calls, ${planned} without the kill`)
    t.ok(stored.length > 0 && stored.length < 100, `${stored.length} albums were stored when it was killed`)
    t.strictSame(stored.filter((album) => served[album] !== 1), [], 'none of them was fetched again')
  })
}

t.test('SIGTERM in the middle of a run: the service exits within 2 s with 0, and the next one goes on', async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t, { latencyMs: 15 })
  const env = environment(sandboxUrl, await temporaryFolder(t))
  const first = await startProcess(t, env)
  const { id } = await post(first.url)
  await until(() => sandbox.sandbox.stats().calls >= 60)
  const { code, ms } = await first.kill('SIGTERM')
  t.equal(code, 0)
  t.ok(ms < 2000, `exited after ${Math.round(ms)} ms`)
  const second = await startProcess(t, env)
  t.match(await untilEnded(second.url, id), { status: 'succeeded', complete: true })
  matchesTruth(t, await download(second.url, id), sandbox, sandboxUrl)
})

t.test('a run that has ended is served by the next process, byte for byte', async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const env = environment(sandboxUrl, await temporaryFolder(t))
  const first = await startProcess(t, env)
  const { id } = await post(first.url)
  await untilEnded(first.url, id)
  const before = JSON.stringify(await download(first.url, id))
  await first.kill('SIGKILL')
  const second = await startProcess(t, env)
  t.equal(JSON.stringify(await download(second.url, id)), before)
})

t.test('kill -9 within a burst: the next process calls no more often than is left of the 30 s', async (t) => {
  const limit = 40
  const { sandbox, sandboxUrl } = await startSandbox(t, { latencyMs: 60 })
  const env = { ...environment(sandboxUrl, await temporaryFolder(t)), SPOTIFY_CALLS_PER_30S: String(limit) }
  const first = await startProcess(t, env)
  await post(first.url)
  await until(() => sandbox.sandbox.stats().calls >= limit / 2)
  await first.kill('SIGKILL')
  const { calls } = sandbox.sandbox.stats()
  await startProcess(t, env)
  await until(() => sandbox.sandbox.stats().calls > calls)
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const after = sandbox.sandbox.stats()
  t.ok(after.calls > calls, 'it goes on with what is left')
  t.ok(after.peakPer30s <= limit, `${calls} calls before the kill, ${after.calls - calls} after it`)
})

async function storedAlbums (dataDir: string, id: string): Promise<string[]> {
  return (await storedEvents({ dataDir }, id)).flatMap((event) => event.kind === 'album' ? [event.id] : [])
}

async function until (isSo: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !isSo() && Date.now() < deadline;) {
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
