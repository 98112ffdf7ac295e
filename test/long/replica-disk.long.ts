import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { request } from 'undici'
import type { Problem } from '../../src/schemas/problem.ts'
import type { Run } from '../../src/schemas/run.ts'
import { post, untilEnded } from '../process.ts'
import { startPostgresql } from '../postgresql.ts'
import { fill, smallDisk } from '../small-disk.ts'
import { LATENCY, at, endsComplete, hashOfDocument, sleep, startFleet, startRun, until } from './timed/fleet.ts'

/** The defaults of SPOTIFY_MAX_CONCURRENCY and two replicas: the calls that may be in flight. */
const MOST_IN_FLIGHT = 2 * 10
const FULL_MS = 12_000

/** More than its log has room for. */
const WASTE = 'create table waste as select generate_series(1, 600000)'

const DISKS = [
  { title: 'the disk of its data', size: '90m', isOfWal: false },
  { title: 'the disk of its write-ahead log', size: '24m', isOfWal: true },
]

for (const { title, size, isOfWal } of DISKS) {
  t.test(`${title} is full in mid-run: 503 and no call; with room again every ` +
    'accepted run ends complete', async (t) => {
    const disk = await smallDisk(t, size)
    if (disk === null) return
    const postgresql = await startPostgresql(
      t,
      isOfWal ? { walDisk: disk, settings: { max_wal_size: '8MB' } } : { disk }
    )
    const fleet = await startFleet(t, { replicas: 2, sandbox: LATENCY, postgresql })
    if (fleet === null || postgresql === null) return
    const [one, two] = [at(fleet.replicas, 0), at(fleet.replicas, 1)]
    const done = await post(one.url, { limit: 10 })
    const { file } = await untilEnded(two.url, done.id)
    t.equal(await hashOfDocument(two, done.id), file?.sha256)

    const accepted = [(await startRun(fleet, 20)).id]
    await fill(disk)
    if (isOfWal) await t.rejects(postgresql.sql(WASTE), 'it ends when there is no room for its log')
    let limit = 10
    let refused: Problem | null = null
    await until(async () => {
      const { statusCode, body } = await request(`${one.url}/ingest`, {
        method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ limit: ++limit }),
      })
      const answer = await body.json()
      if (statusCode === 202) accepted.push((answer as Run).id)
      else refused = answer as Problem
      return refused !== null
    }, 60_000)
    t.match(refused, { status: 503, code: 'storage_failed' })
    t.comment(`${accepted.length} runs were accepted; ${JSON.stringify(refused)}`)
    await sleep(1000)
    const { calls } = fleet.sandbox.sandbox.stats()
    await sleep(FULL_MS)
    const late = fleet.sandbox.sandbox.stats().calls - calls
    t.equal(late, 0, `${late} calls without the window`)
    t.match(await problemOf(`${two.url}/health/ready`), { status: 503, code: /storage_failed|starting/ })
    t.equal((await request(`${two.url}/health/live`)).statusCode, 200)
    t.equal(await hashOfDocument(two, done.id), file?.sha256, 'what is on the disk of a replica is served')

    await rm(join(disk, 'ballast'))
    t.comment(await postgresql.isRunning() ? 'PostgreSQL ran on' : 'PostgreSQL had ended itself')
    if (!await postgresql.isRunning()) await postgresql.restart()
    for (const id of accepted) await endsComplete(t, fleet, id)
    await until(async () => (await request(`${two.url}/health/ready`)).statusCode === 200)
    const again = sum(Object.values(fleet.sandbox.sandbox.stats().served)) - albumsOf(accepted.length)
    t.ok(again <= MOST_IN_FLIGHT, `${again} albums were fetched again, of at most ${MOST_IN_FLIGHT} in flight`)
  })
}

/** Returns how many albums the accepted runs have: 100 the first one, then 11, 12 and so on. */
function albumsOf (runs: number): number {
  return 100 + sum(Array.from({ length: runs - 1 }, (_, index) => 11 + index))
}

async function problemOf (url: string): Promise<Problem> {
  return await (await request(url)).body.json() as Problem
}

function sum (numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
