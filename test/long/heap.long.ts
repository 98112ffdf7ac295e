import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { type Fault } from '../../src/sandbox/settings.ts'
import { startBetween } from '../hostile/between.ts'
import { type ServiceProcess, post, startProcess, untilEnded } from '../process.ts'
import { environment, startSandbox, temporaryFolder } from '../service.ts'

const MEBIBYTE = 1024 * 1024
const HEAP_MB = 128

t.jobs = 3

/** A process of the service with a small heap. */
async function startSmall (t: Test, upstreamUrl: string, env: Record<string, string> = {}): Promise<ServiceProcess> {
  return await startProcess(t, {
    ...environment(upstreamUrl, await temporaryFolder(t)), LOG_LEVEL: 'info', SPOTIFY_MAX_ATTEMPTS: '2', REQUESTS_PER_MINUTE: '0', NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}`, ...env,
  })
}

/** Inputs by which one answer once decided how much was done. */
const FAULTS: Fault[] = [
  ...[1200, 100_000, 1_000_000_000].map((total): Fault => ({ kind: 'huge-total', total })),
  { kind: 'endless-next' }, { kind: 'gzip-bomb' }, { kind: 'gzip-label' }, { kind: 'deep-nesting' }, { kind: 'big-number' }, { kind: 'token-expires-huge', endpoint: 'token' },
]

for (const tier of ['development', 'extended'] as const) {
  t.test(`${tier} tier, a heap of ${HEAP_MB} MB: each hostile answer costs its run at most, and the default run succeeds`, { timeout: 300_000 }, async (t) => {
    const { sandbox, sandboxUrl } = await startSandbox(t, { tier })
    const service = await startSmall(t, sandboxUrl)
    const artistIds = [...sandbox.sandbox.catalogue.artists()].slice(0, 3).map(({ id }) => id)
    for (const fault of FAULTS) {
      sandbox.sandbox.change({ faults: [fault] })
      for (const body of [{ refresh: true }, { source: 'artists', artistIds, limit: 50, refresh: true }]) {
        const run = await untilEnded(service.url, (await post(service.url, body)).id, AbortSignal.timeout(150_000))
        t.ok(run.finishedAt, `${JSON.stringify(fault)}: ${run.status} ${run.error?.code ?? ''}, ${run.cost.calls} calls`)
        t.not(run.error?.code, 'internal_error')
        t.notOk(run.gaps.some(({ code }) => code === 'internal_error'))
      }
    }
    for (const count of [30_000, 260_000, 500_000]) {
      const { statusCode, body } = await request(`${service.url}/ingest`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"albumIds":[${'0,'.repeat(count)}0]}` })
      t.ok([400, 413].includes(statusCode), `${count} numbers instead of ids: ${statusCode}`)
      await body.dump()
    }
    sandbox.sandbox.change({ faults: [] })
    t.match(await untilEnded(service.url, (await post(service.url, { refresh: true })).id), { status: 'succeeded', progress: { albumsFetched: 100 } })
    t.equal(service.child.exitCode, null)
    t.notMatch(service.output(), /internal_error|"level":60/)
  })
}

t.test('ten albums of 30 MB in 30 kB of gzip, five of millions of objects and five of 3 MB: a process with a heap of 128 MB goes on and names them', { timeout: 120_000 }, async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t)
  const ids = sandbox.sandbox.catalogue.searchOrder.slice(0, 20)
  const bomb = gzipSync(Buffer.alloc(30 * MEBIBYTE, ' '))
  const dense = `,"extra":[${'{},'.repeat(MEBIBYTE)}{}]}`
  const long = `,"extra":[${'1234,'.repeat(600_000)}1]}`
  const bodies = [() => bomb, () => bomb, (text: string) => gzipSync(text.slice(0, -1) + dense, { level: 1 }), (text: string) => gzipSync(text.slice(0, -1) + long, { level: 1 })]
  const between = await startBetween(t, sandboxUrl, new Map(ids.map((id, place) => [id, bodies[place % 4] ?? (() => bomb)])))
  const service = await startSmall(t, between, { SPOTIFY_TIMEOUT_MS: '30000' })
  const run = await untilEnded(service.url, (await post(service.url)).id, AbortSignal.timeout(100_000)).catch((error: unknown) => { throw new Error(`the service does not answer: ${service.output().slice(-2000)}`, { cause: error }) })
  t.match(run, { status: 'partial', progress: { albumsFetched: 85 } }, JSON.stringify(run.error))
  t.same(run.gaps.map(({ albumId }) => albumId).sort(), ids.filter((_id, place) => place % 4 !== 3).sort())
  t.ok(run.gaps.every(({ code, detail }) => code === 'upstream_invalid' && /more than (4194304 bytes|200000 objects)/.test(detail)), JSON.stringify(run.gaps[0]))
})
