import { readFile } from 'node:fs/promises'
import t from 'tap'
import { request } from 'undici'
import { type Run } from '../../src/schemas/run.ts'
import { callBound, leaks, wrongsOf } from '../hostile/laws.ts'
import { requestsOn } from '../hostile/requests.ts'
import { startHostileUpstream } from '../hostile/upstream.ts'
import { download, post, startProcess } from '../process.ts'
import { environment, startSandbox, temporaryFolder } from '../service.ts'

const SEEDS = 105
const LEAST_CHANGED = 5000
const ATTEMPTS = 2
const ENDS_WITHIN_MS = 90_000
const MOST_MB = 300

let changed = 0
let albums = 0
const outcomes = new Map<string, number>()
let peakMb = 0
t.test('hostile answers', { timeout: 900_000 }, async (t) => {
  t.jobs = 6 // most of the time is backoff
  for (let seed = 1; seed <= SEEDS; seed++) {
    const tier = seed % 4 === 0 ? 'extended' : 'development'
    const probability = [0.05, 0.2, 0.3, 0.5][seed % 7 % 4] ?? 0.3
    t.test(`seed ${seed}, ${tier} tier, ${100 * probability} % of the answers are changed: no lie, no crash, bounded calls and memory, no secret elsewhere`, { timeout: 300_000 }, async (t) => {
      const { sandbox, sandboxUrl } = await startSandbox(t, { tier, seed })
      const upstream = await startHostileUpstream(t, sandbox, sandboxUrl, { seed, probability, tokenProbability: seed % 5 === 0 ? 0.3 : 0 })
      const env = { ...environment(upstream.url, await temporaryFolder(t)), SPOTIFY_MAX_ATTEMPTS: String(ATTEMPTS), SPOTIFY_TIMEOUT_MS: '1000', SPOTIFY_MAX_WAIT_S: '4', LOG_LEVEL: 'info' }
      const service = await startProcess(t, env)
      for (const { body, asked, requested } of requestsOn(sandbox)) {
        const before = upstream.calls()
        const run = await ended(service.url, (await post(service.url, { ...body, refresh: true })).id)
        const document = await download(service.url, run.id)
        t.strictSame(wrongsOf(run, document, upstream, requested), [], `${JSON.stringify(body).slice(0, 60)}: ${run.status} ${run.error?.code ?? ''}`)
        albums += document.albums.length
        for (const outcome of new Set([run.status, run.error?.code ?? '', ...run.gaps.map(({ code }) => code)])) outcomes.set(outcome, 1 + (outcomes.get(outcome) ?? 0))
        const calls = upstream.calls() - before
        t.ok(calls <= callBound({ ...asked, attempts: ATTEMPTS }), `${calls} calls`)
        t.strictSame(leaks(JSON.stringify([run, document]), secretsOf(env, upstream.tokens)), [])
        if (run.status === 'canceled') break // it was paused, for longer than this test waits
      }
      t.equal(service.child.exitCode, null, 'the process lives')
      t.equal((await request(`${service.url}/health/ready`)).statusCode, 200)
      t.equal(upstream.foreignRequests(), 0, 'nothing went to another origin')
      t.strictSame(leaks(service.output(), secretsOf(env, upstream.tokens)), [])
      t.notMatch(service.output(), /internal_error|"level":60|^ {4}at /m)
      changed += upstream.changed()
      peakMb = Math.max(peakMb, Number(/^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${service.child.pid}/status`, 'utf8'))?.[1]) / 1024)
      t.ok(peakMb < MOST_MB, `${Math.round(peakMb)} MB at most`)
    })
  }
})

t.test(`${LEAST_CHANGED} answers were changed`, async (t) => {
  t.comment(`runs with each outcome: ${JSON.stringify(Object.fromEntries(outcomes))}`)
  t.ok(changed >= LEAST_CHANGED, `${changed} changed answers, ${Math.round(peakMb)} MB at most`)
  t.ok(albums > LEAST_CHANGED, `${albums} albums came through all the same`)
})

function secretsOf (env: Record<string, string>, tokens: Set<string>): string[] {
  return [env['SPOTIFY_CLIENT_SECRET'] ?? '', ...tokens]
}

/** The run when it has ended; one that is paused is canceled. */
async function ended (url: string, id: string): Promise<Run> {
  const signal = AbortSignal.timeout(ENDS_WITHIN_MS)
  for (;;) {
    const run = await (await request(`${url}/runs/${id}/status?wait=5`, { signal })).body.json() as Run
    if (run.finishedAt !== null) return run
    if (run.status === 'paused') await (await request(`${url}/runs/${id}/cancel`, { method: 'POST', signal })).body.dump()
  }
}
