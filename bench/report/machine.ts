import { execFile } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { request } from 'undici'
import { type Bench, withFolder } from '../bench.ts'
import { median } from '../statistics.ts'

const PACKAGES = ['fastify', 'undici', '@fastify/static', '@spotify/web-api-ts-sdk', 'autocannon']
const SYNCS = 20
const CALLS = 30

/** What the figures depend on. */
export interface Machine {
  cpu: string
  cores: number
  memoryGb: number
  system: string
  versions: Record<string, string>
  commit: string
  /** Of the last minute, before the benchmark began. */
  load: number
  /** Median of a small write with fsync, where the service's files were. */
  syncMs: number
  /** Median of one call to the sandbox, connection open, one after the other. */
  callMs: number
}

export async function describeMachine (bench: Bench): Promise<Machine> {
  const load = loadavg()[0] ?? 0
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    versions: { node: process.versions.node, ...Object.fromEntries(await Promise.all(PACKAGES.map(async (name) => [name, await versionOf(name)]))) as Record<string, string> },
    commit: await commit(),
    load,
    syncMs: await syncMs(),
    callMs: await callMs(bench),
  }
}

async function versionOf (name: string): Promise<string> {
  return (JSON.parse(await readFile(join('node_modules', name, 'package.json'), 'utf8')) as { version: string }).version
}

async function commit (): Promise<string> {
  const git = async (...args: string[]): Promise<string> => (await promisify(execFile)('git', args)).stdout.trim()
  try {
    return await git('rev-parse', '--short', 'HEAD') + (await git('status', '--porcelain', 'src') === '' ? '' : ', with changes in src/ that are not committed')
  } catch {
    return 'unknown'
  }
}

async function syncMs (): Promise<number> {
  return await withFolder(async (folder) => {
    const file = await open(join(folder, 'sync'), 'w')
    const times = await timesOf(SYNCS, async () => {
      await file.write('x'.repeat(4096))
      await file.datasync()
    })
    await file.close()
    return median(times)
  })
}

async function callMs ({ sandbox, latencyMs }: Bench): Promise<number> {
  await sandbox.set({ latencyMs, rateLimit: null })
  const token = await request(`${sandbox.origin}/api/token`, {
    method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'grant_type=client_credentials&client_id=sandbox-id&client_secret=sandbox-secret',
  })
  const { access_token: accessToken } = await token.body.json() as { access_token: string }
  const [id = ''] = (await sandbox.catalogue()).newReleases
  return median(await timesOf(CALLS, async () => {
    await (await request(`${sandbox.origin}/v1/albums/${id}`, { headers: { authorization: `Bearer ${accessToken}` } })).body.json()
  }))
}

async function timesOf (count: number, work: () => Promise<void>): Promise<number[]> {
  const times: number[] = []
  for (let done = 0; done < count; done++) {
    const startedMs = performance.now()
    await work()
    times.push(performance.now() - startedMs)
  }
  return times
}
