import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import t from 'tap'
import { request } from 'undici'
import { type Run } from '../../../src/schemas/run.ts'
import { download, post, untilEnded } from '../../process.ts'
import { matchesTruth } from '../../truth.ts'
import { LATENCY, at, endsComplete, executionsOf, executorOf, hashOfDocument, sleep, startFleet, startRun, statusOf, until } from './fleet.ts'

// Most of their time they wait for leases to end.
t.jobs = 3

/** Longer than the queue's lease and the look for those that lost it. */
const FROZEN_MS = 17_000

for (const [title, latencyMs] of [['after another has ended the run', 15], ['while another works on the run', 400]] as const) {
  t.test(`a replica that is frozen for longer than its lease and thaws ${title} neither ends nor damages it`, async (t) => {
    const fleet = await startFleet(t, { replicas: 2, sandbox: LATENCY })
    if (fleet === null) return
    const { sandbox, sandboxUrl } = fleet
    const { executor, other, id } = await startRun(fleet)
    executor.child.kill('SIGSTOP')
    sandbox.sandbox.change({ latencyMs })
    await executorOf(fleet, id, [other])
    if (latencyMs > 100) await until(async () => (await statusOf(other, id)).progress.albumsFetched >= 50)
    else await Promise.all([untilEnded(other.url, id), sleep(FROZEN_MS)])
    executor.child.kill('SIGCONT')
    const run = await untilEnded(other.url, id)
    t.match(run, { status: 'succeeded', complete: true, gaps: [] })
    await sleep(3000)
    t.strictSame(await statusOf(other, id), run, 'the record is as the other one left it')
    for (const replica of [executor, other]) t.equal(await hashOfDocument(replica, id), run.file?.sha256, 'and so is the document')
    matchesTruth(t, await download(executor.url, id), sandbox, sandboxUrl)
    t.same(executionsOf([executor, other], id), [1, 1])
    t.match(executor.output(), /lost|taken over/i, 'the frozen one says that it has lost the run')
    t.same((await readdir(join(fleet.dataDir, 'runs', id))).filter((name) => /tmp|staging|checkpoint/.test(name)), [], 'nothing is left behind')
  })
}

for (const { title, appendOnly } of [{ title: 'empty', appendOnly: false }, { title: 'with old locks, an old queue and an old window', appendOnly: true }]) {
  t.test(`Redis is killed and comes back ${title} in the middle of a run: it ends complete`, async (t) => {
    const fleet = await startFleet(t, { replicas: 2, sandbox: LATENCY, redis: { appendOnly } })
    if (fleet === null) return
    for (const awayMs of [500, 12_000]) {
      const { id } = await startRun(fleet)
      await fleet.redis.kill()
      await sleep(1000)
      const { calls } = fleet.sandbox.sandbox.stats()
      await sleep(awayMs)
      t.equal(fleet.sandbox.sandbox.stats().calls, calls, 'no limiter answer, no call')
      await fleet.redis.restart()
      if (appendOnly) t.equal(await fleet.redis.command('EXISTS', `bull:ingest:${id}`), 1, 'it still has the run')
      await endsComplete(t, fleet, id)
    }
  })
}

t.test('FLUSHALL in the middle of a run, with others waiting: every accepted run ends complete', async (t) => {
  const fleet = await startFleet(t, { replicas: 2, sandbox: LATENCY })
  if (fleet === null) return
  const { id } = await startRun(fleet)
  const others = await Promise.all([20, 21, 22, 23].map(async (limit, place) => await post(at(fleet.replicas, place).url, { limit })))
  await fleet.redis.flush()
  for (const run of [{ id }, ...others]) await endsComplete(t, fleet, run.id)
})

t.test('Redis is away: requests are answered, no call reaches Spotify, and what was accepted ends when it is back', async (t) => {
  const fleet = await startFleet(t, { replicas: 2, sandbox: LATENCY })
  if (fleet === null) return
  const [one, two] = [at(fleet.replicas, 0), at(fleet.replicas, 1)]
  const done = await post(one.url, { limit: 10 })
  await untilEnded(two.url, done.id)
  await fleet.redis.kill()
  const { calls } = fleet.sandbox.sandbox.stats()
  const { statusCode, body } = await request(`${one.url}/ingest`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ limit: 12 }) })
  const accepted = await body.json() as Run & { code?: string }
  t.ok(statusCode === 202 || (statusCode === 503 && accepted.code !== undefined), `POST answers ${statusCode}`)
  for (const path of ['/runs', `/runs/${done.id}`, `/runs/${done.id}/status`, '/runs/latest', `/runs/${accepted.id}/status`, '/health/live', '/health/ready', `/runs/${accepted.id}?wait=1`]) {
    const sentAtMs = performance.now()
    const answer = await request(two.url + path)
    await answer.body.dump()
    t.ok(answer.statusCode === 200 || answer.statusCode === 202, `GET ${path} answers ${answer.statusCode} after ${Math.round(performance.now() - sentAtMs)} ms`)
    t.ok(performance.now() - sentAtMs < 8000)
  }
  const health = await (await request(`${two.url}/health/ready`)).body.json()
  t.match(health, { redis: 'unreachable' })
  await sleep(3000)
  t.equal(fleet.sandbox.sandbox.stats().calls, calls, 'not one call')
  await fleet.redis.restart()
  await endsComplete(t, fleet, accepted.id)
  await until(async () => ((await (await request(`${two.url}/health/ready`)).body.json()) as { redis: string }).redis === 'ok')
})
