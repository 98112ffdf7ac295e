import { cp } from 'node:fs/promises'
import t, { type Test } from 'tap'
import type { Run } from '../src/schemas/run.ts'
import type { Fault, SandboxSettings } from '../src/sandbox/settings/settings.ts'
import type { SandboxStats } from '../src/sandbox/calls/stats.ts'
import { type Service, ended, skipOnReplicas, startService, temporaryFolder } from './service.ts'

t.test('albums that lack tracks only take no place in a batch: after a restart no batch is asked ' +
  'that was not needed before', async (t) => {
  const { run, stats } = await restartedAt(
    t,
    'extended',
    [
      { kind: 'stall', endpoint: 'albums', skip: 1 },
      { kind: 'stall', endpoint: 'albumTracks' },
    ],
    ({ byEndpoint }, { progress }) => byEndpoint.albumTracks.total > 0 && progress.albumsFetched === 20
  )
  t.match(run, { status: 'succeeded', complete: true })
  t.equal(stats.byEndpoint.albums.total, 4, '80 albums were missing')
})

t.test('what was found out about an endpoint is stored at once: after a restart it is not asked ' +
  'again, and the cost knows of it', {
  skip: skipOnReplicas('the state of a moment is copied with ' +
    'the folder')
}, async (t) => {
  const { run, stats } = await restartedAt(
    t,
    'development',
    [{ kind: 'stall', endpoint: 'search', skip: 2 }],
    ({ byEndpoint }) => byEndpoint.search.total === 3
  )
  t.match(run, { status: 'succeeded', complete: true, cost: { byEndpoint: { newReleases: 1, search: 12, albums: 1 } } })
  t.match(stats.byEndpoint, { newReleases: { total: 0 }, search: { byStatus: { 400: undefined } } })
})

t.test('what one app was refused is not held against the next: a run that goes on after the credentials were ' +
  'changed tells the others nothing', async (t) => {
  const { first, dataDir, id } = await stoppedAt(
    t,
    'development',
    [{ kind: 'stall', endpoint: 'album', skip: 20 }],
    ({ byEndpoint }) => byEndpoint.album.total > 20
  )
  first.sandbox.sandbox.change({ tier: 'extended', clientId: 'another' })
  const second = await startService(t, { on: first, dataDir, env: { SPOTIFY_CLIENT_ID: 'another' } })
  t.match(await ended(second.app, id), { status: 'succeeded', complete: true, source: { used: 'search' } })
  t.match(await second.ingest({ refresh: true }), {
    status: 'succeeded',
    source: { used: 'new-releases', reason: null },
    cost: { byEndpoint: { albums: 5, album: undefined } },
  })
})

/**
 * A run that goes on from the files as they were at a moment, as after a crash, without the faults; the statistics are
 * of its second part.
 */
async function restartedAt (
  t: Test,
  tier: SandboxSettings['tier'],
  faults: Fault[],
  isNow: (stats: SandboxStats, run: Run) => boolean
): Promise<{ run: Run, stats: SandboxStats }> {
  const { first, dataDir, id } = await stoppedAt(t, tier, faults, isNow)
  const second = await startService(t, { on: first, dataDir })
  const run = await ended(second.app, id)
  return { run, stats: first.sandbox.sandbox.stats() }
}

/**
 * The files of a run as they were at a moment; its service is closed then, and the sandbox has no faults any longer.
 */
async function stoppedAt (
  t: Test,
  tier: SandboxSettings['tier'],
  faults: Fault[],
  isNow: (stats: SandboxStats, run: Run) => boolean
): Promise<{ first: Service, dataDir: string, id: string }> {
  const first = await startService(t, { sandbox: { tier, faults } })
  const { sandbox } = first.sandbox
  const { id } = await first.app.runs.start({})
  while (!isNow(sandbox.stats(), await first.app.runs.get(id))) await new Promise((resolve) => setTimeout(resolve, 2))
  const dataDir = await temporaryFolder(t)
  await cp(first.dataDir, dataDir, { recursive: true, filter: (path) => !path.endsWith('.lock') })
  await first.app.close()
  sandbox.change({ faults: [] })
  sandbox.resetStats()
  return { first, dataDir, id }
}
