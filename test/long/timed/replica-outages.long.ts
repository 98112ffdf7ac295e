import { performance } from 'node:perf_hooks'
import pg from 'pg'
import t from 'tap'
import { request } from 'undici'
import { storedEvents } from '../../ledger-events.ts'
import { download, post, untilEnded } from '../../process.ts'
import { matchesTruth } from '../../truth.ts'
import {
  LATENCY,
  at,
  endsComplete,
  executionsOf,
  executorOf,
  hashOfDocument,
  sleep,
  startFleet,
  startRun,
  statusOf,
  until,
} from './fleet.ts'

// Most of their time they wait for leases to end.
t.jobs = 3

/** Longer than the queue's lease and the look for those that lost it. */
const FROZEN_MS = 17_000

for (const [title, latencyMs] of [
  ['after another has ended the run', 15],
  ['while another works on the run', 400],
] as const) {
  t.test(`a replica that is frozen for longer than its lease and thaws ${title} ` +
    'neither ends nor damages it', async (t) => {
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
    for (const replica of [executor, other]) {
      t.equal(await hashOfDocument(replica, id), run.file?.sha256, 'and so is the document')
    }
    matchesTruth(t, await download(executor.url, id), sandbox, sandboxUrl)
    t.same(executionsOf([executor, other], id), [1, 1])
    t.match(
      executor.output(),
      /run taken over|another process executes the run/,
      'the frozen one says that it has lost the run'
    )
    t.same(await storedEvents(fleet.location, id, 1), [], 'nothing is left behind')
  })
}

t.test('PostgreSQL is stopped as by a power cut in the middle of runs, and comes back: every ' +
  'accepted run ends complete', async (t) => {
  const fleet = await startFleet(t, { replicas: 2, sandbox: LATENCY })
  if (fleet === null) return
  for (const awayMs of [500, 12_000]) {
    const { id } = await startRun(fleet)
    const others = await Promise.all(
      [20, 21].map(async (limit, place) => await post(at(fleet.replicas, place).url, { limit: limit + (awayMs % 7) }))
    )
    await fleet.postgresql.kill()
    await sleep(1000)
    const { calls } = fleet.sandbox.sandbox.stats()
    await sleep(awayMs)
    t.equal(fleet.sandbox.sandbox.stats().calls, calls, 'no call without the window')
    await fleet.postgresql.restart()
    for (const run of [{ id }, ...others]) await endsComplete(t, fleet, run.id)
  }
})

t.test('out of connections, and read-only: runs go on by themselves when it is over', async (t) => {
  const fleet = await startFleet(t, { replicas: 2, sandbox: LATENCY })
  if (fleet === null) return
  const { id } = await startRun(fleet, 20)
  const terminate =
    'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and ' +
      "backend_type = 'client backend'"
  await fleet.postgresql.sql('alter database postgres set default_transaction_read_only = on')
  await fleet.postgresql.sql(terminate)
  await sleep(3000)
  t.equal(
    (
      await request(`${at(fleet.replicas, 0).url}/ingest`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"limit":7}',
      })
    ).statusCode,
    503
  )
  await fleet.postgresql.sql('begin read write; alter database postgres reset default_transaction_read_only; commit')
  await fleet.postgresql.sql(terminate)
  await endsComplete(t, fleet, id)
  const next = await startRun(fleet, 20)
  const taken = await takeAllConnections(fleet.postgresql.url)
  await fleet.postgresql.sql(terminate).catch(() => {})
  await sleep(3000)
  await Promise.all(taken.map(async (client) => await client.end().catch(() => {})))
  await endsComplete(t, fleet, next.id)
})

async function takeAllConnections (url: string): Promise<pg.Client[]> {
  const taken: pg.Client[] = []
  for (;;) {
    const client = new pg.Client(url)
    client.on('error', () => {})
    const isFull = await client.connect().then(() => false, () => true)
    if (isFull) return taken
    taken.push(client)
  }
}

t.test('PostgreSQL is away: requests are answered, no call reaches Spotify, and what was ' +
  'accepted ends when it is back', async (t) => {
  const fleet = await startFleet(t, { replicas: 2, sandbox: LATENCY })
  if (fleet === null) return
  const [one, two] = [at(fleet.replicas, 0), at(fleet.replicas, 1)]
  const done = await post(one.url, { limit: 10 })
  await untilEnded(two.url, done.id)
  await download(two.url, done.id)
  const accepted = await post(one.url, { limit: 12 })
  await fleet.postgresql.kill()
  await sleep(500)
  const { calls } = fleet.sandbox.sandbox.stats()
  const wanted = {
    [`/runs/${done.id}`]: 200,
    [`/runs/${done.id}/status`]: 200,
    '/health/live': 200,
    '/runs': 503,
    '/runs/latest': 503,
    '/health/ready': 503,
  }
  for (const [path, status] of Object.entries(wanted)) {
    const sentAtMs = performance.now()
    const answer = await request(two.url + path)
    await answer.body.dump()
    t.equal(answer.statusCode, status, `GET ${path} after ${Math.round(performance.now() - sentAtMs)} ms`)
    t.ok(performance.now() - sentAtMs < 8000)
  }
  t.equal((await request(`${one.url}/ingest`, { method: 'POST' })).statusCode, 503)
  await sleep(3000)
  t.equal(fleet.sandbox.sandbox.stats().calls, calls, 'not one call')
  await fleet.postgresql.restart()
  await endsComplete(t, fleet, accepted.id)
  await until(async () => (await request(`${two.url}/health/ready`)).statusCode === 200)
})
