import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Agent, request } from 'undici'
import { createRandom } from '../../../src/sandbox/catalogue/random.ts'
import type { Run } from '../../../src/schemas/run.ts'
import { query } from '../../ledger-events.ts'
import { post, startProcess, untilEnded } from '../../process.ts'
import { environment, startSandbox, temporaryFolder } from '../../service.ts'

const STREAMS = 500
const ROUNDS = 4
const KILLS = 15
const UNLIMITED = { REQUESTS_PER_MINUTE: '0', LOG_LEVEL: 'warn' }

t.test(`${STREAMS} event streams and ${STREAMS} long polls at once: /status stays quick, and a heap of 96 ` +
  'MB serves round after round', async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t, { latencyMs: 20 })
  const service = await startProcess(t, {
    ...environment(sandboxUrl, await temporaryFolder(t)),
    ...UNLIMITED,
    LOG_LEVEL: 'info',
    NODE_OPTIONS: '--max-old-space-size=96 --max-semi-space-size=8',
  })
  await untilEnded(service.url, (await post(service.url, { limit: 100 })).id)
  sandbox.sandbox.change({ latencyMs: 200 })
  const residentAfterMb: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    await watchRun(t, service.url, 120 + round)
    residentAfterMb.push(await residentMb(service.child.pid ?? 0))
  }
  t.ok(Math.max(...residentAfterMb) <= 320, `resident memory after each round: ${residentAfterMb.join(', ')} MB`)
})

/** Follows a run by all streams and polls, until all have its end. */
async function watchRun (t: Test, url: string, limit: number): Promise<void> {
  const { id } = await post(url, { limit, refresh: true })
  const agent = new Agent({ connections: 2 * STREAMS, headersTimeout: 0, bodyTimeout: 0 })
  const read = async (path: string): Promise<string> =>
    await (await request(url + path, { dispatcher: agent })).body.text()
  const streams = Array.from({ length: STREAMS }, async () => await read(`/runs/${id}/events`))
  const polls = Array.from({ length: STREAMS }, async () => await read(`/runs/${id}/status?wait=60`))
  await sleep(500)

  const took: number[] = []
  for (let count = 0; count < 300; count++) {
    const startedMs = performance.now()
    const { body } = await request(`${url}/runs/${id}/status`)
    await body.dump()
    took.push(performance.now() - startedMs)
  }
  const p99 = took.sort((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? Infinity
  t.ok(p99 < 300, `p99 of /status: ${p99.toFixed(1)} ms`)
  for (const text of await Promise.all(streams)) {
    if (!text.trimEnd().split('\n\n').at(-1)?.startsWith('event: end')) t.fail('a stream had no end')
  }
  for (const text of await Promise.all(polls)) {
    if ((JSON.parse(text) as Run).finishedAt === null) t.fail('a poll came back early')
  }
  t.match(await untilEnded(url, id), { status: 'succeeded' })
  await agent.destroy()
}

t.test('killing POST at any point leaves either no run or one that executes; the ' +
  'same key then gives one run', async (t) => {
  const { sandboxUrl } = await startSandbox(t, { tier: 'extended' })
  const dataDir = await temporaryFolder(t)
  const env = { ...environment(sandboxUrl, dataDir), ...UNLIMITED, LOG_LEVEL: 'info' }
  const random = createRandom(42)
  let answered = 0
  for (let kill = 1; kill <= KILLS; kill++) {
    const headers = { 'idempotency-key': `key-${kill}`, 'content-type': 'application/json' }
    const send = async (url: string): Promise<Run> =>
      (await (
        await request(`${url}/ingest`, { method: 'POST', headers, body: JSON.stringify({ limit: kill }) })
      ).body.json()) as Run
    const first = await startProcess(t, env)
    const sent = send(first.url).catch(() => null)
    await sleep(random() * 80)
    await first.kill('SIGKILL')
    const accepted = await sent
    const second = await startProcess(t, env)
    const again = await send(second.url)
    t.match(again, { request: { limit: kill } })
    if (accepted !== null) {
      answered++
      t.equal(again.id, accepted.id, `kill ${kill}: the run that was promised`)
    }
    t.match(await untilEnded(second.url, again.id), { status: 'succeeded', complete: true })
    await second.kill('SIGKILL')
  }
  const [stored] = await query<{ count: number }>({ dataDir }, 'select count(*) as count from runs')
  t.equal(
    stored?.count,
    KILLS,
    `${answered} of ${KILLS} were answered before the kill, and there is one run for each key`
  )
})

async function residentMb (pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024)
}
