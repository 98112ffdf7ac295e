import { readFile } from 'node:fs/promises'
import type { Test } from 'tap'
import { request } from 'undici'
import { type ServiceProcess, startProcess } from '../../process.ts'
import { temporaryFolder } from '../../service.ts'

const LISTENS_WITHIN_MS = 1000
const READY_WITHIN_MS = 3000
const ANSWERS_WITHIN_MS = 30
const MAX_RESIDENT_MB = 200
const IDLE_SECONDS = 10
const MAX_IDLE_SHARE = 0.005

/** Starts a service on the runs that are stored: start, lists, memory and rest cost what they cost with few. */
export async function costsWhatFewCost (t: Test, env: Record<string, string>): Promise<void> {
  const empty = await startProcess(t, { ...env, DATA_DIR: await temporaryFolder(t) })
  await empty.kill('SIGTERM')
  const service = await startProcess(t, env)
  const [ms, emptyMs] = [Math.round(service.startedInMs), Math.round(empty.startedInMs)]
  t.ok(ms < Math.max(LISTENS_WITHIN_MS, 1.5 * emptyMs), `listens after ${ms} ms; without any run after ${emptyMs} ms`)
  const startedAtMs = performance.now()
  while (
    (await request(`${service.url}/health/ready`).then(async ({ statusCode, body }) => {
      await body.dump()
      return statusCode
    })) !== 200
  ) { await new Promise((resolve) => setTimeout(resolve, 10)) }
  t.ok(
    performance.now() - startedAtMs < READY_WITHIN_MS,
    `ready ${Math.round(performance.now() - startedAtMs)} ms later`
  )

  const [first] = (await pageOf(service, '/runs?limit=100')).runs
  for (const path of [
    '/runs',
    '/runs?limit=100',
    `/runs?cursor=${first?.id}`,
    ...['succeeded', 'failed', 'queued', 'partial,canceled', 'queued,running,paused'].map(
      (status) => `/runs?status=${status}`
    ),
    '/runs/latest',
    `/runs/${first?.id}/status`,
  ]) {
    const times: number[] = []
    for (let round = 0; round < 15; round++) {
      const sentAtMs = performance.now()
      await (await request(service.url + path)).body.dump()
      times.push(performance.now() - sentAtMs)
    }
    const median = times.sort((a, b) => a - b)[7] ?? NaN
    t.ok(median < ANSWERS_WITHIN_MS, `${path}: ${median.toFixed(1)} ms`)
  }
  const residentMb = await residentMbOf(service)
  t.ok(residentMb < MAX_RESIDENT_MB, `${residentMb} MB of memory`)
  const before = await cpuMsOf(service)
  await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000))
  const share = (await cpuMsOf(service) - before) / (IDLE_SECONDS * 1000)
  t.ok(share <= MAX_IDLE_SHARE, `${(share * 100).toFixed(2)} % of a core at rest`)
}

async function pageOf ({ url }: ServiceProcess, path: string): Promise<{ runs: Array<{ id: string }> }> {
  return await (await request(url + path)).body.json() as { runs: Array<{ id: string }> }
}

async function residentMbOf ({ child }: ServiceProcess): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024)
}

/** Returns the CPU time of a process with all its threads; a tick is 10 ms. */
export async function cpuMsOf ({ child }: ServiceProcess): Promise<number> {
  const fields = (await readFile(`/proc/${child.pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}
