import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import autocannon from 'autocannon'
import type { Bench } from '../bench.ts'
import { environment } from '../environment.ts'
import { addressOf, program, start } from '../processes.ts'
import type { Reading } from '../programs/probe.ts'
import type { Section } from '../results.ts'
import { startService } from '../service.ts'
import { median } from '../statistics.ts'
import { atLeast } from '../targets/check.ts'
import { etagOf } from './etag.ts'

const ALBUMS = 110
const CATALOGUE = 120
const CONNECTIONS = 10
const SECONDS = 4
const WARM_UP_SECONDS = 2

/** Who serves the document. */
interface Server {
  name: string
  url: string
  begin: () => Promise<void>
  read: () => Promise<Reading>
}

/** How it is asked for. */
const ASKED = { gzip: 'gzip', plain: 'plain', 'not modified': '304' } as const
type Asked = keyof typeof ASKED

interface Measured {
  requestsPerSecond: number
  megabytesPerSecond: number
  /** Of one core, by the server. */
  cpu: number
  /** Of one core, by the load generator: near 1, it is what limits. */
  generatorCpu: number
}

/** `GET /runs/{id}` of a document of about 1 MB against @fastify/static with the same file, in turn. */
export async function download (bench: Bench): Promise<Section> {
  const { sandbox, say, rounds, nodeArgs } = bench
  say('downloads: the service and @fastify/static in turn')
  await sandbox.set({ tier: 'development', albums: CATALOGUE, latencyMs: 0, rateLimit: null })
  return await bench.withFolder(async (folder) => {
    const dataDir = join(folder, 'data')
    const service = await startService(folder, environment(sandbox.origin, dataDir), nodeArgs)
    const { run } = await service.untilEnded((await service.startRun({ limit: ALBUMS }, 'download')).id)
    const { name = '', bytes = 0 } = run.file ?? {}
    const child = await start(program('programs/static-server.ts'), [await folderOf(dataDir, name)], { logPath: join(folder, 'static.log') })
    const servers: Server[] = [
      { name: 'this service', url: `${service.url}/runs/${run.id}`, begin: service.beginProbe, read: service.readProbe },
      { name: '@fastify/static', url: `${await addressOf(child)}/${name}`, begin: async () => { await child.ask('probe: begin') }, read: async () => await child.ask('probe: read') as Reading },
    ]
    try {
      const results = new Map<string, Measured[]>()
      for (let round = 0; round <= rounds; round++) {
        for (const asked of Object.keys(ASKED) as Asked[]) {
          for (const server of servers) {
            const measured = await load(server, asked, round === 0 ? WARM_UP_SECONDS : SECONDS)
            if (round > 0) results.set(keyOf(server.name, asked), [...results.get(keyOf(server.name, asked)) ?? [], measured])
            say(`  ${server.name}, ${asked}: ${measured.requestsPerSecond.toFixed(0)} requests/s, ${(measured.cpu * 100).toFixed(0)} % of a core, generator ${(measured.generatorCpu * 100).toFixed(0)} %${round === 0 ? ' (warm-up)' : ''}`)
          }
        }
      }
      return sectionOf(results, servers, bytes)
    } finally {
      await child.stop()
      await service.stop()
    }
  })
}

/** The path of the document in the service's folder. */
async function folderOf (dataDir: string, name: string): Promise<string> {
  const documents = join(dataDir, 'documents')
  const path = (await readdir(documents, { recursive: true })).find((path) => path.endsWith(name))
  if (name === '' || path === undefined) throw new Error(`${documents} has no document "${name}"`)
  return join(documents, dirname(path))
}

async function load ({ url, begin, read }: Server, asked: Asked, seconds: number): Promise<Measured> {
  const encoding = { 'accept-encoding': asked === 'plain' ? 'identity' : 'gzip' }
  const headers = asked === 'not modified' ? { ...encoding, 'if-none-match': await etagOf(url, encoding) } : encoding
  await begin()
  const startedMs = performance.now()
  const before = process.cpuUsage()
  const result = await autocannon({ url, connections: CONNECTIONS, duration: seconds, headers })
  const wallMs = performance.now() - startedMs
  const generator = process.cpuUsage(before)
  const { cpuMs } = await read()
  const right = asked === 'not modified' ? result['3xx'] : result['2xx']
  if (result.errors > 0 || right !== result.requests.total) throw new Error(`${url}: ${result.errors} errors, ${right} of ${result.requests.total} answers as expected`)
  return { requestsPerSecond: result.requests.total / result.duration, megabytesPerSecond: result.throughput.total / result.duration / 1e6, cpu: cpuMs / wallMs, generatorCpu: (generator.user + generator.system) / 1000 / wallMs }
}

function sectionOf (results: Map<string, Measured[]>, servers: Server[], bytes: number): Section {
  const rate = (server: string, asked: Asked): number => median((results.get(keyOf(server, asked)) ?? []).map(({ requestsPerSecond }) => requestsPerSecond))
  const rows = (Object.keys(ASKED) as Asked[]).flatMap((asked) => servers.map(({ name }) => {
    const measured = results.get(keyOf(name, asked)) ?? []
    const rates = measured.map(({ requestsPerSecond }) => requestsPerSecond)
    return [
      name, asked, `${median(rates).toFixed(0)} (${Math.min(...rates).toFixed(0)}, ${Math.max(...rates).toFixed(0)})`,
      median(measured.map(({ megabytesPerSecond }) => megabytesPerSecond)).toFixed(1), percent(measured.map(({ cpu }) => cpu)), (1000 * median(measured.map(({ cpu, requestsPerSecond }) => cpu / requestsPerSecond))).toFixed(2), percent(measured.map(({ generatorCpu }) => generatorCpu)), (rate(name, asked) / rate('@fastify/static', asked)).toFixed(2),
    ]
  }))
  return {
    tables: [],
    figures: [{
      id: 'download',
      title: 'downloads',
      about: [`\`GET /runs/{id}\` of a document of ${(bytes / 1e6).toFixed(2)} MB, with the service's default log and protection, and \`@fastify/static\` (\`preCompressed\`, no log) on the same file and copy;` +
        ` ${CONNECTIONS} connections, ${SECONDS} s a round, in turn, after a warm-up. Where the load generator takes a whole core, it was the limit, and the server could do more.`],
      columns: ['server', 'asked for', 'requests/s: median (from, to)', 'MB/s', 'CPU of a core in %', 'CPU ms a request', 'CPU of the load generator', 'of @fastify/static'],
      rows,
    }],
    checks: [
      atLeast('5', 'time', 'compressed document, requests a second as a share of those of @fastify/static', rate('this service', 'gzip') / rate('@fastify/static', 'gzip'), 0.9),
      atLeast('5', 'time', 'plain document, the same', rate('this service', 'plain') / rate('@fastify/static', 'plain'), 0.9),
      atLeast('5', 'time', '304 as a multiple of 200 (compressed)', rate('this service', 'not modified') / rate('this service', 'gzip'), 3),
    ],
  }
}

function percent (shares: number[]): string {
  return (median(shares) * 100).toFixed(0)
}

function keyOf (server: string, asked: Asked): string {
  return `${server} ${asked}`
}
