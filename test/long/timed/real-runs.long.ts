import t from 'tap'
import { request } from 'undici'
import type { Run } from '../../../src/schemas/run.ts'
import { type ServiceProcess, post, startProcess, untilEnded } from '../../process.ts'
import { environment, startSandbox, temporaryFolder } from '../../service.ts'
import { costsWhatFewCost, cpuMsOf } from './stored-runs.ts'

/** What CI has time for; the promise is about 24,000: REAL_RUNS=24000 takes some minutes. */
const RUNS = Number(process.env['REAL_RUNS'] ?? 1500)
const CLIENTS = 20
const MOST_ALBUMS = 20

t.test(`${RUNS} runs made through the API of cached albums, and a restart: it ` +
  'costs what it costs with few', async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t)
  const env: Record<string, string> = {
    ...environment(sandboxUrl, await temporaryFolder(t)),
    LOG_LEVEL: 'info',
    MAX_STORED_RUNS: '0',
    RETENTION_DAYS: '0',
    REQUESTS_PER_MINUTE: '0',
    SPOTIFY_CALLS_PER_30S: '1000000',
  }
  const first = await startProcess(t, env)
  const { id } = await post(first.url, { limit: MOST_ALBUMS })
  t.match(await untilEnded(first.url, id), { status: 'succeeded' })
  sandbox.sandbox.resetStats()

  const [startedAtMs, cpuBeforeMs] = [performance.now(), await cpuMsOf(first)]
  let [made, cached] = [1, 0]
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    while (made < RUNS) {
      const number = made++
      const run = await runOf(first, number)
      if (run.status !== 'succeeded') t.fail(`run ${number} ended as ${run.status}`)
      cached += run.cost.cached
    }
  }))
  const seconds = (performance.now() - startedAtMs) / 1000
  const cpuMs = (await cpuMsOf(first) - cpuBeforeMs) / (RUNS - 1)
  t.comment(
    `${RUNS - 1} runs in ${seconds.toFixed(0)} s: ${((RUNS - 1) / seconds).toFixed(0)} a second, ` +
      `${cpuMs.toFixed(1)} ms of CPU each`
  )
  t.comment(`${cached} cached albums`)
  const { album, albums, albumTracks } = sandbox.sandbox.stats().byEndpoint
  t.same([album.total, albums.total, albumTracks.total], [0, 0, 0], 'every album came from the cache')
  t.equal((await first.kill('SIGTERM')).code, 0)
  await costsWhatFewCost(t, env)
})

/** Runs of different lengths, each with a key of its own: equal requests would be one run. */
async function runOf ({ url }: ServiceProcess, number: number): Promise<Run> {
  const { headers, body } = await request(`${url}/ingest`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': `run ${number}` },
    body: JSON.stringify({ limit: 1 + number % MOST_ALBUMS }),
  })
  await body.dump()
  const answer = await request(`${url}${String(headers['location'])}/status?wait=60`)
  return await answer.body.json() as Run
}
