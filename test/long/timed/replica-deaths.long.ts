import { performance } from 'node:perf_hooks'
import t from 'tap'
import {
  LATENCY,
  endsWell,
  executionsOf,
  executorOf,
  lossOfHandover,
  planOf,
  startFleet,
  startOf,
  startRun,
  until,
  untilStatus,
} from './fleet.ts'
import { lossOf } from '../loss.ts'

const KILLS = 6
const TAKEN_OVER_WITHIN_MS = 20_000
const HANDED_OVER_WITHIN_MS = 2000

t.test(`kill -9 of the replica that executes, ${KILLS} times: another goes on, and only what ` +
  'was in flight is paid twice', async (t) => {
  const plan = await planOf(t, {})
  const fleet = await startFleet(t, { replicas: 2, sandbox: LATENCY })
  if (fleet === null) return
  const took: number[] = []
  const lost: number[] = []
  for (let kill = 1; kill <= KILLS; kill++) {
    const { executor, other, id } = await startRun(fleet)
    const before = fleet.sandbox.sandbox.stats()
    const killedAtMs = performance.now()
    await executor.kill('SIGKILL')
    const loss = await lossOf(fleet.sandbox, fleet.location, id, before)
    lost.push(loss.inFlight + loss.unsaved)
    fleet.replicas.splice(fleet.replicas.indexOf(executor), 1)
    await executorOf(fleet, id, [other])
    took.push(Math.round(performance.now() - killedAtMs))
    await endsWell(t, fleet, other, id, plan, loss)
    await fleet.start()
  }
  t.comment(`taken over after ${took.join(', ')} ms; calls lost: ${lost.join(', ')}`)
  t.ok(Math.max(...took) < TAKEN_OVER_WITHIN_MS, `at most ${Math.max(...took)} ms`)
})

t.test('SIGTERM: the run is handed over within 2 s, and the process ends with 0', async (t) => {
  const plan = await planOf(t, {})
  const fleet = await startFleet(t, { replicas: 2, sandbox: LATENCY })
  if (fleet === null) return
  for (let round = 1; round <= 5; round++) {
    const { executor, other, id } = await startRun(fleet)
    const before = fleet.sandbox.sandbox.stats()
    const sentAtMs = performance.now()
    const gone = executor.kill('SIGTERM')
    // the other one is not to end before it is seen what was handed over
    fleet.sandbox.sandbox.change({ latencyMs: 200 })
    await executorOf(fleet, id, [other])
    const ms = Math.round(performance.now() - sentAtMs)
    t.ok(ms < HANDED_OVER_WITHIN_MS, `handed over after ${ms} ms`)
    const loss = await lossOfHandover(fleet, id, before, other)
    fleet.sandbox.sandbox.change(LATENCY)
    t.equal((await gone).code, 0)
    fleet.replicas.splice(fleet.replicas.indexOf(executor), 1)
    await endsWell(t, fleet, other, id, plan, loss)
    await fleet.start()
  }
})

t.test('kill -9 of the replica that executed a run which is paused: another lets it ' +
  'go on when the time has come', async (t) => {
  const plan = await planOf(t, {})
  const fleet = await startFleet(t, {
    replicas: 2,
    sandbox: { ...LATENCY, faults: [{ kind: 'rate-limit', endpoint: 'album', skip: 40, times: 1, retryAfter: '3' }] },
    env: { SPOTIFY_MAX_WAIT_S: '1' },
  })
  if (fleet === null) return
  const { sandbox, postgresql, replicas } = fleet
  const { executor, other, id } = await startRun(fleet, 20)
  const paused = await untilStatus(other, id, 'paused')
  t.match(paused, { error: { code: 'rate_limited' }, finishedAt: null })
  await until(
    async () =>
      (
        await postgresql.sql("select 1 from album_ingest_queue.job where singleton_key = $1 and state = 'created'", [
          id,
        ])
      ).length > 0
  )
  const before = sandbox.sandbox.stats()
  await executor.kill('SIGKILL')
  const { inFlight, unsaved, calls } = await lossOf(sandbox, fleet.location, id, before)
  t.equal(inFlight, 0, 'nobody called when it was killed')
  await executorOf(fleet, id, [other])
  // the call that was told to wait
  await endsWell(t, fleet, other, id, plan, { calls, inFlight: inFlight + 1, unsaved })
  t.same(executionsOf(replicas, id), replicas.map(() => 1))
  t.ok((startOf(other, id)?.time ?? 0) >= Date.parse(paused.resumeAt ?? ''), 'not before the time')
  t.equal(sandbox.sandbox.stats().calledWhileBlocked, 0)
})
