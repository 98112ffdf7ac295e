import { createServer, request as forward } from 'node:http'
import { type AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { type SandboxApp } from '../src/sandbox/app.ts'
import { post, startProcess, untilEnded } from './process.ts'
import { environment, startSandbox, startService, temporaryFolder } from './service.ts'

const MEBIBYTE = 1024 * 1024

/** What stands between the service and the sandbox: it answers these albums in its own way, each time. */
async function startBetween (t: Test, sandboxUrl: string, albums: Map<string, (original: string) => Buffer | string>): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const change = albums.get(/^\/v1\/albums\/(\w+)(?:\?|$)/.exec(incoming.url ?? '')?.[1] ?? '')
    const { 'accept-encoding': _, ...headers } = incoming.headers
    incoming.pipe(forward(sandboxUrl + (incoming.url ?? ''), { method: incoming.method, headers }, (answer) => {
      if (change === undefined) {
        answer.pipe(outgoing.writeHead(answer.statusCode ?? 502, answer.headers))
        return
      }
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('end', () => {
        const body = change(text)
        outgoing.writeHead(200, typeof body === 'string' ? {} : { 'content-encoding': 'gzip' }).end(body)
      })
    }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const idsOf = (sandbox: SandboxApp, count: number): string[] => sandbox.sandbox.catalogue.searchOrder.slice(0, count)

t.test('ten albums of 30 MB in 30 kB of gzip, five of millions of objects and five of 3 MB: a process with a heap of 128 MB goes on and names them', { timeout: 120_000 }, async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t)
  const ids = idsOf(sandbox, 20)
  const bomb = gzipSync(Buffer.alloc(30 * MEBIBYTE, ' '))
  const dense = `,"extra":[${'{},'.repeat(MEBIBYTE)}{}]}`
  const long = `,"extra":[${'1234,'.repeat(600_000)}1]}`
  const bodies = [() => bomb, () => bomb, (text: string) => gzipSync(text.slice(0, -1) + dense, { level: 1 }), (text: string) => gzipSync(text.slice(0, -1) + long, { level: 1 })]
  const between = await startBetween(t, sandboxUrl, new Map(ids.map((id, place) => [id, bodies[place % 4] ?? (() => bomb)])))
  const service = await startProcess(t, { ...environment(between, await temporaryFolder(t)), LOG_LEVEL: 'info', SPOTIFY_MAX_ATTEMPTS: '2', SPOTIFY_TIMEOUT_MS: '30000', NODE_OPTIONS: '--max-old-space-size=128' })
  const run = await untilEnded(service.url, (await post(service.url)).id, AbortSignal.timeout(100_000)).catch((error: unknown) => { throw new Error(`the service does not answer: ${service.output().slice(-2000)}`, { cause: error }) })
  t.match(run, { status: 'partial', progress: { albumsFetched: 85 } }, JSON.stringify(run.error))
  t.same(run.gaps.map(({ albumId }) => albumId).sort(), ids.filter((_id, place) => place % 4 !== 3).sort())
  t.ok(run.gaps.every(({ code, detail }) => code === 'upstream_invalid' && /more than (4194304 bytes|200000 objects)/.test(detail)), JSON.stringify(run.gaps[0]))
})

t.test('an album nested 20,000 deep is a gap, and numbers are in every format as they were sent', async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t)
  const [deep = '', big = '', floats = ''] = idsOf(sandbox, 3)
  const between = await startBetween(t, sandboxUrl, new Map([
    [deep, (text: string) => `${text.slice(0, -1)},"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
    [big, (text: string) => text.replace(/"duration_ms":\d+/, '"duration_ms":12345678901234567890').replace(/^\{/, '{"n":[1.0,1e2],"__proto__":98765432109876543210,')],
    [floats, (text: string) => text.replace(/"total_tracks":(\d+)/, '"total_tracks":$1.0')],
  ]))
  const service = await startService(t, { on: { sandbox, sandboxUrl }, env: { SPOTIFY_API_URL: `${between}/v1`, SPOTIFY_MAX_ATTEMPTS: '2' } })
  const run = await service.ingest({ limit: 20 })
  t.match(run, { status: 'partial', progress: { albumsFetched: 19 }, gaps: [{ albumId: deep, code: 'upstream_invalid', detail: /nested deeper than 100/ }] })
  for (const format of ['json', 'ndjson', 'tracks', 'csv']) {
    const text = await (await service.get(`/runs/${run.id}?format=${format}`)).body.text()
    t.match(text, /12345678901234567890/, format)
    if (format === 'json' || format === 'ndjson') t.match(text, /"n":\[1\.0,1e2\],"__proto__":98765432109876543210,.*"total_tracks":\d+\.0/s, format)
  }
})
