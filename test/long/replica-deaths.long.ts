import { performance } from 'node:perf_hooks'
import t from 'tap'
import { LATENCY, endsWell, executorOf, plannedCalls, startFleet, startRun } from './fleet.ts'

const KILLS = 10
const TAKEN_OVER_WITHIN_MS = 20_000
const HANDED_OVER_WITHIN_MS = 2000

t.test(`kill -9 of the replica that executes, ${KILLS} times: another goes on, and only what was in flight is paid twice`, async (t) => {
  const planned = await plannedCalls(t, {})
  const fleet = await startFleet(t, { replicas: 2, sandbox: LATENCY })
  if (fleet === null) return
  const took: number[] = []
  for (let kill = 1; kill <= KILLS; kill++) {
    const { executor, other, id } = await startRun(fleet)
    const killedAtMs = performance.now()
    await executor.kill('SIGKILL')
    fleet.replicas.splice(fleet.replicas.indexOf(executor), 1)
    await executorOf(fleet, id, [other])
    took.push(Math.round(performance.now() - killedAtMs))
    await endsWell(t, fleet, other, id, planned)
    await fleet.start()
  }
  t.comment(`taken over after ${took.join(', ')} ms`)
  t.ok(Math.max(...took) < TAKEN_OVER_WITHIN_MS, `at most ${Math.max(...took)} ms`)
})

t.test('SIGTERM: the run is handed over within 2 s, and the process ends with 0', async (t) => {
  const planned = await plannedCalls(t, {})
  const fleet = await startFleet(t, { replicas: 2, sandbox: LATENCY })
  if (fleet === null) return
  for (let round = 1; round <= 5; round++) {
    const { executor, other, id } = await startRun(fleet)
    const sentAtMs = performance.now()
    const gone = executor.kill('SIGTERM')
    await executorOf(fleet, id, [other])
    const ms = Math.round(performance.now() - sentAtMs)
    t.ok(ms < HANDED_OVER_WITHIN_MS, `handed over after ${ms} ms`)
    t.equal((await gone).code, 0)
    fleet.replicas.splice(fleet.replicas.indexOf(executor), 1)
    await endsWell(t, fleet, other, id, planned)
    await fleet.start()
  }
})
